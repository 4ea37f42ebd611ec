"""Occlusion: the neuron's drop when a patch of the picture is covered (thesis 3.10)."""

from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import COLOUR, cover
from cnnvis_widgets.methods.parameter import Parameter

PATCH = Parameter(
    "patch",
    "Patch",
    "integer",
    0,
    "side of the square that covers, in pixels of the network's input; 0: a seventh of its shorter "
    "side",
    0,
    1024,
    1,
    unit="pixels",
)
STRIDE = Parameter(
    "stride",
    "Stride",
    "integer",
    0,
    "from one patch to the next, in pixels, at most the patch; 0: half of it. Half the stride "
    "takes four times as long",
    0,
    1024,
    1,
    unit="pixels",
)


class Occlusion(Method):
    """Drop of the neuron when a square patch is covered, for patches all over the picture.

    A pixel's attribution is the mean drop over all patches that cover it: positive where the
    neuron needs what is there, negative where it does better without. Patches start at every
    multiple of the stride and, so that all is covered, at the far borders. They are visited coarse
    to fine: the stride starts at the chosen one, doubled as often as it stays within the patch, and
    is halved in each round; each round is an answer.
    """

    name = "occlusion"
    title = "Occlusion"
    summary = "how far the neuron falls when a patch of the picture is covered"
    paper = (
        "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, "
        "arXiv:1311.2901, section 4.2"
    )
    section = "3.10"
    order = 70
    gradient_based = False
    resolution = "low"
    weaknesses = (
        "A patch is a shape and a colour of its own, which the network may take for something; "
        "evidence that is in two places is missed, since either suffices. Slow: one forward "
        "pass for each patch."
    )
    signed = True
    unit = "drop in activation"
    parameters = (PATCH, STRIDE, COLOUR)

    def answer(self, question: Question) -> Answer:
        """One forward pass for each patch that changes the picture, in batches."""
        network, picture = question.network, question.input
        neuron, value = network.resolved(picture, question.neuron)
        patch, stride = _sizes(question)
        colour = cover(question)
        rounds = _rounds(picture.shape, patch, stride)
        # A patch over pixels of its own colour changes nothing: exactly 0, not a rounding error.
        effective = [
            [
                patch_slice
                for patch_slice in patch_slices
                if (picture[patch_slice] != colour[patch_slice]).any()
            ]
            for patch_slices in rounds.values()
        ]
        total, completed, patches = sum(map(len, effective)), 0, 0
        drops, counts = np.zeros((2, *picture.shape[:2]), np.float64)

        def so_far(step: int, patches: int, mean: np.ndarray) -> Answer:
            note = (
                f"{patches} {question.parameters['colour']} patches of {patch[0]} × {patch[1]} "
                f"pixels, {step} apart; each pixel shows the mean drop over the patches on it."
            )
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                mean.astype(np.float32)[..., None],
                notes=(note,),
                details={"patches": patches, "patch": patch, "stride": step},
                parameters={} if step == stride else {"stride": step},
            )

        question.progress(0, total)
        for (step, patch_slices), effective_slices in zip(rounds.items(), effective, strict=True):
            for batch in batches(len(effective_slices), picture.shape, FORWARD):
                covered = np.repeat(picture[None], len(batch), axis=0)
                for copy, number in zip(covered, batch, strict=True):
                    copy[effective_slices[number]] = colour[effective_slices[number]]
                changes = value - network.values(covered, neuron).astype(np.float64)
                for drop, number in zip(changes, batch, strict=True):
                    drops[effective_slices[number]] += drop
                question.progress(completed + batch.stop, total)
            for patch_slice in patch_slices:
                counts[patch_slice] += 1
            completed, patches = completed + len(effective_slices), patches + len(patch_slices)
            if step != stride:
                question.preview(partial(so_far, step, patches, drops / counts))
        return so_far(stride, patches, drops / counts)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]


def _sizes(question: Question) -> tuple[tuple[int, int], int]:
    """The patch's (rows, columns), no larger than the picture, and the stride."""
    rows, columns = question.input.shape[:2]
    patch = question.parameters["patch"] or max(1, round(min(rows, columns) / 7))
    stride = question.parameters["stride"] or max(1, patch // 2)
    if stride > patch:
        raise InvalidValueError(
            f"stride is at most the patch, {patch} pixels, or what is between the patches would "
            f"never be covered; got {stride}."
        )
    return (min(patch, rows), min(patch, columns)), stride


def _rounds(
    shape: tuple[int, ...], patch: tuple[int, int], stride: int
) -> dict[int, list[tuple[slice, slice]]]:
    """The patches that each stride adds to those of larger strides, the largest stride first."""
    strides = [stride]
    while 2 * strides[0] <= min(patch):
        strides.insert(0, 2 * strides[0])
    rounds: dict[int, list[tuple[slice, slice]]] = {}
    visited: set[tuple[int, int]] = set()
    for step in strides:
        rows, columns = (
            sorted({*range(0, size - side + 1, step), size - side})
            for size, side in zip(shape, patch, strict=False)
        )
        new = [corner for corner in product(rows, columns) if corner not in visited]
        visited.update(new)
        rounds[step] = [(slice(r, r + patch[0]), slice(c, c + patch[1])) for r, c in new]
    return rounds
