"""Sobol attribution: each cell's share of the neuron's variance under random masks."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import COLOUR, UNCHANGED, cover
from cnnvis_widgets.methods.masking import changed
from cnnvis_widgets.methods.parameter import Parameter

GRID = Parameter(
    "grid", "Grid", "integer", 7, "cells along each side of the picture", 1, 32, 1, unit="cells"
)
DESIGNS = Parameter(
    "designs",
    "Designs",
    "integer",
    32,
    "how many pairs of random masks, best a power of two; each costs a forward pass for each cell "
    "and two more",
    2,
    4096,
    2,
    unit="pairs",
)
ROUNDING = 1e-5  # a deviation of the values below this share of them is a rounding error


class Sobol(Method):
    """The total Sobol index of each cell: E[Var(a | all other cells)] / Var(a).

    Every cell of a grid is blended with the chosen colour by a random share between 0 and 1. The
    masks are points of a scrambled Sobol sequence, the estimate is Jansen's: half the mean square
    of what changes when one cell alone is drawn again. The index counts what a cell does alone and
    in any interaction, so that the sum may exceed 1.
    """

    name = "sobol"
    title = "Sobol attribution"
    summary = "the cells that most make the neuron vary, alone or together with others"
    paper = (
        "Fel, Cadène, Chalvidal, Cord, Vigouroux & Serre, Look at the Variance! Efficient "
        "Black-box Explanations with Sobol-based Sensitivity "
        "Analysis, NeurIPS 2021, arXiv:2111.04138"
    )
    section = "not in the thesis"
    order = 74
    gradient_based = False
    resolution = "low"
    weaknesses = (
        "Has no sign: what lowers the neuron is shown like what raises it. As coarse as the grid, "
        "and slow; with few designs an estimate that another seed moves."
    )
    unit = "share of the variance"
    random = True
    parameters = (GRID, DESIGNS, COLOUR)

    def answer(self, question: Question) -> Answer:
        """`designs` · (cells + 2) forward passes, in batches."""
        network, picture = question.network, question.input
        neuron, value = network.resolved(picture, question.neuron)
        designs, hidden = question.parameters["designs"], cover(question)
        cells, grid = cells_of(picture.shape[:2], question.parameters["grid"])
        players = np.flatnonzero(changed(picture, hidden, cells))
        count = len(players)
        mask_pairs = masks(designs, count, question.seed)
        total = designs * (count + 2) if count else 0
        values = np.zeros((designs, count + 2))

        def so_far(completed: int) -> Answer:
            indices = np.zeros(grid)
            indices.ravel()[players] = total_indices(values[:completed])
            note = f"{completed} designs of {count} cells that covering changes, of {indices.size}."
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                indices.astype(np.float32)[..., None],
                notes=(note if count else UNCHANGED,),
                details={"designs": completed, "sum": float(indices.sum())},
                parameters={} if completed == designs else {"designs": completed},
            )

        question.progress(0, total)
        difference = picture - hidden
        for design in range(designs if count else 0):
            rows = one_design(*mask_pairs[design])
            for batch in batches(count + 2, picture.shape, FORWARD):
                shares = np.zeros((len(batch), grid[0] * grid[1]), np.float32)
                shares[:, players] = rows[batch.start : batch.stop]
                masked = hidden + shares[:, cells][..., None] * difference
                values[design, batch.start : batch.stop] = network.values(masked, neuron)
                question.progress(design * (count + 2) + batch.stop, total)
            completed = design + 1
            if 2 <= completed < designs and completed & (completed - 1) == 0:
                question.preview(partial(so_far, completed))
        return so_far(designs)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]


def cells_of(size: tuple[int, int], grid: int) -> tuple[np.ndarray, tuple[int, int]]:
    """The number of each pixel's cell, int (rows, columns), and the grid's (rows, columns).

    Example:
        >>> cells_of((2, 5), 2)[0]
        array([[0, 0, 0, 1, 1],
               [2, 2, 2, 3, 3]])
    """
    rows, columns = (np.arange(side) * min(grid, side) // side for side in size)
    shape = (min(grid, size[0]), min(grid, size[1]))
    return rows[:, None] * shape[1] + columns, shape


def masks(designs: int, cells: int, seed: int) -> np.ndarray:
    """Pairs of independent points: float32 (designs, 2, cells) between 0 and 1."""
    from scipy.stats.qmc import Sobol as Sequence

    if not cells:
        return np.zeros((designs, 2, 0), np.float32)
    points = Sequence(2 * cells, seed=np.random.default_rng(seed)).random_base2(
        int(np.ceil(np.log2(designs)))
    )
    return points[:designs].reshape(designs, 2, cells).astype(np.float32)


def one_design(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Both masks, and for each cell the first mask with that cell of the second.

    Args:
        first: (cells,).
        second: (cells,).

    Returns:
        (cells + 2, cells).

    Example:
        >>> one_design(np.float32([0, 0]), np.float32([1, 2]))
        array([[0., 0.],
               [1., 2.],
               [1., 0.],
               [0., 2.]], dtype=float32)
    """
    mixed = np.tile(first, (len(first), 1))
    np.fill_diagonal(mixed, second)
    return np.concatenate([first[None], second[None], mixed])


def total_indices(values: np.ndarray) -> np.ndarray:
    """Jansen's estimate of the total indices.

    Args:
        values: float64 (designs, cells + 2), of the rows that `one_design` gives.

    Returns:
        float64 (cells,), nowhere negative; zeros where the values hardly differ.
    """
    pair_values = values[:, :2]
    deviation = pair_values.std()
    if deviation <= ROUNDING * np.abs(pair_values).max():
        return np.zeros(values.shape[1] - 2)
    return ((values[:, :1] - values[:, 2:]) ** 2).mean(0) / (2 * deviation**2)
