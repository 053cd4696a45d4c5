"""What people change between two runs: a channel's name, its account, the channels file."""

from __future__ import annotations

from collections.abc import Callable

from socialcast import Announcement, Broadcast, State
from socialcast.sandbox import Sandbox

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


def test_a_channel_that_is_named_back_goes_on(make: Make, sandbox: Sandbox) -> None:
    """The refusal of the new name is mended by doing what it says."""
    sandbox.fault("plaza", "refuse_429", handler="add_post", count=50)
    make("a").publish(HELLO)
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


def test_a_channel_that_was_removed_is_not_forgotten(make: Make) -> None:
    """The status still tells what a channel did that the file has no more."""
    make("a", "b").publish(HELLO)
    report = make("b").status("hello")
    assert {outcome.channel: outcome.state for outcome in report.outcomes} == {"a": State.PUBLISHED, "b": State.PUBLISHED}
