"""A mistake is mended on every channel, once, by the gentlest means; and nothing is sent where that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from socialcast import Announcement, Broadcast, Channel, State
from socialcast.delivery.archive import export_ledger, import_ledger, verify_ledger
from socialcast.delivery.ledger import Ledger
from socialcast.delivery.revisions import former_revisions
from socialcast.model.announcement import Audience
from socialcast.model.errors import ConfigurationError
from socialcast.model.reports import Means
from socialcast.publishers.x import XPublisher
from socialcast.registry import publisher_class
from socialcast.sandbox import Sandbox
from socialcast.testing.clock import SandboxClock
from socialcast.testing.stage import picture
from socialcast.wire.settings import Correction, Policy

Make = Callable[..., Broadcast]
WRONG = Announcement(key="doors", title="Doors", text="The doors open at nine.", photos=[picture(1), picture(2)])
RIGHT = msgspec.structs.replace(WRONG, text="The doors open at ten.")


def news(**wishes: Any) -> Channel:
    return Channel(name="news", platform="x", policy=Policy.ADAPT, **wishes)


PAGE = Channel(name="page", platform="facebook", policy=Policy.ADAPT)


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Iterator[Make]:
    made: list[Broadcast] = []

    def new(*channels: Channel, ledger: str = "ledger") -> Broadcast:
        clock = SandboxClock(sandbox)
        made.append(Broadcast(channels, ledger=tmp_path / ledger, sandbox=sandbox, clock=clock))
        return made[-1]

    yield new
    for broadcast in made:
        broadcast.close()


def published(make: Make, *channels: Channel, what: Announcement = WRONG) -> Broadcast:
    broadcast = make(*channels)
    broadcast.publish(what).raise_for_failures()
    return broadcast


def texts(sandbox: Sandbox, platform: str) -> list[str]:
    return [card.text for card in sandbox.mirror(platform).cards()]


def writes(sandbox: Sandbox) -> int:
    return sum(record.method != "GET" for record in sandbox.requests())


def test_a_post_is_edited_where_the_platform_lets_it(make: Make, sandbox: Sandbox) -> None:
    """It says the new at its old address; a second run changes nothing, and publishing the new file neither."""
    broadcast = published(make, PAGE)
    before = broadcast.status("doors")["page"]
    report = broadcast.correct(RIGHT)
    assert (report.exit_code, report.revision, report["page"].means, report["page"].url) == (0, 1, Means.EDIT, before.url)
    assert texts(sandbox, "facebook") == [RIGHT.text]
    sent = writes(sandbox)
    assert make(PAGE).correct(RIGHT)["page"].means is Means.NOTHING
    assert make(PAGE).publish(RIGHT).exit_code == 0
    assert writes(sandbox) == sent


def test_a_reply_says_so_where_it_is_wished(make: Make, sandbox: Sandbox) -> None:
    """The post stays, and below it stands what is right, once; the reply is taken back with the post."""
    channel = news(correction=Correction.REPLY)
    broadcast = published(make, channel)
    outcome = broadcast.correct(RIGHT, note="at ten, not at nine")["news"]
    assert outcome.means is Means.REPLY
    make(channel).correct(RIGHT, note="at ten, not at nine")
    assert sorted(texts(sandbox, "x")) == ["Correction: at ten, not at nine", WRONG.text]
    broadcast.retract("doors")
    assert texts(sandbox, "x") == []


def test_a_post_is_published_anew_where_it_is_wished(make: Make, sandbox: Sandbox) -> None:
    """The old one is gone, the new one is there once with its photos, at another address, for later commands as well."""
    channel = news(correction=Correction.REPLACE)
    broadcast = published(make, channel)
    before = broadcast.status("doors")["news"].url
    outcome = broadcast.correct(RIGHT)["news"]
    assert (outcome.means, outcome.former_url) == (Means.REPLACE, before)
    assert texts(sandbox, "x") == [RIGHT.text]
    assert len(sandbox.mirror("x").cards()[0].pictures) == 2
    assert broadcast.status("doors")["news"].url == outcome.url != before
    sent = writes(sandbox)
    assert make(channel).publish(RIGHT).exit_code == 0
    assert make(channel).correct(RIGHT)["news"].means is Means.NOTHING
    assert writes(sandbox) == sent
    again = msgspec.structs.replace(RIGHT, text="The doors open at eleven.")
    assert make(channel).correct(again).revision == 2
    assert texts(sandbox, "x") == [again.text]


@pytest.mark.parametrize("stopped_in", ["prepare", "commit"])
def test_a_replacement_that_was_cut_short_goes_on(make: Make, sandbox: Sandbox, stopped_in: str) -> None:
    """Whatever stopped it after the post was taken back: the same command, or resume, brings the new one, once."""
    channel = news(correction=Correction.REPLACE)
    broadcast = published(make, channel)
    with mock.patch.object(XPublisher, stopped_in, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        broadcast.correct(RIGHT)
    assert texts(sandbox, "x") == []
    assert make(channel).correct(RIGHT).exit_code == 0
    assert make(channel).resume("doors").exit_code == 0
    assert texts(sandbox, "x") == [RIGHT.text]


def test_feeds_follow_a_host_that_was_published_anew(make: Make, sandbox: Sandbox) -> None:
    """A thread that led to the old album leads to the new one."""
    many = msgspec.structs.replace(WRONG, photos=tuple(picture(number) for number in range(6)))
    album = Channel(name="album", platform="flickr", correction=Correction.REPLACE)
    broadcast = published(make, album, news(correction=Correction.REPLACE), what=many)
    old = broadcast.status("doors")["album"].url
    report = broadcast.correct(msgspec.structs.replace(many, photos=many.photos[:5]))
    assert report.exit_code == 0
    new = broadcast.ledger.deliveries("doors")["album"].draft["links"]["album"]
    (post,) = texts(sandbox, "x")
    assert new in post
    assert old != report["album"].url
    assert sorted(card.kind for card in sandbox.mirror("flickr").cards()) == ["album", *["photo"] * 5]


def test_what_was_taken_back_for_good_is_not_corrected(make: Make, sandbox: Sandbox) -> None:
    """Neither published anew nor told as failed, also where it was published anew before; with nothing left, that is said."""
    broadcast = published(make, PAGE, news(correction=Correction.REPLACE))
    broadcast.correct(RIGHT)
    make(news()).retract("doors")
    report = broadcast.correct(RIGHT)
    assert (report.exit_code, [outcome.channel for outcome in report.outcomes]) == (0, ["page"])
    broadcast.retract("doors")
    with pytest.raises(ConfigurationError, match="was taken back"):
        broadcast.correct(WRONG)
    assert (texts(sandbox, "x"), texts(sandbox, "facebook")) == ([], [])


def test_a_reply_leads_to_a_host_that_was_published_anew(make: Make, sandbox: Sandbox) -> None:
    """The thread above it leads to the old one still, which is gone; an audit takes that for what was announced there, also when
    the host moved twice."""
    many = msgspec.structs.replace(WRONG, text="Doors open at nine. " * 20, photos=tuple(picture(number) for number in range(7)))
    album = Channel(name="album", platform="flickr", correction=Correction.REPLACE)
    broadcast = published(make, album, news(correction=Correction.REPLY), what=many)
    for left in (6, 5):
        assert broadcast.correct(msgspec.structs.replace(many, photos=many.photos[:left]))["news"].means is Means.REPLY
        new = broadcast.ledger.deliveries("doors")["album"].draft["links"]["album"]
        assert f"Correction: Doors\n{new}" in texts(sandbox, "x")
        assert broadcast.audit("doors")["news"].findings == ()


def test_what_cannot_be_corrected_stops_everything(make: Make, sandbox: Sandbox) -> None:
    """Of a required channel without a wish nothing is sent anywhere, and what to set is said; an optional one stays behind."""
    broadcast = published(make, PAGE, news())
    sent = writes(sandbox)
    report = broadcast.correct(RIGHT)
    assert report.exit_code == 1
    assert 'correction = "reply" or correction = "replace" in [channels.news]' in report["news"].hint
    assert "nothing was sent" in report["page"].reason
    assert writes(sandbox) == sent
    assert make(PAGE, news(required=False)).correct(RIGHT).exit_code == 3
    assert texts(sandbox, "facebook") == [RIGHT.text]
    assert texts(sandbox, "x") == [WRONG.text]
    assert make(PAGE, news(correction=Correction.REPLY)).correct(RIGHT).exit_code == 0
    assert len(texts(sandbox, "x")) == 2


def test_the_plan_tells_and_sends_nothing(make: Make, sandbox: Sandbox) -> None:
    """Means and changes of every channel, before anything is sent or recorded."""
    broadcast = published(make, PAGE, news(correction=Correction.REPLY))
    sent, without = writes(sandbox), msgspec.structs.replace(RIGHT, photos=WRONG.photos[:1])
    report = broadcast.plan_correction(without)
    assert [(o.means, o.changes) for o in report.outcomes] == [
        (Means.NONE, ("text", "media", "alt text")),
        (Means.REPLY, ("text", "media", "alt text")),
    ]
    assert "media and alt text of a post on facebook cannot be changed" in report["page"].reason
    assert writes(sandbox) == sent
    assert former_revisions(broadcast.ledger, "doors") == []


def test_a_reply_that_is_too_long_is_told_beforehand(make: Make) -> None:
    """No correction is cut; a note in fewer words is asked for."""
    report = published(make, news(correction=Correction.REPLY)).plan_correction(RIGHT, note="word " * 100)
    assert report["news"].means is Means.NONE
    assert "--note" in report["news"].hint


def test_what_was_never_published_cannot_be_corrected(make: Make) -> None:
    """The key is unknown, and it says so."""
    with pytest.raises(ConfigurationError, match="doors"):
        make(PAGE).correct(RIGHT)


def test_what_is_held_is_finished_first(make: Make, sandbox: Sandbox) -> None:
    """Between two contents nothing is corrected: half of the old would be published with half of the new."""
    later = msgspec.structs.replace(WRONG, embargo=sandbox.clock.datetime().replace(year=2031))
    broadcast = make(news())
    assert broadcast.publish(later)["news"].state is State.HELD
    with pytest.raises(ConfigurationError, match="held on news"):
        broadcast.correct(msgspec.structs.replace(RIGHT, embargo=later.embargo))


def test_the_press_is_told_before_the_public(make: Make, sandbox: Sandbox) -> None:
    """Who may have written of it already hears of the mistake before the readers do, whatever the order of the channels."""
    settings = {**publisher_class("matrix").sandbox_settings}
    room = Channel(name="room", platform="matrix", audience=Audience.PRESS, policy=Policy.ADAPT, settings=settings)
    broadcast = published(make, PAGE, room)
    before = len(sandbox.requests())
    broadcast.correct(RIGHT)
    writing = [record.platform for record in sandbox.requests()[before:] if record.method != "GET"]
    assert list(dict.fromkeys(writing)) == ["matrix", "facebook"]
    assert writing == sorted(writing, reverse=True)


def test_somebody_elses_post_is_not_touched(make: Make, sandbox: Sandbox) -> None:
    """A channel whose credentials became those of another account changes nothing, and says who is who."""
    published(make, PAGE)
    accounts = sandbox.mirror("facebook").accounts
    other = sandbox.account("facebook", "other")
    accounts["page"] = type(other)(id=other.id, name="page", credentials=other.credentials)
    sent = writes(sandbox)
    report = make(PAGE).correct(RIGHT)
    assert report["page"].failed
    assert "it was published as" in report["page"].reason
    assert writes(sandbox) == sent
    assert texts(sandbox, "facebook") == [WRONG.text]


def test_press_material_is_corrected_nowhere_else(make: Make) -> None:
    """A public post does not become press material by a correction."""
    report = published(make, PAGE).plan_correction(msgspec.structs.replace(RIGHT, audience=Audience.PRESS))
    assert report["page"].means is Means.NONE


def test_the_ledger_keeps_and_exports_what_it_said_before(make: Make, tmp_path: Path) -> None:
    """Another machine that knew the old takes in the new, one that knew the new is not set back, and both are sound."""
    broadcast = published(make, PAGE)
    old = export_ledger(broadcast.ledger)
    broadcast.correct(RIGHT)
    new = export_ledger(broadcast.ledger)
    assert [revision.digest for revision in former_revisions(broadcast.ledger, "doors")] == [WRONG.digest]
    with Ledger(tmp_path / "elsewhere") as elsewhere:
        for document in (old, new, old):
            import_ledger(elsewhere, document)
        found = elsewhere.announcement("doors")
        assert found is not None
        assert found[0] == RIGHT.digest
        assert verify_ledger(elsewhere) == []
