"""Deletion and insertion curves: the network's response while pixels are replaced."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.engine import deletion
from cnnvis_widgets.engine.deletion import Curve, area, falling
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Score

SIDE, SIGMA, SIZE = 11, 5.0, 224  # RISE's blur, and the size of the pictures that it is meant for

STEPS = Parameter(
    "steps",
    "Steps",
    "integer",
    28,
    "how many times the network is asked after the start; RISE changes 8 rows of 224 each time",
    2,
    1000,
    unit="steps",
)
SUBSTRATES = ("zero", "black", "grey", "white", "mean", "blur")
OF = Parameter(
    "of",
    "Answer",
    "choice",
    "probability",
    "what is drawn: the class' probability, or the neuron's activation as a share of its value on "
    "the untouched picture (taken by itself where the neuron is no class of a softmax or sigmoid)",
    choices=("probability", "activation"),
)


def scored(case: Case, start: np.ndarray, end: np.ndarray, mixed_in: str) -> Score:
    """Score the area under the curve between two inputs.

    Args:
        case: its heatmap gives the order of the pixels.
        start: float32 (rows, columns, channels).
        end: the same shape.
        mixed_in: the substrate's name, for the details.
    """
    if np.ptp(case.heatmap) == 0:
        return Score(None, "the map is the same everywhere: it gives no order")
    order = falling(case.heatmap, case.seed)
    curve = answers(case, start, end, order)
    if curve is None:
        return Score(None, "the neuron's activation on the untouched picture is not above zero")
    details = {**curve._asdict(), "substrate": mixed_in}
    note = "" if curve.of == "probability" else "of the activation, as a share of its first value"
    return Score(area(curve.values), note, details)


def answers(case: Case, start: np.ndarray, end: np.ndarray, order: np.ndarray) -> Curve | None:
    """The network's response after 0, 1, … steps of equally many pixels.

    Returns:
        None if the untouched activation is not above zero, so that shares are undefined.
    """
    assert case.network is not None
    assert case.neuron is not None
    steps, likely = case.parameters["steps"], case.parameters["of"] == "probability"
    return deletion.answers(
        case.network, case.neuron, start, end, order,
        steps=steps, untouched=_untouched(case), likely=likely, progress=case.progress,
    )  # fmt: skip


def _untouched(case: Case) -> np.ndarray:
    assert case.network is not None
    assert case.image is not None
    return case.network.prepare(case.image).input


def inputs(case: Case, substrate: str) -> tuple[np.ndarray, np.ndarray]:
    """The network's input, and the input of the substrate that replaces pixels."""
    picture = _untouched(case)
    assert case.network is not None
    if substrate == "zero":
        return picture, np.zeros_like(picture)
    if substrate == "mean":
        mean = picture.mean((0, 1), dtype=np.float64).astype(np.float32)
        return picture, np.broadcast_to(mean, picture.shape).copy()
    if substrate == "blur":
        return picture, blurred(picture)
    return picture, case.network.plain({"black": 0, "grey": 128, "white": 255}[substrate])


def blurred(picture: np.ndarray) -> np.ndarray:
    """RISE's blur: 11 × 11 with σ = 5 for 224 rows, scaled for other sizes.

    Args:
        picture: float32 (rows, columns, channels).

    Returns:
        The same shape. The picture is padded with its border; the window is at least 3 × 3, its
        side odd.
    """
    from scipy.ndimage import gaussian_filter

    share = min(picture.shape[:2]) / SIZE
    half = max(1, round((SIDE * share - 1) / 2))
    sigma = SIGMA * (2 * half + 1) / SIDE
    return gaussian_filter(picture, sigma, mode="nearest", radius=half, axes=(0, 1))
