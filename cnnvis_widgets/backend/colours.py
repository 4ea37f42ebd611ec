"""Conversion between a network's input and colours, for affine preprocessing. No TensorFlow.

Published preprocessing functions scale, shift, swap red and blue, or subtract a mean picture: each
pixel's input is a matrix times its colour, plus the input for black. Both are measured.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnnvis_widgets.backend import pixels
from cnnvis_widgets.errors import InvalidValueError


class Colours(NamedTuple):
    """input = colours @ matrix + black, with colours from 0 to 1.

    Attributes:
        matrix: float32 (channels, channels), invertible.
        black: float32 (rows, columns, channels), the input of a black picture.
        exact: whether the network's preprocessing does exactly this; else it is a scaling of the
            input's own range.
    """

    matrix: np.ndarray
    black: np.ndarray
    exact: bool

    def colours(self, values: np.ndarray) -> np.ndarray:
        """An input's colours, float32 (…, rows, columns, channels), not clipped."""
        inverse = np.linalg.inv(self.matrix.astype(np.float64))
        return ((values - self.black) @ inverse).astype(np.float32)


def find_colours(
    shape: tuple[int, int, int], preprocess: pixels.Preprocess | None, values: np.ndarray
) -> Colours:
    """How a network's preprocessing maps colours, measured on uniform pictures.

    Args:
        shape: of the network's input.
        preprocess: as `Network` has it.
        values: an input, float32 of that shape, whose range is taken where the preprocessing is
            not affine (one that divides by the picture's own spread, for one).
    """
    colours = _affine(shape, preprocess)
    if colours is not None:
        return colours
    low, high = float(values.min()), float(values.max())
    width = high - low if high > low else 1.0
    eye = np.eye(shape[2], dtype=np.float32)
    return Colours(eye * np.float32(width), np.full(shape, low, np.float32), False)


def _affine(shape: tuple[int, int, int], preprocess: pixels.Preprocess | None) -> Colours | None:
    def as_input(colours: np.ndarray) -> np.ndarray:
        picture = np.broadcast_to(np.asarray(colours, np.float32), shape)
        return pixels.preprocessed(np.array(picture * np.float32(255)), preprocess)

    trial = (
        np.random.default_rng(0).integers(0, 256, shape) / 255
    )  # any picture that is not uniform
    try:
        with np.errstate(all="ignore"):
            black = as_input(np.zeros(shape[2]))
            matrix = np.stack([(as_input(row) - black).mean((0, 1)) for row in np.eye(shape[2])])
            difference = as_input(trial) - (trial @ matrix + black)
    except (ArithmeticError, InvalidValueError, ValueError):
        return None
    width = np.abs(matrix).max()
    # Not "any larger", which would let NaN pass.
    if not (np.abs(difference) <= 1e-3 * width).all() or np.linalg.cond(matrix) > 1e4:
        return None
    return Colours(matrix.astype(np.float32), black.astype(np.float32), True)


def as_picture(colours: np.ndarray) -> np.ndarray:
    """Colours of 0 to 1 as a picture to look at.

    Args:
        colours: float32 (rows, columns, 1 or 3); values outside the range are clipped.

    Returns:
        uint8 (rows, columns, 3).
    """
    picture = np.rint(np.clip(colours, 0, 1) * 255).astype(np.uint8)
    return np.repeat(picture, 3 // picture.shape[2], axis=2)
