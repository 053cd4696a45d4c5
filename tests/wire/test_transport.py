"""What the transport leaves behind, and in which process it speaks."""

from __future__ import annotations

import gc
import logging

from socialcast.wire.secrets import Secret
from socialcast.wire.transport import Transport


def filters() -> int:
    return len(logging.getLogger("socialcast.wire").filters) + len(logging.getLogger("urllib3.connectionpool").filters)


def test_a_transport_that_nobody_uses_any_more_leaves_no_secrets_in_the_loggers() -> None:
    """Who forgets to close a broadcast keeps neither its tokens nor a slower logger."""
    gc.collect()
    before = filters()
    for _ in range(3):
        Transport().learn(Secret("sandbox-news-token"))
    gc.collect()
    assert filters() == before


def test_closing_one_transport_leaves_the_redaction_of_another() -> None:
    """Of two broadcasts in one process, the one that goes on stays redacted."""
    first, second = Transport(), Transport()
    second.learn(Secret("sandbox-news-token"))
    first.close()
    record = logging.LogRecord("socialcast.wire", logging.INFO, "", 0, "token %s", ("sandbox-news-token",), None)
    logging.getLogger("socialcast.wire").filter(record)
    second.close()
    assert record.getMessage() == "token ***"
