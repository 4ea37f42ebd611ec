"""Studies whose maps are drawn from their runs' names: files as ever, and no network is loaded."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cnnvis_widgets.study.parts import Part, Result
from cnnvis_widgets.study.raters import invite
from cnnvis_widgets.study.running import Computed
from cnnvis_widgets.study.study import Study

NETWORKS = ("mini_vgg", "mini_resnet")
METHODS = ("saliency", "deep_taylor", ("lime", {"samples": 20}))
RUNS = 2 * 5 * 3
RNG = np.random.default_rng(15)
PICTURES = {f"p{n}": RNG.integers(0, 256, (9 + n, 7, 3), dtype=np.uint8) for n in range(5)}


class Drawn(Study):
    """A study whose maps are drawn from the runs' names."""

    pause = 0.0

    def _results(self, executor: Any, parts: Iterator[Part]) -> Computed:
        for part in parts:
            self._settle(part.runs[0].network, f"weights of {part.runs[0].network}")
            time.sleep(self.pause)
            yield part, [drawn(run) for run in part.runs]


def drawn(run: Any) -> Result:
    """A map of a run, and its line."""
    rng = np.random.default_rng(zlib.crc32(run.key.encode()))
    line = {"layer": None, "unit": 1, "aggregate": "sum", "position": None, "label": "one"}
    line |= {"value": float(rng.random()), "input_size": [12, 10], "notes": []}
    return Result(run, line, {"heatmap": rng.random((12, 10), np.float32)})


def drawn_study(
    path: Path,
    networks: Any = NETWORKS,
    methods: Any = METHODS,
    neurons: Any = "output",
    kind: type[Drawn] = Drawn,
) -> Drawn:
    """Five pictures; of the methods, one computes each run by itself."""
    return kind(networks, PICTURES, methods, neurons, path, keep="heatmap")


def rated_study(folder: Path, methods: list[str], repeats: float) -> Path:
    """A small study's folder, computed, with Ana and Ben invited to score it."""
    drawn_study(folder, ["mini_vgg"], methods).run()
    invite(folder, ["Ana", "Ben"], repeats=repeats)
    return folder
