"""Points of two classes in the plane, between -1 and 1: training data for small networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import UnknownNameError

COUNT = 100  # points in each set
SETS = ("clouds", "xor", "ring", "moons", "spirals")


def plane_points(name: str, seed: int = 0) -> NDArray[np.float64]:
    """One of the sets.

    Args:
        name: "clouds" (linearly separable), "xor" (each class in two opposite corners), "ring" (one
            class around the other), "moons", "spirals".
        seed: of the noise.

    Returns:
        float64 (100, 3): x, y, class 0 or 1; both classes have 50 points.

    Raises:
        UnknownNameError: another name.
    """
    if name not in SETS:
        raise UnknownNameError.of("set of points", name, SETS)
    random = np.random.default_rng(seed)
    kind = np.arange(COUNT) % 2
    fraction = (np.arange(COUNT) // 2 + 0.5) / (COUNT // 2)  # 0 … 1 within each class
    if name == "clouds":
        points = np.where(kind, 0.45, -0.45)[:, None] + random.normal(0, 0.2, (COUNT, 2))
    elif name == "xor":
        side = np.where(np.arange(COUNT) // 2 % 2, 1.0, -1.0)
        corner = np.stack([side, np.where(kind, -side, side)], axis=1)
        points = 0.5 * corner + random.normal(0, 0.14, (COUNT, 2))
    elif name == "ring":
        radius = np.where(kind, 0.75, 0.25) + random.normal(0, 0.06, COUNT)
        points = _around(radius, 2 * np.pi * fraction)
    elif name == "moons":
        angle = np.pi * fraction
        arc = np.where(kind, 1.0, -1.0)[:, None] * np.stack([np.cos(angle), -np.sin(angle)], axis=1)
        shift = np.where(kind, 1.0, -1.0)[:, None] * np.array([0.25, 0.12])
        points = 0.6 * arc + shift + random.normal(0, 0.07, (COUNT, 2))
    else:
        angle = 3 * np.pi * np.sqrt(fraction)
        points = _around(0.9 * np.sqrt(fraction), angle + np.pi * kind)
        points += random.normal(0, 0.015, (COUNT, 2))
    return np.column_stack([np.clip(points, -0.98, 0.98), kind]).round(3)


def scattered_points(
    name: str, count: int, spread: float = 0.15, seed: int = 0
) -> NDArray[np.float64]:
    """Points of a set with added noise, so that the classes overlap.

    Args:
        name: as in `plane_points`.
        count: how many, in any order.
        spread: the standard deviation of the noise on x and y.
        seed: of the points and of the noise.

    Returns:
        float64 (count, 3): x, y, class 0 or 1.
    """
    random = np.random.default_rng(seed + 1000)
    rounds = -(-count // COUNT)
    points = np.concatenate([plane_points(name, 50 * seed + k) for k in range(rounds)])
    moved = points[:, :2] + random.normal(0, spread, (len(points), 2))
    points[:, :2] = np.clip(moved, -0.98, 0.98).round(3)
    return points[random.permutation(len(points))[:count]]


def _around(radius: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
