"""The files of deploy/ name what is there, and their commands are ones that `cnnvis` takes."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cnnvis_widgets.cli.main import parser

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"


def containerfile() -> list[tuple[str, str]]:
    """(instruction, rest) of each line."""
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]  # type: ignore[misc]


def taken(words: list[str]) -> None:
    """The command line is one that the program takes."""
    assert Path(words[0]).name == "cnnvis"
    parser().parse_args(words[1:])


def test_what_the_container_starts_is_a_command_of_ours() -> None:
    taken(json.loads(dict(containerfile())["CMD"]))
    with pytest.raises(SystemExit):
        taken(["cnnvis", "app", "--no-such-option"])


def test_the_wheel_is_built_from_what_the_container_copies(tmp_path: Path) -> None:
    """As `pip install .` does there, in a folder that holds nothing else."""
    for instruction, rest in containerfile():
        if instruction == "COPY":
            *sources, target = rest.split()
            for source in sources:
                into = tmp_path / (target if (ROOT / source).is_dir() else Path(source).name)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("*.pyc"))
                else:
                    shutil.copyfile(ROOT / source, into)
    code = "from hatchling.build import build_wheel; print(build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    names = zipfile.ZipFile(tmp_path / done.stdout.split()[-1]).namelist()
    for wanted in (
        "cnnvis_widgets/engine/shared/plugins.py",
        "cnnvis_widgets/_notebooks/00_index.ipynb",
        "cnnvis_widgets/serving/voila_template/voila/templates/cnnvis/index.html.j2",
    ):
        assert wanted in names


def test_the_unit_starts_a_command_of_ours_and_the_docs_tell_the_same() -> None:
    unit = (DEPLOY / "cnnvis.service").read_text("utf-8")
    taken(shlex.split(re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1]))  # type: ignore[index]


def test_the_commands_of_the_docs_are_ones_of_ours() -> None:
    text = (ROOT / "docs" / "class.md").read_text("utf-8")
    lines = re.findall(r"^(?:ExecStart=\S*/)?(cnnvis (?:app|worker)[^#\n]*)", text, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        taken(shlex.split(line))
