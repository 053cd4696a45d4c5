#!/usr/bin/env python3
"""Sets everything up in this checkout and runs it: needs nothing but Python 3.11 or later.

    python3 dev.py demo          publish the example event into a sandbox (more words are passed to `socialcast demo`)
    python3 dev.py test          pass the tests (more words are passed to pytest)
    python3 dev.py check         what CI checks beside the tests: format, lint, types, layers, spelling, docs
    python3 dev.py wheel         build the wheel and run the tests against it, installed somewhere else, without real servers

Everything lands in .venv* and .cache in this folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
OLDEST = (3, 11)
OUTSIDE = HERE / "tests" / "outside" / "plaza"  # somebody else's publisher
INSTALLED = (HERE / "pyproject.toml", *sorted(OUTSIDE.rglob("*.py")))  # what an environment holds a copy of
# Two for each core, since a test waits for servers, disks and browsers as long as it computes; by file, so that one of them
# starts a real server and not each. The contract runs over the registry.
BY_FILE = ("-q", "-n", str(2 * (os.cpu_count() or 1)), "--dist", "loadfile")
EVERYTHING = (*BY_FILE, "tests", "--pyargs", "socialcast.testing.test_contract")
# The wheel is tested after the checkout, on other interpreters: what a real server answers is no other there.
WITHOUT_SERVERS = ("-m", "not large and not matrix and not server", *EVERYTHING)


def main() -> int:
    if sys.version_info < OLDEST:
        sys.exit(
            f"socialcast needs Python {OLDEST[0]}.{OLDEST[1]} or later; this is {sys.version.split()[0]}: try python3.11 dev.py"
        )
    word, *rest = sys.argv[1:] or ["help"]
    command = COMMANDS.get(word)
    if command is None:
        sys.exit(__doc__)
    return command(rest)


def demo(words: list[str]) -> int:
    python = environment("all")
    return run(python, "-m", "socialcast", "demo", *words)


def test(words: list[str]) -> int:
    python = environment("test")
    return run(python, "-m", "pytest", *(words or EVERYTHING))


def check(words: list[str]) -> int:
    python = environment("dev")
    return max(run(python, *line) for line in CHECKS)


def wheel(words: list[str]) -> int:
    python = new_environment("wheel")
    shutil.rmtree(HERE / "dist", ignore_errors=True)
    if run(python, "-m", "pip", "wheel", "-q", "--no-deps", "--cache-dir", CACHE / "pip", "--wheel-dir", HERE / "dist", HERE):
        return 1
    (built,) = (HERE / "dist").glob("*.whl")
    install(python, f"{built}[test]")
    install(python, "--no-deps", OUTSIDE)
    shutil.rmtree(CACHE / "tests-of-the-wheel", ignore_errors=True)
    apart = CACHE / "tests-of-the-wheel"  # where the checkout cannot be imported instead of the wheel
    apart.mkdir(parents=True)
    for name in ("tests", "pyproject.toml", "examples", "docs", "mkdocs.yml", "benchmarks", "CHANGELOG.md", "README.md"):
        (shutil.copytree if (HERE / name).is_dir() else shutil.copy)(HERE / name, apart / name)
    return run(python, "-m", "pytest", *(words or WITHOUT_SERVERS), cwd=apart)


def environment(extra: str) -> Path:
    """The interpreter of a virtual environment that has this project with that extra, made or renewed when needed."""
    python = interpreter(extra)
    stamp, wanted = python.parents[1] / "installed", "".join(path.read_text(encoding="utf-8") for path in INSTALLED)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        new_environment(extra)
        install(python, "--editable", f"{HERE}[{extra}]")
        if extra != "all":
            install(python, "--no-deps", OUTSIDE)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def new_environment(name: str) -> Path:
    """The interpreter of an empty virtual environment with a pip of today: the one that came with Python may be too old."""
    python = interpreter(name)
    try:
        venv.create(python.parents[1], with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("this Python cannot make virtual environments with pip; on Debian and Ubuntu: apt-get install python3-venv")
    install(python, "--upgrade", "pip")
    return python


def interpreter(name: str) -> Path:
    folder = HERE / f".venv-{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(python: Path, *words: object) -> None:
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--cache-dir", CACHE / "pip", *words]
    if subprocess.run([str(word) for word in command], check=False).returncode:
        sys.exit("the installation failed; what pip says stands above")


def run(*words: object, cwd: Path = HERE) -> int:
    return subprocess.run([str(word) for word in words], cwd=cwd, check=False).returncode


CHECKS = (
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "ruff", "check", "."),
    ("-m", "mypy"),
    ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),  # as a module it would do nothing
    ("-m", "codespell_lib"),
    ("-m", "docs.generate", "--check"),
    ("-m", "zensical", "build", "--strict"),
)

COMMANDS = {"demo": demo, "test": test, "check": check, "wheel": wheel}

if __name__ == "__main__":
    sys.exit(main())
