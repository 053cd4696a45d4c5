"""What goes wrong, told in words: one line on stderr, one JSON object on stdout if asked for, and the exit code."""

from __future__ import annotations

import json
import logging
import os
import traceback

import click

from socialcast.model.errors import LedgerBusy, PreflightFailed, SocialcastError

__all__ = ["Stopped", "quieten_logs", "tell"]

_DEBUG_VARIABLE = "SOCIALCAST_DEBUG"
_DEFECT = 70  # EX_SOFTWARE, as 75 is EX_TEMPFAIL


class Stopped(Exception):
    """The run ended early and can go on later; the message says how."""


# The first row that fits decides.
_EXIT_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (Stopped, 75),
    (KeyboardInterrupt, 75),
    (LedgerBusy, 75),
    (PreflightFailed, 1),
    (SocialcastError, 2),
    (OSError, 2),
    (Exception, _DEFECT),
)


def tell(error: Exception | KeyboardInterrupt, *, as_json: bool) -> int:
    """Say what went wrong, where and what to do; gives the exit code."""
    exit_code = error.exit_code if isinstance(error, click.ClickException) else _exit_code(error)
    message = _message(error, exit_code)
    if as_json:
        click.echo(json.dumps({"error": {"kind": type(error).__name__, "message": message, "exit_code": exit_code}}, indent=2))
    if isinstance(error, click.ClickException):
        error.show()
    else:
        click.echo(message if exit_code == _exit_code(Stopped()) else "error: " + message.replace("\n", "\n  "), err=True)
    if os.environ.get(_DEBUG_VARIABLE):
        traceback.print_exception(error)
    return exit_code


def quieten_logs() -> None:
    """Outcomes say what went wrong, so log records are shown only to those who ask for them."""
    if os.environ.get(_DEBUG_VARIABLE):
        logging.basicConfig(level=logging.INFO)
    else:
        logging.basicConfig(handlers=[logging.NullHandler()])


def _exit_code(error: BaseException) -> int:
    return next(code for kind, code in _EXIT_CODES if isinstance(error, kind))


def _message(error: BaseException, exit_code: int) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "stopped before anything was sent"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)
    if exit_code == _DEFECT:
        return f"unexpected {type(error).__name__}: {error}; please report it, with what {_DEBUG_VARIABLE}=1 shows"
    return str(error)
