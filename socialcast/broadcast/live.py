"""The life of a live event over all its channels: on the air, off it, the replay; and the posts that say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import msgspec

from socialcast.broadcast.delivered import Delivered, Published, about, guarded, in_sight, on_all, with_said
from socialcast.broadcast.feed import FeedEvent, send
from socialcast.broadcast.news import Moment, is_told, news_line, note_news, telling, with_line
from socialcast.broadcast.plan import led_to_its_page
from socialcast.compose.weights import weigh
from socialcast.model.errors import ConfigurationError, TerminalError
from socialcast.model.post import Post
from socialcast.model.receipt import Item, LiveState, LiveStatus, State
from socialcast.model.reports import LiveOutcome, LiveReport
from socialcast.publisher import Ingest, Publisher
from socialcast.wire.clock import Cancel

__all__ = ["LiveShow", "Moment"]


_OVER = frozenset({LiveState.ENDED, LiveState.REPLAY})
_LEFT = "left as it is"

# The states in which a moment has come, and what is said of it.
_REACHED: Mapping[Moment, frozenset[LiveState]] = {
    Moment.START: frozenset({LiveState.LIVE}),
    Moment.END: _OVER,
    Moment.REPLAY: frozenset({LiveState.REPLAY}),
}
_SHOWN: Mapping[Moment, LiveState] = {
    Moment.START: LiveState.LIVE,
    Moment.END: LiveState.ENDED,
    Moment.REPLAY: LiveState.REPLAY,
}
_DONE: Mapping[Moment, str] = {Moment.START: "put on the air", Moment.END: "taken off the air"}
_DONE_BEFORE: Mapping[Moment, str] = {
    Moment.START: "it was on the air already",
    Moment.END: "it was over already",
    Moment.REPLAY: "the recording is there",
}
_LATER: Mapping[Moment, tuple[Moment, ...]] = {
    Moment.START: (Moment.END, Moment.REPLAY),
    Moment.END: (Moment.REPLAY,),
    Moment.REPLAY: (),
}


class LiveShow:
    """One announcement's live event on the channels that have it; each of its moments happens once, however often it is asked."""

    def __init__(self, published: Published) -> None:
        announcement = published.announcement
        self._announcement, self._lease, self._links_for = announcement, published.lease, published.links_for
        seen = (one for one in published.channels if one.channel.audience.may_see(announcement.audience))
        channels = [one for one in seen if one.outcome.state is State.PUBLISHED]
        self._hosts = [one for one in channels if one.event]
        self._feeds = [one for one in channels if not one.event]
        self._channels = {one.outcome.channel: one for one in channels}
        if not self._hosts:
            raise ConfigurationError(
                f"{announcement.resolved_key} has no live event on any of its channels: give the announcement a live.starts_at,"
                " have a channel that hosts live events, and publish it first"
            )

    def start(self) -> LiveReport:
        """Put the event on the air everywhere, and tell so in the posts about it."""
        return self._come(Moment.START)

    def end(self) -> LiveReport:
        """Take the event off the air everywhere, and tell so in the posts about it."""
        return self._come(Moment.END)

    def replay(self) -> LiveReport:
        """Tell where the recording is, once the platforms have it."""
        return self._come(Moment.REPLAY)

    def status(self) -> LiveReport:
        """Where the event is on every channel that hosts it, by asking them."""
        return self._report(on_all(self._hosts, lambda host: _guarded(host, lambda: _told(host, _status(host)))))

    def feed(
        self,
        source: str,
        *,
        source_format: str = "",
        cancel: Cancel | None = None,
        on_event: Callable[[FeedEvent], None] = lambda event: None,
    ) -> LiveReport:
        """Send a file or a device with ffmpeg to all ingests until it ends or `cancel` is asked for, from any thread.

        Raises ConfigurationError without ffmpeg and for a source that cannot be sent, TerminalError where no ingest takes it.
        """
        publishers = {host.outcome.channel: host.publisher for host in self._hosts}
        wrong = send(
            self.ingests(), publishers, source, source_format=source_format, cancel=cancel or Cancel(), on_event=on_event
        )
        return self._report(
            _about(host, done="sent", failed=bool(reason), reason=reason)
            for host in self._hosts
            for reason in [wrong[host.outcome.channel]]
        )

    def ingests(self) -> dict[str, Ingest]:
        """Where to send the pictures to, by channel. Raises PublishError."""
        return {host.outcome.channel: _ingest(host) for host in self._hosts}

    def _come(self, moment: Moment) -> LiveReport:
        with self._lease():
            hosts = on_all(self._hosts, lambda host: _guarded(host, lambda: _move(host, moment)))
            reached = next((outcome for outcome in hosts if outcome.status and outcome.status.state in _REACHED[moment]), None)
            if reached is None:
                return self._report(hosts)
            url = (reached.status.replay_url if reached.status else "") or reached.url
            told = on_all(self._feeds, lambda feed: _guarded(feed, lambda: self._tell(feed, moment, url)))
            return self._report([*hosts, *told])

    def _tell(self, feed: Delivered, moment: Moment, url: str) -> LiveOutcome:
        """Show it where the platform has a place for it, amend the post, or else answer it; what came later is not taken back
        by what came before."""
        publisher, name = feed.publisher, telling(moment)
        if any(is_told(feed, later) for later in _LATER[moment]):
            return _about(feed, done=_LEFT, reason="it tells of a later moment already")
        again = " before" if is_told(feed, moment) else ""
        if publisher.capabilities.shows_live:
            publisher.show_live(feed.receipt, _SHOWN[moment], url, feed.steps, name=name)
            return _about(feed, done=f"shown{again}")
        line, table = news_line(publisher, self._announcement, moment, url), publisher.capabilities
        amended = self._amended(feed, line)
        if table.edits and (_has_room(publisher, amended) or not table.answer):
            _require_room(publisher, amended.parts[-1])
            publisher.amend(feed.receipt, amended, feed.steps, name=name)
            note_news(feed, moment, url)
            return _about(feed, done=f"amended{again}")
        if table.interrupts:
            return _about(feed, done=_LEFT, reason=f"its readers on {publisher.name} would be called for each moment")
        if table.answer:
            _require_room(publisher, line)
            answer = publisher.answer(feed.receipt, line, feed.steps, name=name)
            feed.keep(partial(with_said, item=answer))
            return _about(feed, done=f"answered{again}", url=answer.url)
        return _about(feed, done=_LEFT, reason=f"{publisher.name} offers neither amending nor answering")

    def _amended(self, feed: Delivered, line: str) -> Post:
        links = self._links_for(feed)
        said = led_to_its_page(self._announcement, feed.publisher, links)
        return with_line(feed.publisher.compose(said, links), line)

    def _report(self, outcomes: Iterable[LiveOutcome]) -> LiveReport:
        return LiveReport(key=self._announcement.resolved_key, outcomes=tuple(map(self._seen, outcomes)))

    def _seen(self, outcome: LiveOutcome) -> LiveOutcome:
        """The outcome with addresses that can be opened."""
        one, status = self._channels[outcome.channel], outcome.status
        if status and status.replay_url:
            replay_url = one.publisher.connection.transport.visible_url(status.replay_url)
            outcome = msgspec.structs.replace(outcome, status=msgspec.structs.replace(status, replay_url=replay_url))
        return in_sight(one, outcome)


# -- one channel -------------------------------------------------------------------------------------------------------------


def _move(host: Delivered, moment: Moment) -> LiveOutcome:
    """Bring the event to that moment, unless it is there already."""
    before = _status(host)
    if before.state in _REACHED[moment]:
        return _told(host, before, _DONE_BEFORE[moment])
    if moment is Moment.REPLAY:
        return _told(host, before, "the recording is not there yet", is_waiting=True)
    _require_turn(host, before.state, moment)
    _act(host, moment)
    after = _status(host)
    return _told(host, after, _DONE[moment], is_waiting=after.state not in _REACHED[moment])


def _require_turn(host: Delivered, state: LiveState, moment: Moment) -> None:
    """Raise TerminalError where the moment has passed, or does not come yet.

    What was started here can be ended though it is not on the air: a platform that waits for pictures puts it there with them.
    """
    if moment is Moment.START and state in _OVER:
        raise TerminalError(
            "the event has ended, and goes on the air only once", hint="publish a new announcement for another event"
        )
    if moment is Moment.END and state is LiveState.SCHEDULED and not host.steps.recorded("live/start"):
        raise TerminalError("the event has not started", hint="nothing is to be ended; to remove it, take the announcement back")


def _act(host: Delivered, moment: Moment) -> None:
    if not _tells_state(host.publisher):
        host.steps.once(f"live/{moment.value}", lambda: moment.value, repeatable=True)  # noted, since nobody else knows
    elif moment is Moment.START:
        host.publisher.go_live(_event(host), host.steps)
    else:
        host.publisher.end_live(_event(host), host.steps)


def _status(host: Delivered) -> LiveStatus:
    """What the platform tells; of a bare server, what was done here."""
    status = host.steps.read(lambda: host.publisher.live_status(_event(host)))
    if _tells_state(host.publisher):
        return status
    noted = [state for moment, state in _NOTED if host.steps.recorded(f"live/{moment.value}")]
    return LiveStatus(state=noted[0] if noted else LiveState.SCHEDULED, receiving=status.receiving, health=status.health)


_NOTED = ((Moment.END, LiveState.ENDED), (Moment.START, LiveState.LIVE))


def _ingest(host: Delivered) -> Ingest:
    return host.steps.read(lambda: host.publisher.ingest(_event(host)))


def _tells_state(publisher: Publisher) -> bool:
    return publisher.capabilities.live is None or publisher.capabilities.live.tells_state


def _event(host: Delivered) -> Item:
    if host.event is None:
        raise AssertionError("asked a channel that hosts no event")
    return host.event


def _has_room(publisher: Publisher, post: Post) -> bool:
    rules = publisher.capabilities.text
    return rules is None or rules.max_length is None or weigh(post.parts[-1], rules) <= rules.max_length


def _require_room(publisher: Publisher, text: str) -> None:
    """Raise TerminalError for a text that the platform would refuse; none is cut in silence."""
    rules = publisher.capabilities.text
    if rules and rules.max_length is not None and (length := weigh(text, rules)) > rules.max_length:
        raise TerminalError(
            f"with the news the text counts {length}, {rules.max_length} are allowed", hint="tell it by hand, in fewer words"
        )


# -- what is told of it ------------------------------------------------------------------------------------------------------


def _told(host: Delivered, status: LiveStatus, done: str = "", *, is_waiting: bool = False) -> LiveOutcome:
    return _about(host, status=status, url=_event(host).url, done=done, is_waiting=is_waiting)


def _about(one: Delivered, **facts: object) -> LiveOutcome:
    return about(one, LiveOutcome, is_host=one.event is not None, **facts)


def _guarded(one: Delivered, work: Callable[[], LiveOutcome]) -> LiveOutcome:
    return guarded(one, work, partial(_about, one))
