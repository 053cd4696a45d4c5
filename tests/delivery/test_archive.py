"""A ledger goes to another machine whole, and a damaged or edited one is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcast import Announcement, LedgerError
from socialcast.delivery.archive import export_ledger, import_ledger, verify_ledger
from socialcast.delivery.ledger import Delivery, Ledger, Step
from socialcast.model.receipt import Draft, Item, Outcome, State

Open = Callable[[str], Ledger]


@pytest.fixture
def open_ledger(tmp_path: Path) -> Iterator[Open]:
    opened: list[Ledger] = []

    def new(name: str) -> Ledger:
        opened.append(Ledger(tmp_path / name))
        return opened[-1]

    yield new
    for ledger in opened:
        ledger.close()


def fill(ledger: Ledger, key: str = "opening", *, state: str = "done", text: str = "The doors open.") -> None:
    """One announcement on one channel: published when its step is done, unknown when not."""
    announcement = Announcement(key=key, text=text)
    ledger.remember(key, announcement.digest, announcement.to_json(), 1.0)
    result = {"id": "7"} if state == "done" else None
    ledger.record_step(key, "news", Step("post/1", state, result, 2.0))
    known = State.PUBLISHED if state == "done" else State.UNKNOWN
    outcome = Outcome(channel="news", platform="x", state=known, id="7" if result else "")
    draft = Draft(items=(Item(id="3", kind="photo"),))
    ledger.save_delivery(key, Delivery("news", "x", known.value, outcome, draft), 3.0)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8).filter(str.isprintable), st.sampled_from(["done", "intent", "refused"])),
        max_size=4,
    )
)
def test_an_export_taken_in_elsewhere_is_the_same_ledger(filled: list[tuple[str, str]]) -> None:
    """Export, import into an empty ledger, export: the same bytes, however often it is taken in."""
    one, other = Ledger(":memory:"), Ledger(":memory:")
    for key, state in filled:
        fill(one, key, state=state)
    document = export_ledger(one)
    for _ in "ab":
        import_ledger(other, document)
    assert export_ledger(other) == document
    assert not verify_ledger(other)
    one.close()
    other.close()


def test_what_is_done_on_either_machine_is_done_on_both(open_ledger: Open) -> None:
    """Taking in an older record undoes nothing; taking in a newer one brings what was done."""
    ahead, behind = open_ledger("ahead"), open_ledger("behind")
    fill(ahead)
    fill(behind, state="intent")
    import_ledger(ahead, export_ledger(behind))
    assert (ahead.steps("opening", "news")["post/1"].state, ahead.deliveries("opening")["news"].state) == ("done", "published")
    import_ledger(behind, export_ledger(ahead))
    assert export_ledger(behind) == export_ledger(ahead)


@pytest.mark.parametrize(
    ("here", "there", "state"),
    [
        (("refused", 120.0), ("intent", 100.0), "intent"),
        (("intent", 100.0), ("refused", 120.0), "intent"),
        (("intent", 100.0), ("refused", 100.0), "refused"),
        (("refused", 100.0), ("intent", 100.0), "refused"),
        (("intent", 100.0), ("intent", 120.0), "intent"),
        (("refused", 100.0), ("refused", 120.0), "refused"),
    ],
)
def test_what_one_machine_began_is_in_doubt_on_both(
    open_ledger: Open, here: tuple[str, float], there: tuple[str, float], state: str
) -> None:
    """Whatever another call of another machine came to: only the end of the very same call ends the doubt."""
    one, other = open_ledger("one"), open_ledger("other")
    for ledger, (known, sent_at) in ((one, here), (other, there)):
        fill(ledger, state=known)
        ledger.record_step("opening", "news", Step("post/1", known, None, sent_at))
    import_ledger(one, export_ledger(other))
    assert one.steps("opening", "news")["post/1"].state == state


def test_an_export_is_of_one_moment(open_ledger: Open) -> None:
    """What others write while it is made is in it whole or not at all, so that it can be taken in."""
    ledger, busy, keys = open_ledger("shared"), open_ledger("shared"), iter(["second", "third", "fourth"])
    fill(ledger, "first")

    def write_another(statement: str) -> None:
        if "FROM deliveries" in statement or "FROM steps" in statement:
            fill(busy, next(keys))

    ledger._connection().set_trace_callback(write_another)
    document = export_ledger(ledger)
    ledger._connection().set_trace_callback(None)
    elsewhere = open_ledger("elsewhere")
    assert import_ledger(elsewhere, document) == 1
    assert elsewhere.keys() == ["first"]
    assert len(ledger.keys()) == 3


def test_only_what_was_asked_for_is_exported(open_ledger: Open) -> None:
    """An export by key holds nothing of other announcements."""
    ledger = open_ledger("one")
    fill(ledger, "a")
    fill(ledger, "b")
    assert b'"b"' not in export_ledger(ledger, ["a"])


def test_a_key_with_other_content_is_refused_whole(open_ledger: Open) -> None:
    """Nothing of an export is taken in where one of its keys means something else here."""
    here, there = open_ledger("here"), open_ledger("there")
    fill(here)
    fill(there, "another")
    fill(there, text="The doors stay shut.")
    before = export_ledger(here)
    with pytest.raises(LedgerError, match="'opening' means other content"):
        import_ledger(here, export_ledger(there))
    assert export_ledger(here) == before


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", b"no JSON", b'{"socialcast_ledger":1}'])
def test_what_is_no_export_is_told(open_ledger: Open, document: bytes) -> None:
    """Any other file is refused in words, without a change."""
    with pytest.raises(LedgerError, match="no exported ledger"):
        import_ledger(open_ledger("here"), document)


def test_an_export_of_a_newer_format_is_told(open_ledger: Open) -> None:
    """A document of tomorrow is not half understood."""
    document = export_ledger(open_ledger("here")).replace(b'"socialcast_ledger": 2', b'"socialcast_ledger": 3')
    with pytest.raises(LedgerError, match="format 3"):
        import_ledger(open_ledger("there"), document)


EDITS = {
    "state": ("UPDATE deliveries SET state = 'publishd'", "unknown state 'publishd'"),
    "outcome": ("UPDATE deliveries SET outcome = CAST('{' AS BLOB)", "outcome of opening on news cannot be read"),
    "missing outcome": ("UPDATE deliveries SET outcome = NULL", "published, but its outcome is missing"),
    "draft": ("UPDATE deliveries SET draft = CAST('[]' AS BLOB)", "draft of opening on news cannot be read"),
    "step": ("UPDATE steps SET state = 'sent'", "unknown state 'sent'"),
    "result": ("UPDATE steps SET result = NULL", "done, but has no result"),
    "document": ("UPDATE announcements SET document = CAST('{}x' AS BLOB)", "announcement opening cannot be read"),
    "time": ("UPDATE steps SET sent_at = 1e20", "1e+20 is no time, in sent_at of steps of opening"),
    "endless time": ("UPDATE announcements SET created_at = 9e999", "inf is no time"),
    "announcement": ("DELETE FROM announcements", "belongs to no announcement"),
}


def edit_by_hand(ledger: Ledger, statement: str) -> None:
    """Change a ledger with the guards removed that would keep a person from it."""
    for (name,) in ledger.rows("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        ledger.write(f"DROP TRIGGER {name}")
    ledger.write(statement)


@pytest.mark.parametrize(
    "statement", ["DELETE FROM steps", "UPDATE steps SET state = 'refused' WHERE state = 'done'", "DELETE FROM announcements"]
)
def test_what_was_sent_is_not_forgotten_by_hand(open_ledger: Open, statement: str) -> None:
    """Whatever program opens the file is told to use `socialcast resolve` instead, and nothing changes."""
    ledger = open_ledger("guarded")
    fill(ledger)
    before = export_ledger(ledger)
    with sqlite3.connect(ledger.path) as other, pytest.raises(sqlite3.IntegrityError, match="socialcast resolve"):
        other.execute(statement)
    other.close()
    assert export_ledger(ledger) == before


@pytest.mark.parametrize(("said", "edited"), [(b'"published"', b'"publisht"'), (b'"done"', b'"sent"')])
def test_an_edited_export_is_not_taken_in(open_ledger: Open, said: bytes, edited: bytes) -> None:
    """What makes no sense is named, and nothing of it arrives."""
    here, there = open_ledger("here"), open_ledger("there")
    fill(here)
    with pytest.raises(LedgerError, match="edited, and nothing was imported"):
        import_ledger(there, export_ledger(here).replace(said, edited))
    assert there.keys() == []


@pytest.mark.parametrize("edit", EDITS)
def test_what_a_person_edited_wrongly_is_found(open_ledger: Open, edit: str) -> None:
    """Each edit that makes no sense is named with its place."""
    ledger = open_ledger("edited")
    fill(ledger)
    assert verify_ledger(ledger) == []
    statement, words = EDITS[edit]
    edit_by_hand(ledger, statement)
    assert any(words in finding for finding in verify_ledger(ledger)), verify_ledger(ledger)


def test_a_retraction_wins_over_what_another_machine_knows(open_ledger: Open) -> None:
    """A ledger from before does not bring back what was taken back, and one from after does take it back here."""
    before, after = open_ledger("before"), open_ledger("after")
    for ledger in (before, after):
        fill(ledger)
    row = after.deliveries("opening")["news"]
    outcome = msgspec.structs.replace(msgspec.convert(row.outcome, Outcome), state=State.RETRACTED)
    after.save_delivery("opening", row._replace(outcome=outcome, state="retracted"), 2.0)
    for one, other in ((after, before), (before, after)):
        import_ledger(one, export_ledger(other))
    assert [ledger.deliveries("opening")["news"].state for ledger in (before, after)] == ["retracted"] * 2
