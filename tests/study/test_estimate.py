"""What a study will take, against a study whose every second is known."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.study import estimate
from cnnvis_widgets.study.estimate import duration, foretell, megabytes
from cnnvis_widgets.study.study import Run

LOAD = {"small": 2.0, "large": 5.0}
COMPILE = {"quick": 0.75, "slow": 0.0}
EACH = {
    ("small", "quick"): 0.25,
    ("large", "quick"): 1.0,
    ("small", "slow"): 3.0,
    ("large", "slow"): 20.0,
}
SIZE = {"quick": 700, "slow": 90}


class Timetable:
    """A study on a clock of its own: all that it does takes what is written above."""

    def __init__(self, path: Path) -> None:
        self.now, self.path = 0.0, path
        self.store = self
        self.networks = dict.fromkeys(LOAD)
        self.methods = {"quick": {"method": "saliency"}, "slow": {"method": "lime"}}
        self.done: dict[str, dict[str, Any]] = {}
        self.loaded, self.compiled = "", set[tuple[str, str]]()
        (path / "quick").write_bytes(bytes(SIZE["quick"]))
        (path / "slow").write_bytes(bytes(SIZE["slow"]))

    def plan(self) -> Any:
        for network in LOAD:
            for picture in "abcdefg":
                for neuron in ("output", "top", "upper"):
                    yield Run(network, picture, "quick", neuron)
                yield Run(network, picture, "slow", "output")

    def runs(self) -> dict[str, Any]:
        return self.done

    def network(self, name: str) -> None:
        if name != self.loaded:
            self.now += LOAD[name]
            self.loaded, self.compiled = name, set()

    def compute(self, run: Run) -> dict[str, Any]:
        self.network(run.network)
        if (run.method, run.neuron) not in self.compiled:
            self.compiled.add((run.method, run.neuron))
            self.now += COMPILE[run.method]
        self.now += EACH[run.network, run.method]
        self.done[run.key] = {"file": run.method}
        return self.done[run.key]

    def together(self, _loaded: Any, runs: Any) -> Any:
        """Runs that are computed at once and not kept."""
        for run in runs:
            self.compute(run)
            del self.done[run.key]
        array = np.zeros(SIZE["quick"] * 16, np.uint8)
        return [SimpleNamespace(arrays={"heatmap": array}) for _ in runs]

    def run(self) -> float:
        start = self.now
        for run in self.plan():
            if run.key not in self.done:
                self.compute(run)
        return self.now - start


@pytest.fixture
def timetable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Timetable:
    timed = Timetable(tmp_path)
    monkeypatch.setattr(estimate.time, "perf_counter", lambda: timed.now)
    monkeypatch.setattr(estimate, "part_of", lambda study, runs: runs)
    monkeypatch.setattr(estimate, "results", timed.together)
    return timed


def test_the_estimate_is_what_the_run_takes(timetable: Timetable) -> None:
    steps = list[tuple[int, int]]()
    forecast = foretell(timetable, lambda done, total: steps.append((done, total)))  # type: ignore[arg-type]
    assert steps == [(n, 4) for n in range(5)]
    # Four quick ones at once, not kept; two slow ones of small, and one of large, which takes long.
    assert forecast.timed == 4 + 2 + 4 + 1
    assert forecast.left == 2 * 7 * 4 - 3
    stream = io.BytesIO()
    np.savez_compressed(stream, heatmap=np.zeros(SIZE["quick"] * 16, np.uint8))
    assert forecast.disk == 2 * 21 * len(stream.getvalue()) + 11 * SIZE["slow"]
    took = timetable.run()
    assert forecast.seconds == pytest.approx(took, abs=1e-9)
    assert took == pytest.approx(7 + 6 * 0.75 + 21 * 1.25 + 5 * 3 + 6 * 20)


def test_what_is_there_is_neither_timed_nor_counted(timetable: Timetable) -> None:
    runs = list(timetable.plan())
    for run in runs:
        if run.network == "small":
            timetable.compute(run)
    forecast = foretell(timetable)  # type: ignore[arg-type]
    assert {cost.network for cost in forecast.costs} == {"large"}
    assert forecast.timed == 4 + 1
    assert forecast.seconds == pytest.approx(5 + 3 * 0.75 + 21 + 6 * 20)
    timetable.run()
    nothing = foretell(timetable)  # type: ignore[arg-type]
    assert (nothing.left, nothing.seconds, nothing.timed, nothing.disk) == (0, 0, 0, 0)


def test_times_and_sizes_in_words() -> None:
    assert [duration(s) for s in (0.4, 59.6, 61, 3599, 3661)] == [
        "0 s", "1 min 00 s", "1 min 01 s", "59 min 59 s", "1 h 01 min",
    ]  # fmt: skip
    assert megabytes(1.6 * 2**20) == "2 MB"
    assert megabytes(1.5 * 2**30) == "1.5 GB"
    assert estimate.memory_held() > 20 * 2**20
