"""Make docs/images/activation_maximization.jpg and docs/activation_maximization.md.

python scripts/make_maximization_sheet.py           # twenty classes, some five minutes
python scripts/make_maximization_sheet.py --time    # prints how long a step takes instead
"""

from __future__ import annotations

import datetime
import os
import platform
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from PIL import Image

import cnnvis_widgets as cnnvis
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.methods.explanation import Explanation

CLASSES = tuple(range(0, 1000, 50))
"""Every fiftieth of the 1,000, fixed before any picture of them was made. The defaults were
chosen on others, some of 25, 75, 225, 275, 425, 475, 625, 675 and 875."""
COLUMNS = 5
GAP = 6
DOCS = Path(__file__).parents[1] / "docs"
PICTURE, PAGE = DOCS / "images" / "activation_maximization.jpg", DOCS / "activation_maximization.md"
EYE = Path(__file__).parent / "activation_maximization_reading.md"


def main() -> None:
    """Make the sheet and its page, or with ``--time`` measure."""
    network = cnnvis.load_network("efficientnet_lite0")
    if "--time" in sys.argv[1:]:
        print(timing(network))
        return
    explanations = []
    for unit in CLASSES:
        made = cnnvis.explain(network, "cat", method="activation_maximization", neuron=unit)
        print(row(made), flush=True)
        explanations.append(made)
    sheet([made.image for made in explanations]).save(PICTURE, quality=85, optimize=True)
    PAGE.write_text(page(explanations), "utf-8")


def sheet(pictures: list[np.ndarray | None]) -> Image.Image:
    """The pictures side by side, five in a row."""
    size = np.asarray(pictures[0]).shape[0]
    rows = -(-len(pictures) // COLUMNS)
    whole = Image.new("RGB", (COLUMNS * (size + GAP) - GAP, rows * (size + GAP) - GAP), "white")
    for number, picture in enumerate(pictures):
        down, right = divmod(number, COLUMNS)
        whole.paste(Image.fromarray(picture), (right * (size + GAP), down * (size + GAP)))
    return whole


def row(made: Explanation) -> str:
    """One line of the table."""
    figures = made.details
    return (
        f"| {made.neuron.unit} | {made.label} | {figures['before']:.1f} | {made.value:.1f} "
        f"| {figures['probability']:.3f} | {figures['rank']} |"
    )


def page(explanations: list[Explanation]) -> str:
    """The page as Markdown; what the eye says is in a file of its own."""
    settings = ", ".join(f"{name} {value}" for name, value in explanations[0].parameters.items())
    count, first = len(explanations), sum(made.details["rank"] == 1 for made in explanations)
    probable = np.median([made.details["probability"] for made in explanations])
    table = "\n".join(row(made) for made in explanations)
    names = " · ".join(made.label for made in explanations)
    return f"""\
<!-- Made by scripts/make_maximization_sheet.py; the section "To the eye" is its neighbour
     scripts/activation_maximization_reading.md. Do not edit. -->

# Twenty pictures by activation maximisation

![Twenty pictures in four rows of five](images/activation_maximization.jpg)

In rows: {names}.

Made from noise on EfficientNet-Lite0 (ImageNet) by `python scripts/make_maximization_sheet.py` on
{datetime.date.today()} ({platform.machine()}, {os.cpu_count()} processors, no GPU), seed 0, all of
them as they came out. The classes are every fiftieth of the 1,000, fixed before any was looked at;
the defaults were chosen on other classes.

Settings, the defaults: {settings}.

## What the network says

Of the finished 8-bit picture, through the network's own preprocessing: {first} of {count} come
first, the median probability is {probable:.3f}. *Before* and *after* are the class's value before
softmax, on the noise and on the finished picture.

| unit | class | before | after | probability | rank |
| - | - | - | - | - | - |
{table}

{EYE.read_text("utf-8")}"""


def timing(network: cnnvis.Network, steps: int = 100, rounds: int = 3) -> str:
    """Milliseconds a step, and of a raw forward and backward pass, taken in turns."""
    neuron = cnnvis.Neuron(None, 625)
    picture = network.prepare(cnnvis.load_image("cat")).input[None]
    names = "activation_maximization", "raw"
    spent: dict[str, list[float]] = {name: [] for name in names}

    def ascend() -> None:
        stamps: list[float] = []
        cnnvis.explain(
            network,
            "cat",
            method="activation_maximization",
            neuron=neuron,
            steps=steps,
            progress=lambda done, total: stamps.append(time.perf_counter()),
        )
        spent[names[0]] += np.diff(stamps[2:]).tolist()

    def pass_through() -> None:
        for _ in range(steps):
            before = time.perf_counter()
            network.backward(picture, neuron, Pass())
            spent[names[1]].append(time.perf_counter() - before)

    for _ in range(rounds):
        ascend()
        pass_through()
    step, raw = (1000 * float(np.median(spent[name][5:])) for name in names)
    return f"a step {step:.1f} ms, forward and backward {raw:.1f} ms: {step / raw:.2f} ×"


if __name__ == "__main__":
    main()
