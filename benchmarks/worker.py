"""The side of the benchmark that runs inside a contestant's own environment.

A contestant's script prepares its works and calls `serve`. The process then does one round of all
works for each line on its standard input and answers with the seconds, so that several contestants
can be measured in turns. Only NumPy and the standard library are needed here: this file is imported
by Pythons in which the package is not installed.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

UNIT = 285  # Egyptian cat
PICTURE = "cat"
METHODS = ("saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam")
BASELINES = ("forward", "forward_backward")
WARM_UP = 2  # rounds before the first that counts

Work = Callable[[], np.ndarray]


@dataclass
class Task:
    """What every contestant is given.

    Attributes:
        network: "efficientnet_lite0" or "vgg16".
        folder: where the files of the task lie, written by the first contestant, which is ours.
        started: when the process was started, in seconds of the wall clock.
    """

    network: str
    folder: Path
    started: float
    phases: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Note how long a part of the start takes."""
        before = time.perf_counter()
        yield
        self.phases[name] = time.perf_counter() - before

    @property
    def input(self) -> np.ndarray:
        """The preprocessed picture: float32 (1, rows, columns, 3)."""
        return np.load(self.folder / "input.npy")

    @property
    def layer(self) -> str:
        """The Keras layer whose maps Grad-CAM weighs."""
        return (self.folder / "layer.txt").read_text()

    @property
    def weights(self) -> list[np.ndarray]:
        """VGG-16's weights in Keras' order."""
        with np.load(self.folder / "weights.npz") as file:
            return [file[name] for name in file.files]


@dataclass
class Works:
    """What a contestant can do.

    Attributes:
        baselines: the raw framework's forward, and forward + backward.
        methods: for each method a function that builds what can be kept between explanations and
            gives back the function that explains once. The result is an attribution, batch of one.
        versions: of the libraries.
        absent: why a method is not there.
        remark: what a reader must know about this contestant.
        afterwards: to be done once the first explanation has been timed.
    """

    baselines: dict[str, Work]
    methods: dict[str, Callable[[], Work]]
    versions: dict[str, str]
    absent: dict[str, str] = field(default_factory=dict)
    remark: str = ""
    afterwards: Callable[[], None] = lambda: None


def serve(prepare: Callable[[Task], Works]) -> None:
    """Prepare, report the start, then run a round for each line that comes in."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print must not come between the answers
    network, folder, started = sys.argv[1:]
    task = Task(network, Path(folder), float(started))

    def answer(record: dict[str, Any]) -> None:
        answers.write(json.dumps(record) + "\n")
        answers.flush()

    works = prepare(task)
    calls: dict[str, Work] = {}
    first: dict[str, float] = {}
    for name in (m for m in METHODS if m in works.methods):
        before = time.perf_counter()
        call = works.methods[name]()
        result = call()
        first[name] = time.perf_counter() - before
        if not calls:  # the first explanation that anyone would see
            cold = time.time() - task.started
        calls[name] = call
        np.save(task.folder / f"{Path(sys.argv[0]).stem}-{name}.npy", result)
    works.afterwards()
    calls = {name: works.baselines[name] for name in BASELINES} | calls
    for _ in range(WARM_UP):
        timed(calls)
    answer(
        {
            "cold": cold,
            "phases": task.phases,
            "first": first,
            "versions": works.versions,
            "absent": works.absent,
            "remark": works.remark,
        }
    )
    for line in sys.stdin:
        if line.strip() != "round":
            break
        answer(timed(calls))


def timed(calls: dict[str, Work]) -> dict[str, float]:
    """One round: every work once, in order, in seconds."""
    gc.collect()  # so that one work's rubbish is not collected on another's account
    next(iter(calls.values()))()  # the caches are this process' again, after the others' turns
    seconds = {}
    for name, call in calls.items():
        before = time.perf_counter()
        call()
        seconds[name] = time.perf_counter() - before
    return seconds
