"""All that is said below what was published, page after page."""

from __future__ import annotations

from socialcast.model.echo import Reply
from socialcast.model.receipt import Receipt
from socialcast.publisher import Publisher

__all__ = ["all_replies"]


def all_replies(publisher: Publisher, receipt: Receipt, since: str = "") -> tuple[list[Reply], str]:
    """Every reply after the cursor, as the publisher gives them, and where reading goes on another day."""
    found: list[Reply] = []
    more = True
    while more:
        page = publisher.replies(receipt, since)
        found, since, more = [*found, *page.page], page.cursor, page.more
    return found, since
