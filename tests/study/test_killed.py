"""SIGKILL at any moment, and two processes on one study: the same bytes as an uninterrupted run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from drawn_studies import RUNS
from killed_studies import MOMENTS

import cnnvis_widgets as cnnvis

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="processes are forked"),
]


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder by its path, but for those that keep processes apart, which are empty,
    and the one that says when each of them began."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert all(not p.read_bytes() for p in files if p.name in (".lock", ".claims"))
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in files
        if path.name not in (".lock", ".claims", "provenance.jsonl")
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def facts(folder: Path) -> dict[str, Any]:
    """What the processes did; see killed_studies.py."""
    program = Path(__file__).with_name("killed_studies.py")
    done = subprocess.run(
        [sys.executable, program, folder], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_uninterrupted_one_is_whole(facts: dict[str, Any], folder: Path) -> None:
    assert facts["whole"] == RUNS and not facts["tensorflow"]
    # study.json, runs.jsonl, the pictures and the maps
    assert len(content(folder / "whole")) == 2 + 5 + RUNS
    assert min(facts["lines"]) > 20 * MOMENTS


@pytest.mark.parametrize("number", range(MOMENTS))
def test_a_study_killed_at_a_random_moment_resumes_to_the_same_bytes(
    facts: dict[str, Any], folder: Path, number: int
) -> None:
    assert facts
    assert content(folder / f"killed {number}") == content(folder / "whole")


@pytest.mark.parametrize("number", range(MOMENTS))
def test_so_do_a_raters_points(facts: dict[str, Any], folder: Path, number: int) -> None:
    assert facts
    assert content(folder / f"judging {number}") == content(folder / "judged")


def test_a_study_killed_again_and_again_gets_there(facts: dict[str, Any], folder: Path) -> None:
    there = facts["again"]
    assert len(there) > 3 and there == sorted(there) and there[-1] == RUNS
    assert content(folder / "again") == content(folder / "whole")


@pytest.mark.parametrize("kind", ["two", "one"])
def test_two_processes_share_a_study_and_one_goes_on_for_a_dead_one(
    facts: dict[str, Any], folder: Path, kind: str
) -> None:
    together, alone = content(folder / kind), content(folder / "whole")
    lines = [files.pop("runs.jsonl").splitlines() for files in (together, alone)]
    assert sorted(lines[0]) == sorted(lines[1])  # each run once, in the order of the two
    assert together == alone
    if kind == "two":
        assert sum(facts["two"]) == RUNS and min(facts["two"]) > 0
    else:
        assert facts["one"] == RUNS - 5  # all but the first part, of five pictures


STUDY = """
networks = ["mini_vgg"]
images = ["scene:1", "scene:2", "scene:3", "scene:4"]
neurons = ["output", "top layer"]
[methods.saliency]
[methods.grad_cam]
[methods.lime]
parameters = { samples = 300 }
neurons = ["output"]
"""


def test_a_real_one_killed_twice(tmp_path: Path) -> None:
    """`cnnvis study run` of a trained network; what it took is all that differs."""
    file = tmp_path / "real.toml"
    file.write_text(STUDY, "utf-8")
    lines = tmp_path / "real" / "runs.jsonl"
    for least in (1, 4):
        command = [sys.executable, "-m", "cnnvis_widgets.cli", "study", "run", str(file)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT
        )
        until = time.monotonic() + 120
        while not lines.exists() or lines.read_bytes().count(b"\n") < least:
            assert process.poll() is None and time.monotonic() < until, process.communicate()
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    study = cnnvis.Study.open(tmp_path / "real")
    left = 20 - len(study.runs())
    assert study.run() == left > 0

    other = tmp_path / "whole"
    from cnnvis_widgets.study.study_file import study_of_file

    study_of_file(file, other).run()
    resumed, whole = content(tmp_path / "real"), content(other)
    texts = [files.pop("runs.jsonl").splitlines() for files in (resumed, whole)]
    messages = [
        {line["key"]: {**line, "seconds": 0} for line in map(json.loads, text)} for text in texts
    ]
    assert resumed == whole and messages[0] == messages[1] and len(texts[0]) == len(texts[1]) == 20
