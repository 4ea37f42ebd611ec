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
METHODS = (
    *("saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam"),
    *("deep_taylor", "visual_backprop"),
)
BASELINES = ("forward", "forward_backward")
WARM_UP = 2  # rounds before the first that counts
# What takes many passes has rounds of its own, and one network: a thousand passes of VGG-16 take
# minutes and would say no more.
SLOW_METHODS = (
    *("integrated_gradients", "smoothgrad", "lime", "activation_maximization"),
    "network_inversion",
)
SLOW_BASELINES = ("forward_1000", "forward_backward_50", "forward_backward_200")
SLOW_NETWORKS = ("efficientnet_lite0",)
STEPS, SAMPLES = 200, 1000
BATCH = 15  # pictures, three times the batch of a backward pass
BATCH_METHODS = (
    *("saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam", "deep_taylor"),
    "integrated_gradients",
)
BATCH_BASELINES = ("forward_backward_batch",)
PICTURES = ("activation_maximization", "network_inversion")  # what they make is no map
BLACK = -127 / 128  # a black pixel of EfficientNet-Lite0's input, where integrated gradients start
NOISE = 0.15  # SmoothGrad's, as a share of the input's range
FORWARD_BATCH, BACKWARD_BATCH = 8, 5  # cnnvis_widgets/methods/batches.py, at 224 × 224

Work = Callable[[], np.ndarray]


@dataclass
class Task:
    """What every contestant is given.

    Attributes:
        network: "efficientnet_lite0" or "vgg16".
        folder: where the files of the task are, written by the first contestant, which is ours.
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
    def inputs(self) -> np.ndarray:
        """Other parts of the picture: float32 (`BATCH`, rows, columns, 3)."""
        return np.load(self.folder / "inputs.npy")

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
        baselines: the raw framework's forward, and forward + backward; perhaps the slow ones too.
        methods: for each method a function that builds what can be kept between explanations and
            gives back the function that explains once. The result is an attribution, batch of one.
        versions: of the libraries.
        batches: as `methods`, for `BATCH` pictures at once, as the library takes many best.
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
    batches: dict[str, Callable[[], Work]] = field(default_factory=dict)


def serve(prepare: Callable[[Task], Works]) -> None:
    """Prepare, report the start, then run a round for each line that comes in."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print must not come between the answers
    network, folder, started, *wishes = sys.argv[1:]
    task = Task(network, Path(folder), float(started))

    def answer(record: dict[str, Any]) -> None:
        answers.write(json.dumps(record) + "\n")
        answers.flush()

    works = prepare(task)
    calls: dict[str, Work] = {}
    first: dict[str, float] = {}
    slow = SLOW_METHODS if "slow" in wishes else ()
    for name in (m for m in (*METHODS, *slow) if m in works.methods):
        before = time.perf_counter()
        call = works.methods[name]()
        result = call()
        first[name] = time.perf_counter() - before
        if not calls:  # the first explanation that anyone would see
            cold = time.time() - task.started
        calls[name] = call
        np.save(task.folder / f"{Path(sys.argv[0]).stem}-{name}.npy", result)
    works.afterwards()
    known = works.baselines | calls
    together = batch_works(works) if "batch" in wishes else {}
    quick = {name: known[name] for name in (*BASELINES, *METHODS) if name in known}
    many = {name: known[name] for name in (*SLOW_BASELINES, *slow) if slow and name in known}
    for _ in range(WARM_UP):
        timed(quick)
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
    kinds = {"round": quick, "slow round": many, "batch round": together}
    for line in sys.stdin:
        if line.strip() not in kinds:
            break
        answer(timed(kinds[line.strip()], known["forward"]))


def batch_works(works: Works) -> dict[str, Work]:
    """The works on many pictures, called "batch saliency" and so on, each done once."""
    calls = {name: works.baselines[name] for name in BATCH_BASELINES if name in works.baselines}
    built = {name: works.batches[name]() for name in BATCH_METHODS if name in works.batches}
    calls |= {f"batch {name}": call for name, call in built.items()}
    for name, call in calls.items():
        many = len(call())
        if many != BATCH and name not in BATCH_BASELINES:
            raise ValueError(f"{name}: expected {BATCH} maps; got {many}.")
    return calls


def timed(calls: dict[str, Work], before: Work | None = None) -> dict[str, float]:
    """One round: every work once, in order, in seconds.

    Args:
        calls: the works.
        before: is done first, so that the caches are this process' again after the others' turns.
    """
    gc.collect()  # so that one work's rubbish is not collected on another's account
    (before or next(iter(calls.values())))()
    seconds = {}
    for name, call in calls.items():
        before = time.perf_counter()
        call()
        seconds[name] = time.perf_counter() - before
    return seconds
