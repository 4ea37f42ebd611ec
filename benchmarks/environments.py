"""An environment for each peer, made once with pinned versions."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from contestants import HERE, OURS, Contestant

FOLDER = HERE / "envs"


class EnvironmentMissing(Exception):
    """An environment that could not be made, and why."""


def python_of(contestant: Contestant, say: Callable[[str], None]) -> Path:
    """The Python that runs a contestant; its environment is made if it is not there yet.

    Raises:
        EnvironmentMissing: pip could not install the pins (no registry, no file for this Python).
    """
    if contestant is OURS:
        return Path(sys.executable)
    place = FOLDER / contestant.stem
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    wanted = contestant.pins.read_text() + contestant.alone
    stamp = place / "installed.txt"
    if stamp.is_file() and stamp.read_text() == wanted:
        return python
    say(f"Making the environment of {contestant.name} (once) …")
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    _pip(python, "-r", str(contestant.pins))
    if contestant.alone:
        _pip(python, "--no-deps", contestant.alone)
    stamp.write_text(wanted)  # last: an interrupted one is made again
    return python


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise EnvironmentMissing(" ".join(lines[-1:]) or done.stderr[-300:].strip())
