"""The press hears of a correction or a retraction before the public does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socialcast import Audience, Channel
from socialcast.broadcast.order import press_first

CHANNELS = st.lists(
    st.builds(
        Channel,
        name=st.sampled_from(["room", "town", "wire", "site"]),
        platform=st.just("plaza"),
        audience=st.sampled_from(Audience),
    )
)


@given(CHANNELS)
def test_the_press_is_told_before_the_public(channels: list[Channel]) -> None:
    """All of the press is in the wave before all of the public, whatever their order in the channels file."""
    waves = press_first(channels, lambda channel: channel)
    audiences = [{channel.audience for channel in wave} for wave in waves]
    there = {channel.audience for channel in channels}
    assert audiences == [{one} for one in (Audience.PRESS, Audience.PUBLIC) if one in there]


@given(CHANNELS)
def test_nobody_is_left_out_and_equals_keep_their_order(channels: list[Channel]) -> None:
    """Each channel is told once, in the order of the channels file among its own."""
    waves = press_first(channels, lambda channel: channel)
    for audience in Audience:
        told = [channel for wave in waves for channel in wave if channel.audience is audience]
        assert told == [channel for channel in channels if channel.audience is audience]


def test_what_is_ordered_may_be_anything_that_has_a_channel() -> None:
    """Deliveries and receipts are ordered by the channel that they belong to."""
    audiences = {"town": Audience.PUBLIC, "room": Audience.PRESS, "wire": Audience.PRESS}
    channels = {name: Channel(name=name, platform="plaza", audience=audience) for name, audience in audiences.items()}
    assert press_first(channels, channels.__getitem__) == [["room", "wire"], ["town"]]
