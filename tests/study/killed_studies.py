"""Studies whose process is killed (SIGKILL) at chosen lines of their code; run as a program.

`python killed_studies.py FOLDER` forks processes from one that never loads TensorFlow: maps are
drawn from the run's name, all that is written is written as ever. `test_killed.py` compares.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from drawn_studies import RUNS, Drawn, drawn_study

from cnnvis_widgets.study.human_scores import EyeScores
from cnnvis_widgets.study.parts import Part
from cnnvis_widgets.study.running import Computed
from cnnvis_widgets.study.study import Study

MOMENTS = 20
WATCHED = ("atomic_files.py", "store.py", "study.py", "running.py", "claims.py", "human_scores.py")


def run(path: Path) -> None:
    """Begin or go on."""
    drawn_study(path).run()


def judge(path: Path) -> None:
    """Give each map that has none yet a point or none."""
    scores = EyeScores(Study.open(path.parent / "whole"), path / "eyes.json", 7, 0.5)
    while (place := scores.first_open()) < len(scores.lines):
        scores.judge(place, zlib.crc32(scores.lines[place]["key"].encode()) % 2)


def counting(work: Callable[[], None], last: int = 0) -> int:
    """How many lines of the watched files work runs through; at the last one the process ends."""
    seen = 0

    def local(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return local

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        return local if Path(frame.f_code.co_filename).name in WATCHED else None

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return seen


def forked(work: Callable[[], Any]) -> int:
    """The process of some work."""
    if pid := os.fork():
        return pid
    try:
        work()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def ended(pid: int) -> int:
    """How a process ended: 0, or minus its signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_once(folder: Path, work: Callable[[Path], None], name: str, lines: int) -> None:
    """Twenty folders, each killed once and resumed."""
    moments = np.random.default_rng(2026).integers(1, lines, MOMENTS)
    for number, moment in enumerate(moments.tolist()):
        path = folder / f"{name} {number}"
        path.mkdir()
        killed = forked(lambda p=path, m=moment: counting(lambda: work(p), m))
        assert ended(killed) == -signal.SIGKILL
        assert ended(forked(lambda p=path: work(p))) == 0


def killed_again_and_again(folder: Path) -> list[int]:
    """One folder, killed until nothing is left; returns how many runs were there after each."""
    path, there = folder / "again", list[int]()
    path.mkdir()
    rng = np.random.default_rng(99)
    while True:
        moment = int(rng.integers(1300, 1800))  # a beginning takes up to 1,500
        end = ended(forked(lambda m=moment: counting(lambda: run(path), m)))
        there.append(lines_of(path))
        if end == 0:
            return there
        assert end == -signal.SIGKILL


def lines_of(path: Path) -> int:
    """How many runs are written down in a study's folder."""
    lines = path / "runs.jsonl"
    return len(lines.read_bytes().splitlines()) if lines.exists() else 0


def two_at_once(folder: Path) -> list[int]:
    """Two processes on one study; returns how many runs each did."""
    path = folder / "two"
    path.mkdir()
    files = [path.with_name(f"two {number}") for number in range(2)]

    def work(file: Path) -> None:
        made = drawn_study(path)
        made.pause = 0.05
        file.write_text("ready")
        while not all(one.exists() for one in files):
            time.sleep(0.002)
        file.write_text(str(made.run()))

    assert [ended(pid) for pid in [forked(lambda f=file: work(f)) for file in files]] == [0, 0]
    return [int(file.read_text()) for file in files]


class Doomed(Drawn):
    """Dies within its second part, when all but that one are done by somebody else."""

    def _results(self, executor: Any, parts: Iterator[Part]) -> Computed:
        for number, part in enumerate(parts):
            while number and lines_of(self.store.path) < RUNS - len(part.runs):
                time.sleep(0.01)
            if number:
                os.kill(os.getpid(), signal.SIGKILL)
            yield from super()._results(executor, iter([part]))


def one_for_a_dead_one(folder: Path) -> int:
    """A process beside one that dies; returns how many runs the other did."""
    path, file = folder / "one", folder / "one's runs"
    path.mkdir()
    doomed = forked(lambda: drawn_study(path, kind=Doomed).run())
    while not lines_of(path):
        time.sleep(0.005)
    other = forked(lambda: file.write_text(str(drawn_study(path).run())))
    assert [ended(doomed), ended(other)] == [-signal.SIGKILL, 0]
    return int(file.read_text())


def main(folder: Path) -> None:
    """Everything, and a line of JSON about it."""
    whole = folder / "whole"
    read, write = os.pipe()
    for work, name in ((run, "whole"), (judge, "judged")):
        (folder / name).mkdir()
        pid = forked(
            lambda w=work, n=name: os.write(write, f"{counting(lambda: w(folder / n))}\n".encode())
        )
        assert ended(pid) == 0
    lines = [int(text) for text in os.read(read, 99).split()]
    killed_once(folder, run, "killed", lines[0])
    killed_once(folder, judge, "judging", lines[1])
    facts = {
        "lines": lines,
        "again": killed_again_and_again(folder),
        "two": two_at_once(folder),
        "one": one_for_a_dead_one(folder),
        "tensorflow": "tensorflow" in sys.modules,
        "whole": len(Study.open(whole).runs()),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
