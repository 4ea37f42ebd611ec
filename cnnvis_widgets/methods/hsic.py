"""HSIC attribution: a kernel measure of the neuron's dependence on each cell's mask."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import COLOUR, UNCHANGED, cover
from cnnvis_widgets.methods.masking import changed
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.sobol import GRID, ROUNDING, cells_of

FEWEST = 20
SAMPLES = Parameter(
    "samples",
    "Masks",
    "integer",
    1000,
    "how many random masks; each shows a random half of the cells",
    FEWEST,
    5000,
    10,
    unit="masks",
)


class Hsic(Method):
    """The Hilbert-Schmidt independence criterion of a cell's mask and the neuron's value.

    tr(K C L C) / n² over n random masks of zeros and ones, C = 1 - 1/n: K is 1 where two masks
    agree on the cell, L the Gaussian kernel of their values, its width the median of their
    distances. It is 0 where the value is independent of the cell, and sees any dependence, not
    only one of means.
    """

    name = "hsic"
    title = "HSIC attribution"
    summary = "the cells on which the neuron's value depends, in whatever way"
    paper = (
        "Novello, Fel & Vigouroux, Making Sense of Dependence: Efficient Black-box Explanations "
        "Using Dependence Measure, NeurIPS 2022, arXiv:2206.06219"
    )
    section = "not in the thesis"
    order = 76
    gradient_based = False
    resolution = "low"
    weaknesses = (
        "Has no sign: what lowers the neuron is shown like what raises it. As coarse as the grid; "
        "chance leaves something above zero in every cell, the less the more masks there are."
    )
    unit = "dependence (HSIC)"
    random = True
    parameters = (SAMPLES, GRID, COLOUR)

    def answer(self, question: Question) -> Answer:
        """One forward pass for each mask, in batches."""
        network, picture = question.network, question.input
        neuron, value = network.resolved(picture, question.neuron)
        samples, hidden = question.parameters["samples"], cover(question)
        cells, grid = cells_of(picture.shape[:2], question.parameters["grid"])
        players = np.flatnonzero(changed(picture, hidden, cells))
        masks = np.random.default_rng(question.seed).random((samples, cells.max() + 1)) < 0.5
        values = np.zeros(samples)

        def so_far(completed: int) -> Answer:
            cells = np.zeros(grid)
            cells.ravel()[players] = dependences(masks[:completed, players], values[:completed])
            note = (
                f"{completed} masks; the cells hold {cells.min():.2g} to {cells.max():.2g}, of "
                f"which about {chance_level(values[:completed]):.2g} would be there by chance."
            )
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                cells.astype(np.float32)[..., None],
                notes=(note if len(players) else UNCHANGED,),
                details={"samples": completed, "chance": chance_level(values[:completed])},
                parameters={} if completed == samples else {"samples": completed},
            )

        question.progress(0, samples)
        difference = picture - hidden
        for batch in batches(samples if len(players) else 0, picture.shape, FORWARD):
            mask_batch = masks[batch.start : batch.stop].astype(np.float32)
            masked = hidden + mask_batch[:, cells][..., None] * difference
            values[batch.start : batch.stop] = network.values(masked, neuron)
            question.progress(batch.stop, samples)
            if FEWEST <= batch.stop < samples and batch.stop % (len(batch) * 8) == 0:
                question.preview(partial(so_far, batch.stop))
        return so_far(samples)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]


def kernel(values: np.ndarray) -> np.ndarray:
    """The centred Gaussian kernel C L C of numbers; zeros if they hardly differ.

    Args:
        values: float64 (samples,).

    Returns:
        float64 (samples, samples).
    """
    distances = np.abs(values[:, None] - values)
    if distances.max() <= ROUNDING * np.abs(values).max():
        return np.zeros_like(distances)
    positive = distances[distances > 0]
    matrix = np.exp(-((distances / np.median(positive)) ** 2) / 2)
    matrix -= matrix.mean(0)
    return matrix - matrix.mean(1, keepdims=True)


def dependences(masks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """tr(K C L C) / n² for each cell: float64 (cells,), nowhere negative.

    Args:
        masks: bool (samples, cells).
        values: float64 (samples,).

    With m the cell's column of 0 and 1, K = m mᵀ + (1 - m) (1 - m)ᵀ. The rows of C L C add up to
    0, so both terms give the same, mᵀ C L C m.
    """
    columns = masks.astype(np.float64)
    sums = np.einsum("ni,ni->i", columns, kernel(values) @ columns)
    return np.maximum(2 * sums / len(values) ** 2, 0)


def chance_level(values: np.ndarray) -> float:
    """The expected value of a cell that the values do not depend on: tr(C L C) / (2 n²).

    A mask agrees with itself always, and with any other half of the time; only the diagonal counts,
    since the sum of C L C is 0.
    """
    return float(np.trace(kernel(values)) / (2 * len(values) ** 2))
