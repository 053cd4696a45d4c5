"""How fast it starts: `import socialcast`, `socialcast --help`, and what is loaded before it is needed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measure import Row, in_turns, measured_child, timed_process

__all__ = ["helps", "imports", "lazy"]

_ROUNDS = {False: 41, True: 9}
_STDLIB = "import dataclasses, enum, pathlib"
_ENTRY = (
    "import sys\nfrom {module} import main\nif __name__ == '__main__':\n    sys.exit(main())\n"  # what pip writes for a program
)
_BARE_PROGRAM = '''import click

@click.group()
@click.version_option("0.1.0", prog_name="socialcast")
def cli() -> None:
    """{doc}"""

def main() -> None:
    cli(prog_name="socialcast")
'''
_BARE_COMMAND = """
@cli.command({name!r}, help={summary!r})
def {function}() -> None:
    pass
"""


def imports(*, quick: bool) -> list[Row]:
    """`import socialcast` by an interpreter that imports three modules of the standard library."""
    ours, baseline = in_turns(
        lambda: timed_process("-c", "import socialcast"), lambda: timed_process("-c", _STDLIB), _ROUNDS[quick]
    )
    return [Row(name="import", ours=ours * 1000, baseline=baseline * 1000, unit="ms", limit=1.3, note="whole processes")]


def helps(*, quick: bool) -> list[Row]:
    """`socialcast --help` by a click program of the same commands that does nothing, both started by what pip writes."""
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Path(folder, "ours"), Path(folder, "bare")
        ours.write_text(_ENTRY.format(module="socialcast.cli"), encoding="utf-8")
        bare.write_text(_ENTRY.format(module="bare_program"), encoding="utf-8")
        Path(folder, "bare_program.py").write_text(_bare_program(), encoding="utf-8")
        for program in (ours, bare):
            timed_process(program, "--help")  # compiles the modules
        seconds = in_turns(lambda: timed_process(ours, "--help"), lambda: timed_process(bare, "--help"), _ROUNDS[quick])
    return [Row(name="help", ours=seconds[0] * 1000, baseline=seconds[1] * 1000, unit="ms", limit=1.5, note="whole processes")]


def lazy(*, quick: bool) -> list[Row]:
    """Libraries that are loaded by the bare import, and by a plan on one platform that does not need them."""
    figures = measured_child("benchmarks.loaded")
    return [
        Row(name=f"lazy, {moment}", ours=len(found), unit="loaded", limit=0, note=", ".join(found))
        for moment, found in figures.items()
    ]


def _bare_program() -> str:
    from socialcast.cli import COMMANDS, cli

    commands = (
        _BARE_COMMAND.format(name=name, summary=summary, function=name.replace("-", "_")) for name, summary in COMMANDS.items()
    )
    return _BARE_PROGRAM.format(doc=cli.help) + "".join(commands)
