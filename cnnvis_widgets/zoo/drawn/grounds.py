"""Backgrounds. None of them has the objects' textures: no stripes, dots, checks or rings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnvis_widgets.zoo.drawn.colours import colour
from cnnvis_widgets.zoo.drawn.noise import fractal, noise

Ground = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""(x, y) in pixels, and chance → float (rows, columns, 3), red green blue 0..1."""


def clouds(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Soft and irregular."""
    return _between(fractal(x, y, rng.uniform(18, 34), 4, rng), rng, 0.34)


def grain(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drawn out in one direction, as wood or dry grass."""
    along, across = _turned(x, y, rng.uniform(0, np.pi))
    fibre = fractal(along / rng.uniform(5, 9), across, rng.uniform(5, 8), 3, rng)
    return _between(0.7 * fibre + 0.3 * noise(x, y, 25, rng), rng, 0.32)


def gravel(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stones side by side, each of a lightness of its own."""
    step = rng.uniform(7, 11)
    corners = np.arange(-1, 64 / step + 1) * step
    points = np.stack(np.meshgrid(corners, corners), -1).reshape(-1, 2)
    points = points + rng.uniform(0.05, 0.95, points.shape) * step
    squared = (x[..., None] - points[:, 0]) ** 2 + (y[..., None] - points[:, 1]) ** 2
    nearest_index = squared.argmin(-1)
    nearest = np.sqrt(np.partition(squared, 1, axis=-1)[..., :2])
    joint = np.clip((nearest[..., 1] - nearest[..., 0]) / 2.2, 0, 1)
    stone = rng.random(len(points))[nearest_index] * 0.75 + 0.25 * noise(x, y, 3, rng)
    return _between(stone, rng, 0.28) * (0.72 + 0.28 * joint)[..., None]


def bark(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Crossed by crooked furrows."""
    along, across = _turned(x, y, rng.uniform(0, np.pi))
    ridge = abs(2 * fractal(along / 1.7, across, rng.uniform(9, 15), 3, rng) - 1)
    return _between(np.clip(2.2 * ridge, 0, 1), rng, 0.30)


def hills(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sky over two ranges of hills."""
    light = rng.uniform(0.55, 0.8)
    sky = colour(rng, light, (0.1, 0.5)) * (1 - 0.25 * y / 64)[..., None]
    ground = sky * (0.92 + 0.16 * fractal(x, 2 * y, 26, 3, rng))[..., None]
    for height in (rng.uniform(18, 32), rng.uniform(36, 50)):
        light -= rng.uniform(0.12, 0.2)
        edge = height + 16 * (fractal(x[:1], 0 * x[:1], 24, 3, rng) - 0.5)
        hill = colour(rng, light, (0.2, 0.6)) * (0.8 + 0.4 * fractal(x, y, 9, 3, rng))[..., None]
        cover = np.clip(y - edge + 0.5, 0, 1)[..., None]
        ground = ground * (1 - cover) + hill * cover
    return ground


def haze(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One colour passing into another, slightly rough, as a painted wall."""
    along, _ = _turned(x - 32, y - 32, rng.uniform(0, 2 * np.pi))
    value = 0.5 + along / 90 + 0.22 * (fractal(x, y, 8, 3, rng) - 0.5)
    return _between(np.clip(value, 0, 1), rng, 0.36)


GROUNDS: tuple[Ground, ...] = (clouds, grain, gravel, bark, hills, haze)


def _turned(x: np.ndarray, y: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return cosine * x + sine * y, cosine * y - sine * x


def _between(value: np.ndarray, rng: np.random.Generator, contrast: float) -> np.ndarray:
    """Spread 0..1 over two colours whose lightness differs by `contrast`."""
    middle = rng.uniform(0.36, 0.66)
    ends = [colour(rng, middle + side * contrast / 2, (0.1, 0.6)) for side in (-1, 1)]
    return ends[0] + (ends[1] - ends[0]) * value[..., None]
