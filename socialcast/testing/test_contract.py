"""What every publisher promises, one numbered sentence each; docs/extending.md lists them.

Run it for one's own publisher: pytest --pyargs socialcast.testing.test_contract --publisher NAME
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from socialcast.broadcast import Broadcast
from socialcast.compose.preflight import check
from socialcast.delivery.steps import Steps
from socialcast.model.announcement import Announcement
from socialcast.model.errors import PublishError, TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Draft, Receipt, Report, State
from socialcast.model.reports import Adoption
from socialcast.publisher import Publisher
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.stage import SandboxStage, Sight, Stage, picture, sample, saying, shows_what_it_gets
from socialcast.wire.settings import Policy, is_secret
from socialcast.wire.transport import READS

_MOST_RUNS = 4  # how often a broadcast is run again until it settles


@pytest.fixture
def publisher(stage: Stage) -> type[Publisher]:
    """The publisher under test."""
    return publisher_class(stage.platform)


@pytest.fixture
def announcement(publisher: type[Publisher]) -> Announcement:
    """Something that this platform can carry."""
    if not shows_what_it_gets(publisher.capabilities):
        pytest.skip("a bare server publishes nothing: there is nothing to look at")
    return sample(publisher)


def test_01_table_is_complete_and_dated(publisher: type[Publisher]) -> None:
    """The capabilities name the page they were read from, the day, and a marker to find a lost write by."""
    table = publisher.capabilities
    assert table.documented
    assert table.checked.year >= 2026
    assert table.recovery.marker
    assert table.text or table.photos or table.video or table.live


def test_02_published_content_is_visible(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """After a publish the public sees it, and the outcome names its id and an address that opens."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        outcome = broadcast.publish(announcement)["contract"]
    assert outcome.state is State.PUBLISHED, outcome
    assert outcome.id
    assert stage.opens(outcome.url) if publisher_class(stage.platform).capabilities.permalink else not outcome.url, outcome.url
    assert any("observatory" in part for sight in stage.sights() for part in sight)


def test_03_alt_text_arrives(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """Every photo's alt text is on the platform, where those who do not see the photo meet it."""
    _publish(stage, announcement, tmp_path)
    seen = " ".join(part for sight in stage.sights() for part in sight)
    assert all(photo.alt in seen for photo in announcement.photos)


def test_04_same_key_twice_is_one_post(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """A second run sends nothing and gives the same receipt."""
    first = _publish(stage, announcement, tmp_path)
    before = stage.sights()
    second = _publish(stage, announcement, tmp_path)
    assert stage.sights() == before
    assert second["contract"].steps_sent == 0
    assert second["contract"] == msgspec.structs.replace(first["contract"], steps_sent=0)


def test_05_empty_machine_posts_nothing_twice(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """With the ledger lost, a run that recovers finds what is there instead of sending it again."""
    _publish(stage, announcement, tmp_path / "first")
    before = stage.sights()
    with stage.broadcast(tmp_path / "second" / "ledger") as broadcast:
        report = broadcast.publish(announcement, recover=True)
    assert stage.sights() == before
    assert report["contract"].state in (State.PUBLISHED, State.UNKNOWN), report


def test_06_prepare_leaves_nothing_public(stage: SandboxStage, announcement: Announcement, tmp_path: Path) -> None:
    """Until the commit the public sees nothing."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        embargoed = msgspec.structs.replace(announcement, embargo=stage.sandbox.clock.datetime() + timedelta(hours=1))
        report = broadcast.publish(embargoed)
        assert report["contract"].state is State.HELD, report
        assert report.exit_code == 75
        assert stage.sights() == []
        stage.sandbox.advance(3601)
        assert broadcast.publish(embargoed)["contract"].state is State.PUBLISHED
    assert stage.sights()


def test_07_lost_answers_double_nothing(platform: str, announcement: Announcement, tmp_path: Path) -> None:
    """Whichever write's answer is lost after its effect, the public sees what it sees without the loss."""
    wanted, writes = _clean_run(platform, announcement, tmp_path / "clean")
    for write in writes:
        with Sandbox() as sandbox:
            stage = SandboxStage(sandbox, platform)
            sandbox.fault(platform, "reset_after", **write)
            report = _settle(stage, announcement, tmp_path / _name(write))
            assert stage.sights() == wanted, f"{write} of {writes}: {report}"
            looks = publisher_class(platform).capabilities.recovery.looks
            fates = {State.PUBLISHED} if looks else {State.PUBLISHED, State.UNKNOWN}
            assert report["contract"].state in fates, f"{write} of {writes}: {report}"


def test_08_refusals_are_waited_out(platform: str, announcement: Announcement, tmp_path: Path) -> None:
    """A 429 with a hint is waited for, on every write, and changes nothing of what the public sees."""
    wanted, writes = _clean_run(platform, announcement, tmp_path / "clean")
    for write in writes:
        with Sandbox() as sandbox:
            stage = SandboxStage(sandbox, platform)
            sandbox.fault(platform, "refuse_429", **write, retry_after=30)
            started = sandbox.clock.now()
            report = _settle(stage, announcement, tmp_path / _name(write))
            assert stage.sights() == wanted, f"{write} of {writes}: {report}"
            # one that writes over several connections may need fewer of them, and never come to the last one's first call
            is_met = any(record.fault for record in sandbox.requests(platform))
            assert not is_met or sandbox.clock.now() - started >= 30


def test_09_unreadable_answers_are_not_success(platform: str, announcement: Announcement, tmp_path: Path) -> None:
    """A write answered with an HTML page or without an id is looked for, never believed and never blindly repeated."""
    wanted, writes = _clean_run(platform, announcement, tmp_path / "clean")
    for effect in ("html", "no_id", "truncated"):
        for write in writes:
            with Sandbox() as sandbox:
                stage = SandboxStage(sandbox, platform)
                sandbox.fault(platform, effect, **write)
                report = _settle(stage, announcement, tmp_path / effect / _name(write))
                assert stage.sights() == wanted, f"{effect} on {write} of {writes}: {report}"


def test_10_expired_credentials_are_told(stage: SandboxStage, announcement: Announcement, tmp_path: Path) -> None:
    """A token that does not work is refused before anything is sent, with a hint for the person."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        broadcast.plan(announcement)
        stage.sandbox.mirror(stage.platform).expire_credentials("contract")
        outcome = broadcast.publish(announcement)["contract"]
    assert outcome.state is State.REFUSED, outcome
    assert outcome.hint
    assert stage.sights() == []


def test_11_limits_hold_on_both_sides(stage: SandboxStage, publisher: type[Publisher], tmp_path: Path) -> None:
    """One more photo than allowed is refused by preflight, and by the mirror when it is sent all the same."""
    rules = publisher.capabilities.photos
    if rules is None or rules.max_count is None:
        pytest.skip("capabilities.photos.max_count is not limited")
    most = rules.max_count
    if most > 50:
        pytest.skip(f"capabilities.photos.max_count is {most}: too many to send in a test")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(sample(publisher, photos=most))
        assert not plan.is_stopped, plan.problems
        post = plan["contract"].post
        assert post is not None
        over = msgspec.structs.replace(post, photos=(*post.photos, picture(most)))
        codes = {problem.code for problem in check(over, publisher.capabilities, Policy.REFUSE)}
        assert "photos.too_many" in codes
        with pytest.raises(PublishError):
            _send(broadcast, over)
    assert stage.sights() == []


def test_12_overlong_text_is_refused_by_both(stage: SandboxStage, publisher: type[Publisher], tmp_path: Path) -> None:
    """A text past the limit is refused by preflight, and by the mirror when it is sent all the same."""
    rules = publisher.capabilities.text
    if rules is None or rules.max_length is None:
        pytest.skip("capabilities.text.max_length is not limited")
    longest = rules.max_length
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        post = broadcast.plan(sample(publisher, photos=0))["contract"].post
        assert post is not None
        at_limit = msgspec.structs.replace(post, parts=("a" * longest,))
        over = msgspec.structs.replace(post, parts=("b" * (longest + 1),))
        assert "text.too_long" not in {p.code for p in check(at_limit, publisher.capabilities, Policy.ADAPT)}
        assert "text.too_long" in {p.code for p in check(over, publisher.capabilities, Policy.ADAPT)}
        _send(broadcast, at_limit)
        before = stage.sights()
        assert len(before) == 1
        with pytest.raises(PublishError):
            _send(broadcast, over, key="over")
    assert stage.sights() == before


def test_13_alt_text_is_required(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """A photo without alt text stops the broadcast, unless it is said to be decorative."""
    if not announcement.photos:
        pytest.skip("capabilities.photos is not supported")
    silent = msgspec.structs.replace(announcement.photos[0], alt="")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        plan = broadcast.plan(msgspec.structs.replace(announcement, photos=(silent,)))
        assert "photos.alt_missing" in {problem.code for problem in plan.problems}
        decorative = msgspec.structs.replace(silent, decorative=True)
        plan = broadcast.plan(msgspec.structs.replace(announcement, photos=(decorative,)))
        assert "photos.alt_missing" not in {problem.code for problem in plan.problems}


def test_14_secrets_stay_secret(
    stage: SandboxStage, announcement: Announcement, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No credential is in a log line, a report, an error, a repr or the ledger, with every logger at DEBUG and an answer lost."""
    caplog.set_level(logging.DEBUG)
    secrets = _secrets(stage)
    stage.sandbox.fault(stage.platform, "reset_after", method="POST", nth=2)
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        report = broadcast.publish(announcement)
        said = [repr(report), repr(broadcast.plan(announcement)), *_texts_of(caplog)]
    said += [file.read_bytes().decode("latin-1") for file in tmp_path.rglob("*") if file.is_file()]
    leaks = {secret[:4] + "..." for secret in secrets for text in said if secret in text}
    assert not leaks


def test_15_draft_and_receipt_survive_json(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """What a publisher hands back is plain data: it goes through JSON unchanged."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        report = broadcast.publish(announcement)
        row = broadcast.ledger.deliveries(report.key)["contract"]
    draft = msgspec.convert(row.draft, Draft)
    assert msgspec.json.decode(msgspec.json.encode(draft), type=Draft) == draft
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_16_retract_removes_or_says_it_cannot(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """What was published can be taken back, but for what it says it has to leave; where the platform forbids it, the error says
    so and names the address."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        outcome = broadcast.publish(announcement)["contract"]
        receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
        publisher, steps = broadcast.open("contract", announcement.resolved_key)
        try:
            left = publisher.retract(receipt, steps) or ()
        except TerminalError as error:
            assert "http" in str(error) or not publisher.capabilities.permalink  # noqa: PT017 - either way of keeping the promise is asserted
        else:
            assert [sight[0] for sight in stage.sights() if sight[0] != "page"] == [one.item.kind for one in left]


def test_17_two_channels_of_one_account_are_refused(stage: SandboxStage, announcement: Announcement, tmp_path: Path) -> None:
    """Two channels that publish as one account are stopped before anything appears twice."""
    channels = [stage.channel("contract"), stage.channel("second")]
    first = stage.sandbox.account(stage.platform, "contract", **_wishes(stage))
    stage.sandbox.mirror(stage.platform).accounts["second"] = first
    with Broadcast(channels, ledger=tmp_path / "ledger", sandbox=stage.sandbox) as broadcast:
        report = broadcast.publish(announcement)
    assert report.exit_code == 1
    assert report["second"].state is State.REFUSED
    assert stage.sights() == []


def test_18_an_audit_of_what_nobody_changed_finds_nothing(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """What is read back right after it was published is what was announced, in every aspect that the capabilities name."""
    if not publisher_class(stage.platform).capabilities.inspects:
        pytest.skip("capabilities.inspects is empty: nothing is read back")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        key = broadcast.publish(announcement).key
        told = broadcast.audit(key)["contract"]
    assert not told.failed, told
    assert told.findings == ()


def test_19_what_was_taken_back_is_seen_to_be_gone(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """Nothing that was taken back is told to be there when it is read back."""
    table = publisher_class(stage.platform).capabilities
    if not (table.inspects and table.retract):
        pytest.skip("capabilities.inspects is empty, or capabilities.retract is not offered")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        outcome = broadcast.publish(announcement)["contract"]
        left = {each.item.id for each in broadcast.retract(announcement.resolved_key)["contract"].left}
        publisher, steps = broadcast.open("contract", announcement.resolved_key)
        receipt = Receipt(id=outcome.id, url=outcome.url, published_at=outcome.published_at, items=outcome.items)
        seen = steps.read(lambda: publisher.inspect(receipt)).items
    assert {each.item.id for each in seen if not each.gone} <= left


def test_20_what_is_not_offered_is_said(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """A method that the capabilities do not name says that it is not offered, and sends nothing."""
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        outcome = broadcast.publish(announcement)["contract"]
        publisher, steps = broadcast.open("contract", announcement.resolved_key)
        receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
        for name, call in _not_offered(publisher, receipt, steps).items():
            with pytest.raises(TerminalError) as refused:
                call()
            assert refused.value.code == "not_offered", name


def test_21_numbers_have_a_definition(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """Every number that is measured is one that the capabilities define, and belongs to something that was published."""
    defined = {rule.name for rule in publisher_class(stage.platform).capabilities.metrics}
    if not defined:
        pytest.skip("capabilities.metrics is empty")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        outcome = broadcast.publish(announcement)["contract"]
        publisher, steps = broadcast.open("contract", announcement.resolved_key)
        receipt = Receipt(id=outcome.id, url=outcome.url, items=outcome.items)
        numbers = steps.read(lambda: publisher.measure(receipt))
    assert {number.name for number in numbers} <= defined
    assert {number.item_id for number in numbers} <= {"", outcome.id, *(item.id for item in outcome.items)}


def test_22_replies_are_read_once(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """Where nobody has said anything there is nothing, and a cursor goes on from there another day."""
    if publisher_class(stage.platform).capabilities.replies is None:
        pytest.skip("capabilities.replies is not offered")
    with stage.broadcast(tmp_path / "ledger") as broadcast:
        key = broadcast.publish(announcement).key
        dialogue = broadcast.dialogue(key)
        for _ in "ab":
            told = dialogue.read()["contract"]
            assert not told.failed, told
            assert told.new == 0
        assert list(dialogue) == []


def test_23_a_lost_ledger_is_rebuilt_by_looking(stage: Stage, announcement: Announcement, tmp_path: Path) -> None:
    """With the ledger lost, an audit that adopts finds the same items and sends nothing, or says that it cannot tell."""
    first = _publish(stage, announcement, tmp_path / "first")["contract"]
    before = stage.sights()
    with stage.broadcast(tmp_path / "second") as broadcast:
        told = broadcast.adopt(announcement)["contract"]
        assert stage.sights() == before
        looks = publisher_class(stage.platform).capabilities.recovery.looks
        assert told.adoption is (Adoption.FOUND if looks else Adoption.UNCLEAR), told
        if looks:
            known = broadcast.status(announcement.resolved_key)["contract"]
            places = [{(item.id, item.url) for item in outcome.items} for outcome in (known, first)]
            assert (known.id, known.url, places[0]) == (first.id, first.url, places[1])
            assert broadcast.publish(announcement)["contract"].steps_sent == 0


def _publish(stage: Stage, announcement: Announcement, folder: Path) -> Report:
    with stage.broadcast(folder / "ledger") as broadcast:
        report = broadcast.publish(announcement)
    assert report.exit_code == 0, report
    return report


def _settle(stage: Stage, announcement: Announcement, folder: Path) -> Report:
    """Run it again, each time as a new process would, until nothing is left to do."""
    for _ in range(_MOST_RUNS):
        with stage.broadcast(folder / "ledger") as broadcast:
            report = broadcast.publish(announcement)
        if report.exit_code == 0:
            break
    return report


def _clean_run(platform: str, announcement: Announcement, folder: Path) -> tuple[list[Sight], list[dict[str, Any]]]:
    """What the public sees after a run without faults, and which writes that took, each as a fault names it."""
    with Sandbox() as sandbox:
        stage = SandboxStage(sandbox, platform)
        _publish(stage, announcement, folder)
        seen = stage.sights()
        methods = [record.method for record in sandbox.requests(platform) if record.method not in READS]
    if not methods:
        pytest.skip("it sends nothing over the wire: no answer can go wrong")
    writes = [{"method": method, "nth": methods[: index + 1].count(method)} for index, method in enumerate(methods)]
    return seen, writes


def _not_offered(publisher: Publisher, receipt: Receipt, steps: Steps) -> dict[str, Callable[[], object]]:
    """The calls that the capabilities do not name."""
    table, post = publisher.capabilities, saying("More.")
    calls: dict[str, tuple[object, Callable[[], object]]] = {
        "edits": (table.edits, lambda: publisher.amend(receipt, post, steps, name="amend")),
        "answer": (table.answer, lambda: publisher.answer(receipt, "More.", steps, name="answer")),
        "continues": (table.continues, lambda: publisher.append(receipt, post, steps, name="append")),
        "inspects": (table.inspects, lambda: publisher.inspect(receipt)),
        "replies": (table.replies, lambda: publisher.replies(receipt)),
        "metrics": (table.metrics, lambda: publisher.measure(receipt)),
    }
    return {name: call for name, (is_offered, call) in calls.items() if not is_offered}


def _name(write: dict[str, Any]) -> str:
    return "{method}-{nth}".format(**write)


def _send(broadcast: Broadcast, post: Post, key: str = "forced") -> None:
    """Send a post past preflight, as a caller of the publisher itself would."""
    publisher, steps = broadcast.open("contract", key)
    publisher.commit(post, publisher.prepare(post, steps), steps)


def _wishes(stage: SandboxStage) -> dict[str, str]:
    settings = stage.channel().settings
    return publisher_class(stage.platform).sandbox_wishes(settings)


def _secrets(stage: SandboxStage) -> set[str]:
    """The credentials that the publisher's settings call secret; the number of a page or the name of a user is none."""
    fields = {field.name for field in msgspec.structs.fields(publisher_class(stage.platform).Settings) if is_secret(field.type)}
    credentials = stage.sandbox.account(stage.platform, "contract", **_wishes(stage)).credentials
    return {value for name, value in credentials.items() if name in fields and len(value) > len("***")}


def _texts_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]
