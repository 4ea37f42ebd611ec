"""Resizing by formula, one output place at a time; nothing shared with Pillow or the package."""

from __future__ import annotations

import math

import numpy as np


def cubic(x: float) -> float:
    """Keys' kernel with a = -1/2."""
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def weights(size: int, start: float, length: float, wanted: int) -> np.ndarray:
    """(wanted, size): how much each input counts for each output of `start` … `start + length`.

    Pixel centres lie at half-integers; the kernel widens as the picture shrinks.
    """
    scale = length / wanted
    wide = max(scale, 1.0)
    table = np.zeros((wanted, size))
    for i in range(wanted):
        centre = start + (i + 0.5) * scale
        for j in range(size):
            table[i, j] = cubic((j + 0.5 - centre) / wide)
        table[i] /= table[i].sum()
    return table


def bicubic(
    picture: np.ndarray,
    top: float,
    left: float,
    height: float,
    width: float,
    rows: int,
    columns: int,
) -> np.ndarray:
    """The box of a picture (rows, columns, channels) at another size, float64.

    Columns first, then rows, with whole levels of 0 to 255 between, as Pillow does it.
    """
    across = weights(picture.shape[1], left, width, columns)
    wide = np.tensordot(picture.astype(float), across, (1, 1)).transpose(0, 2, 1)
    down = weights(picture.shape[0], top, height, rows)
    return np.clip(np.tensordot(down, np.clip(np.rint(wide), 0, 255), (1, 0)), 0, 255)


def bilinear(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """A map (r, c) on a finer grid: half-pixel centres, the border goes on; float64."""
    result = np.zeros((rows, columns))
    r, c = values.shape
    for i in range(rows):
        for j in range(columns):
            y = min(max((i + 0.5) * r / rows - 0.5, 0), r - 1)
            x = min(max((j + 0.5) * c / columns - 0.5, 0), c - 1)
            y0, x0 = math.floor(y), math.floor(x)
            y1, x1 = min(y0 + 1, r - 1), min(x0 + 1, c - 1)
            upper = values[y0, x0] * (1 - (x - x0)) + values[y0, x1] * (x - x0)
            lower = values[y1, x0] * (1 - (x - x0)) + values[y1, x1] * (x - x0)
            result[i, j] = upper * (1 - (y - y0)) + lower * (y - y0)
    return result
