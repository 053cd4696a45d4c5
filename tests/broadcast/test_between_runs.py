"""What people change between two runs: a channel's name, its account, the channels file, the ledger itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, ConfigurationError, LedgerError, Outcome, State
from socialcast.model.problems import Severity
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import SandboxStage
from socialcast.wire.settings import Policy

Make = Callable[..., Broadcast]
HELLO = Announcement(key="hello", text="Doors open at nine.")


def posts(sandbox: Sandbox) -> int:
    return len(sandbox.mirror("plaza").cards())


def test_a_renamed_channel_publishes_nothing_twice(make: Make, sandbox: Sandbox) -> None:
    """The same account under another channel's name is refused, with the name that it had."""
    make("a").publish(HELLO)
    mirror = sandbox.mirror("plaza")
    mirror.accounts["renamed"] = mirror.accounts["a"]
    outcome = make("renamed").publish(HELLO)["renamed"]
    assert (outcome.state, posts(sandbox)) == (State.REFUSED, 1)
    assert "'a'" in outcome.reason


@pytest.mark.parametrize("platform", ["email", "facebook", "matrix", "mediawiki"])
def test_a_renamed_room_list_or_page_publishes_nothing_twice(platform: str, sandbox: Sandbox, tmp_path: Path) -> None:
    """Where one account has several places, a new name for one of them is refused as well."""
    stage = SandboxStage(sandbox, platform)
    mirror = sandbox.mirror(platform)

    def publish(name: str) -> Outcome:
        clock = SandboxClock(sandbox)
        with Broadcast([stage.channel(name)], ledger=tmp_path / "ledger", sandbox=sandbox, clock=clock) as broadcast:
            return broadcast.publish(Announcement(key="hello", title="Doors", text="Doors open at nine."))[name]

    assert publish("a").state is State.PUBLISHED
    seen = stage.sights()
    mirror.accounts["renamed"] = mirror.accounts["a"]
    outcome = publish("renamed")
    assert (outcome.state, stage.sights()) == (State.REFUSED, seen)
    assert "by the channel 'a'" in outcome.reason


def test_the_same_under_another_key_is_warned_of(make: Make) -> None:
    """The plan of a file that was renamed names the key under which all of it is there; a key that goes on is as it should be."""
    again = msgspec.structs.replace(HELLO, key="hello-final")
    assert make("a").plan(again).general == ()
    make("a").publish(HELLO)
    for problems in (make("a").plan(again).general, make("a").publish(again).problems):
        assert [(problem.code, problem.severity) for problem in problems] == [("key.same_content", Severity.WARNING)]
        assert "'hello'" in problems[0].message
    assert make("a").publish(again).problems == ()


def test_of_two_names_for_one_account_the_one_that_stays_goes_on(make: Make, sandbox: Sandbox) -> None:
    """After the second name was refused and removed, the first one is not taken for a new name of the second."""
    make("a").examine()
    mirror = sandbox.mirror("plaza")
    mirror.accounts["b"] = mirror.accounts["a"]
    assert make("a", "b").publish(HELLO)["b"].state is State.REFUSED
    assert make("a").publish(HELLO)["a"].state is State.PUBLISHED


def test_a_name_under_which_nothing_was_sent_may_change(make: Make, sandbox: Sandbox) -> None:
    """What cannot be there cannot come twice."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    make("a").publish(HELLO)
    sandbox.clear_faults()
    mirror = sandbox.mirror("plaza")
    mirror.accounts["renamed"] = mirror.accounts["a"]
    assert make("renamed").publish(HELLO)["renamed"].state is State.PUBLISHED
    assert (make("a").publish(HELLO)["a"].state, posts(sandbox)) == (State.REFUSED, 1)


def test_a_channel_that_is_named_back_goes_on(make: Make, sandbox: Sandbox) -> None:
    """The refusal of the new name is mended by doing what it says."""
    sandbox.fault("plaza", "status_before", handler="add_post", count=50)
    sandbox.fault("plaza", "status_before", handler="find_posts", count=50)
    assert make("a").publish(HELLO)["a"].state is State.UNKNOWN
    sandbox.clear_faults()
    mirror = sandbox.mirror("plaza")
    mirror.accounts["renamed"] = mirror.accounts["a"]
    assert make("renamed").publish(HELLO)["renamed"].state is State.REFUSED
    assert make("a").publish(HELLO)["a"].state is State.PUBLISHED


def test_another_account_under_the_same_name_is_refused(make: Make, sandbox: Sandbox) -> None:
    """A delivery that was begun as one account does not go on as another, which would not find what is there."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    assert make("a").publish(HELLO)["a"].state is State.HELD
    sandbox.clear_faults()
    mirror = sandbox.mirror("plaza")
    sandbox.account("plaza", "other")
    mirror.accounts["a"] = mirror.accounts["other"]
    outcome = make("a").publish(HELLO)["a"]
    assert (outcome.state, posts(sandbox)) == (State.REFUSED, 0)
    assert "begun as a" in outcome.reason


def test_another_platform_under_the_same_name_is_refused(make: Make, sandbox: Sandbox) -> None:
    """What was published as Plaza's is not taken for done on Bluesky, and Bluesky is not asked for it."""
    make("a").publish(HELLO)
    moved = make(Channel(name="a", platform="bluesky", policy=Policy.ADAPT))
    for work in (
        lambda: moved.publish(HELLO),
        lambda: moved.plan(HELLO),
        lambda: moved.audit("hello"),
        lambda: moved.retract("hello"),
    ):
        with pytest.raises(ConfigurationError, match="'a' has 'hello' on plaza, and its platform is bluesky now: give it back"):
            work()
    assert sandbox.requests("bluesky") == []
    assert moved.status("hello")["a"].state is State.PUBLISHED


def test_a_platform_on_which_nothing_was_sent_may_change(make: Make, sandbox: Sandbox) -> None:
    """A slip in the channels file is mended by mending it, and the ledger tells the platform from then on."""
    sandbox.fault("plaza", "status_before", count=50)
    assert make("a").publish(HELLO)["a"].state is State.HELD
    moved = make(Channel(name="a", platform="bluesky", policy=Policy.ADAPT))
    assert moved.publish(HELLO)["a"].state is State.PUBLISHED
    assert moved.audit("hello").exit_code == 0


def test_a_channel_that_was_removed_is_not_forgotten(make: Make) -> None:
    """The status still tells what a channel did that the file has no more."""
    make("a", "b").publish(HELLO)
    report = make("b").status("hello")
    assert {outcome.channel: outcome.state for outcome in report.outcomes} == {"a": State.PUBLISHED, "b": State.PUBLISHED}


EDITS = {
    "the state of a call": "UPDATE steps SET state = 'sent' WHERE name LIKE 'post/%'",
    "the result of a call": "UPDATE steps SET state = 'done' WHERE name LIKE 'post/%'",
    "the outcome": "UPDATE deliveries SET outcome = CAST('{' AS BLOB)",
    "the state of a channel": "UPDATE deliveries SET state = 'publishd'",
    "the announcement": "UPDATE announcements SET document = CAST('{' AS BLOB)",
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_ledger_that_a_person_edited_is_refused(make: Make, sandbox: Sandbox, edit: str) -> None:
    """Nothing is sent on the word of a row that makes no sense; the row is named, and what to do."""
    sandbox.fault("plaza", "reset_after", handler="add_post")
    sandbox.fault("plaza", "status_before", handler="find_posts", count=50)
    broadcast = make("a")
    assert broadcast.publish(HELLO)["a"].state is State.UNKNOWN
    broadcast.ledger.write(EDITS[edit])
    sandbox.clear_faults()
    before = sandbox.requests()
    for run in (lambda: make("a").publish(HELLO), lambda: make("a").resume("hello"), lambda: make("a").status("hello")):
        with pytest.raises(LedgerError, match=r"hello.*; restore it from a copy.*, or run with an empty one and --recover"):
            run()
    assert (sandbox.requests(), posts(sandbox)) == (before, 1)


def test_a_ledger_without_a_table_is_refused(make: Make, sandbox: Sandbox) -> None:
    """A file of ours of which a part is missing says so before anything is sent."""
    broadcast = make("a")
    broadcast.ledger.write("DROP TABLE steps")
    with pytest.raises(LedgerError, match="its tables were changed; restore it"):
        broadcast.publish(HELLO)
    assert posts(sandbox) == 0
