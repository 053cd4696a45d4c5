"""The command line: `socialcast COMMAND`, a file for each command, imported when it is used."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from socialcast import __version__
from socialcast.cli.group import LazyGroup

__all__ = ["cli", "main"]

COMMANDS = {
    "plan": "Show what every channel will say, and every problem.",
    "publish": "Publish an announcement on every channel, once.",
    "status": "Tell where every channel stands, by the ledger.",
    "resume": "Finish what an earlier run left.",
    "due": "List what an embargo holds, and publish what is due.",
    "resolve": "Say what you saw where an outcome is unknown.",
    "ledger": "Look at the record, check it, carry it to another machine.",
    "audit": "Compare what every channel shows with what was announced.",
    "replies": "Read what people say about an announcement, on all channels.",
    "answer": "Answer a reply where it stands, once.",
    "report": "Tell all that the ledger knows, for a job's summary or as a page.",
    "metrics": "Count views, likes and the like, on all channels.",
    "say": "Go on with a thread, as in a live interview.",
    "correct": "Bring what was published to what it should have said.",
    "retract": "Take an announcement back, everywhere or on named channels.",
    "live": "Put a live event on the air, feed it, end it, show the recording.",
    "doctor": "Ask every platform who you are, what you may do, and what is left.",
    "channels": "List the channels and where their settings come from.",
    "capabilities": "Show what the platforms can do.",
    "sandbox": "Play all platforms on this machine.",
    "demo": "Publish the bundled example into a sandbox.",
}


@click.group(cls=LazyGroup, package=__name__, summaries=COMMANDS)
@click.version_option(__version__, prog_name="socialcast")
def cli() -> None:
    """One announcement to every channel, coherently and exactly once.

    Exit codes: 0 all published; 1 refused, nothing public; 2 usage or configuration; 3 partly published;
    4 something unknown; 70 a defect in socialcast; 75 held or stopped, run it again.
    """
    from socialcast.cli.failures import quieten_logs  # what a command needs, `--help` does not

    quieten_logs()


def main() -> None:
    """The program `socialcast`."""
    for stream in (sys.stdout, sys.stderr):  # a pipe of another encoding than UTF-8 must not cost the report
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="socialcast")
