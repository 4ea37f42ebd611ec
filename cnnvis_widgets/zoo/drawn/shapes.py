"""Eight outlines as functions of a point: below 0 inside, above 0 outside, growing with distance.

Each takes float arrays x (to the right) and y (downwards) of one size, and returns an array of
that size, in the same unit. In that unit a disc has radius 1; `spread` makes all areas equal.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def disc(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Round."""
    return np.hypot(x, y) - 1


def square(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Four equal sides."""
    return np.maximum(abs(x), abs(y)) - 1


def triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Three equal sides, the tip upwards."""
    return np.maximum(y, 0.866 * abs(x) - 0.5 * y) - 0.5


def hexagon(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Six equal sides."""
    return np.maximum(abs(y), 0.866 * abs(x) + 0.5 * abs(y)) - 1


def star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Five points; the notches lie at 0.48 of the tips' distance."""
    fifth = 2 * np.pi / 5
    turned = np.arctan2(x, -y)
    angle = abs(turned - fifth * np.round(turned / fifth))
    along, across = np.hypot(x, y) * np.cos(angle), np.hypot(x, y) * np.sin(angle)
    notch = 0.48 * np.array([np.cos(fifth / 2), np.sin(fifth / 2)])
    normal = np.array([notch[1], 1 - notch[0]]) / np.hypot(notch[1], 1 - notch[0])
    return (along - 1) * normal[0] + across * normal[1]


def heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square on its tip with a disc on each upper side."""
    down = y + 0.1
    diamond = (abs(x) + abs(down)) / np.sqrt(2) - 0.7
    lobe = np.hypot(abs(x) - 0.495, down + 0.495) - 0.7
    return np.minimum(diamond, lobe)


def cross(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Two bars, each 0.36 as wide as long."""
    long, short = np.maximum(abs(x), abs(y)), np.minimum(abs(x), abs(y))
    return np.maximum(long - 1, short - 0.36)


def crescent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc without a smaller one to its right."""
    left = x - 0.25
    return np.maximum(np.hypot(left, y) - 1, 0.78 - np.hypot(left - 0.52, y))


@functools.cache
def spread(shape: Shape) -> float:
    """What to multiply a shape's coordinates by, so that its area is π, a disc's."""
    inside, step = _raster(shape)
    return float(np.sqrt(inside.sum() * step**2 / np.pi))


@functools.cache
def reach(shape: Shape) -> float:
    """The distance of the point farthest from the centre."""
    inside, step = _raster(shape)
    rows, columns = np.nonzero(inside)
    return (
        float(np.hypot(rows + 0.5 - len(inside) / 2, columns + 0.5 - len(inside) / 2).max()) * step
    )


def _raster(shape: Shape) -> tuple[np.ndarray, float]:
    step = 0.005
    axis = np.arange(-1.6, 1.6, step) + step / 2
    return shape(*np.meshgrid(axis, axis)) < 0, step
