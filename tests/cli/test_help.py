"""The program tells what it can do, quickly."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from click.testing import Result

from socialcast import __version__
from socialcast.cli import COMMANDS

Run = Callable[..., Result]
HEAVY = ("msgspec", "rich", "requests", "sqlite3", "PIL", "socialcast.model", "socialcast.broadcast", "socialcast.cli.plan")


def test_help_imports_no_command() -> None:
    """`--help` loads neither a command nor any library but click."""
    code = (
        "import sys\nfrom socialcast.cli import main\nsys.argv = ['socialcast', '--help']\n"
        f"try:\n    main()\nfinally:\n    print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded:\n")
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run: Run, name: str) -> None:
    """Each name in the table is a command with a help text and an explanation of each option."""
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Usage: cli {name}" in result.stdout
    assert "--json" in result.stdout or "Commands:" in result.stdout


def test_python_m_is_the_program() -> None:
    """`python -m socialcast` is `socialcast`."""
    done = subprocess.run([sys.executable, "-m", "socialcast", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"socialcast, version {__version__}\n"


def test_a_mistyped_command_gets_the_nearest_name(run: Run) -> None:
    """A wrong command is a usage error that names the right one."""
    result = run("publishing")
    assert result.exit_code == 2
    assert "did you mean 'publish'?" in result.stderr
