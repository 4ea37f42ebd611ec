"""RISE: the neuron's mean over random masks that show a pixel."""

from __future__ import annotations

from functools import partial

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import COLOUR, UNCHANGED, cover
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.upsampling import at_input_size

FEWEST = 10
SAMPLES = Parameter(
    "samples",
    "Masks",
    "integer",
    2000,
    "how many masks; what is left of chance falls with the square root of it. The paper takes 4000 "
    "to 8000",
    FEWEST,
    20000,
    10,
    unit="masks",
)
GRID = Parameter(
    "grid",
    "Grid",
    "integer",
    7,
    "cells along each side of a mask, before it is enlarged",
    1,
    64,
    1,
    unit="cells",
)
SHARE = Parameter(
    "share", "Share shown", "float", 0.5, "how many of a mask's cells show the picture", 0.05, 0.95
)


class Rise(Method):
    """Mean of the neuron over masks that show a pixel, minus its mean over all masks.

    A mask is a coarse grid of zeros and ones, enlarged bilinearly and shifted by chance; what it
    hides has the chosen colour. The paper's map is the first mean alone; the second, the same for
    all pixels, is subtracted because a value before softmax has no zero of its own.
    """

    name = "rise"
    title = "RISE"
    summary = "the regions that raise the neuron when chance shows them"
    paper = (
        "Petsiuk, Das & Saenko, RISE: Randomized Input Sampling for Explanation of Black-box "
        "Models, BMVC 2018, arXiv:1806.07421"
    )
    section = "not in the thesis"
    order = 72
    gradient_based = False
    resolution = "high"
    weaknesses = (
        "Slow, and never free of chance: another seed gives another map, the more so the fewer the "
        "masks. Half-hidden pictures are none that the network was trained on."
    )
    signed = True
    unit = "change of activation where shown"
    random = True
    parameters = (SAMPLES, GRID, SHARE, COLOUR)

    def answer(self, question: Question) -> Answer:
        """One forward pass for each mask, in batches."""
        network, picture = question.network, question.input
        neuron, value = network.resolved(picture, question.neuron)
        samples, share = question.parameters["samples"], question.parameters["share"]
        hidden, size = cover(question), picture.shape[:2]
        rng = np.random.default_rng(question.seed)
        weighted, mask_sum = np.zeros((2, *size), np.float64)
        changes, unchanged = np.zeros(samples), bool((picture == hidden).all())

        def so_far(completed: int, weighted: np.ndarray, mask_sum: np.ndarray) -> Answer:
            partial_changes = changes[:completed]
            shown_mean = np.divide(weighted, mask_sum, out=np.zeros(size), where=mask_sum > 0)
            heatmap = (
                np.where(mask_sum > 0, shown_mean - partial_changes.mean(), 0)
                if partial_changes.any()
                else np.zeros(size)
            )
            # Mean of the share of the masks that show a pixel against the mean of all of them.
            chance = float(partial_changes.std() * np.sqrt((1 - share) / (share * completed)))
            note = (
                f"{completed} masks. With another seed a pixel would move by about {chance:.2g} "
                f"(the largest is {np.abs(heatmap).max():.2g})."
            )
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                heatmap.astype(np.float32)[..., None],
                notes=(UNCHANGED,) if unchanged else (note,),
                details={
                    "samples": completed,
                    "chance": chance,
                    "mean": value + float(partial_changes.mean()),
                },
                parameters={} if completed == samples else {"samples": completed},
            )

        question.progress(0, samples)
        for batch in batches(samples, picture.shape, FORWARD):
            masks = np.stack([mask(size, question.parameters, rng) for _ in batch])
            masked = hidden + masks[..., None] * (picture - hidden)
            # Relative to the picture's own value: a neuron that never changes gives exactly 0.
            change = network.values(masked, neuron).astype(np.float64) - value
            change *= not unchanged  # otherwise only rounding errors
            changes[batch.start : batch.stop] = change
            weighted += np.tensordot(change, masks, 1)
            mask_sum += masks.sum(0, dtype=np.float64)
            question.progress(batch.stop, samples)
            if FEWEST <= batch.stop < samples:
                question.preview(partial(so_far, batch.stop, weighted.copy(), mask_sum.copy()))
        return so_far(samples, weighted, mask_sum)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]


def mask(
    size: tuple[int, int], parameters: dict[str, float], rng: np.random.Generator
) -> np.ndarray:
    """One mask, float32 (rows, columns) from 0 (hidden) to 1 (shown).

    Args:
        size: (rows, columns).
        parameters: `grid` and `share`.
        rng: draws the grid, then the shift along the rows, then that along the columns.
    """
    grid = int(parameters["grid"])
    cells = (rng.random((grid, grid)) < parameters["share"]).astype(np.float32)
    cell = (-(-size[0] // grid), -(-size[1] // grid))
    large = at_input_size(cells, ((grid + 1) * cell[0], (grid + 1) * cell[1]))
    top, left = (int(rng.integers(side)) for side in cell)
    return large[top : top + size[0], left : left + size[1]]
