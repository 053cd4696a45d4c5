"""`socialcast sandbox`."""

from __future__ import annotations

from pathlib import Path

import click

from socialcast.cli.options import json_option
from socialcast.cli.place import make_sandbox, serve
from socialcast.cli.show import print_json

__all__ = ["command"]


@click.command("sandbox")
@click.option("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="The port; 0 takes a free one.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep the uploaded files here; otherwise they are deleted at the end.",
)
@click.option("--latency", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS", help="How long every answer takes.")
@json_option
def command(port: int, folder: Path | None, latency: float, as_json: bool) -> None:
    """Play all platforms on this machine until Ctrl-C, and show on a wall what each of them shows."""
    with make_sandbox(port, folder=folder, latency_seconds=latency) as sandbox:
        if as_json:
            print_json({"url": sandbox.url})
        else:
            click.echo(
                f"The wall: {sandbox.url}\nTo publish here: socialcast publish FILE --sandbox {sandbox.url}\nCtrl-C ends it."
            )
        serve()
