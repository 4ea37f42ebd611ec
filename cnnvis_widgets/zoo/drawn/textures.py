"""Eight textures as functions of a point: 0 is an object's first colour, 1 its second.

Each takes x and y, float arrays in pixels from the object's centre, turned with the object, the
period in pixels and a `Generator` for what is irregular, and returns an array of 0..1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnvis_widgets.zoo.drawn.noise import noise

Texture = Callable[[np.ndarray, np.ndarray, float, np.random.Generator], np.ndarray]


def stripes(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Straight and parallel, as broad as the gaps."""
    return _sharp(np.sin(2 * np.pi * x / period))


def dots(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Round, in rows that are shifted against one another."""
    across, down = x / period, y / (0.87 * period)
    row = np.round(down)
    column = across - 0.5 * (row % 2)
    distance = np.hypot(column - np.round(column), 0.87 * (down - row))
    return _sharp((0.31 - distance) * 8)


def checks(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """A chessboard."""
    turn = np.pi / period
    return _sharp(np.sin(turn * x * 1.1) * np.sin(turn * y * 1.1))


def rings(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Circles about the centre."""
    return _sharp(np.cos(2 * np.pi * np.hypot(x, y) / period))


def waves(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Parallel lines that swing to and fro."""
    swing = 0.4 * period * np.sin(2 * np.pi * x / (1.9 * period))
    return _sharp(np.sin(2 * np.pi * (y + swing) / period))


def net(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Thin lines in two directions."""
    lines = np.maximum(np.cos(2 * np.pi * x / period), np.cos(2 * np.pi * y / period))
    return _sharp((lines - 0.62) * 3)


def rays(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Sectors about the centre; their number does not hang on the period."""
    count = rng.integers(5, 8)
    return _sharp(np.sin(count * np.arctan2(y, x)))


def blotches(x: np.ndarray, y: np.ndarray, period: float, rng: np.random.Generator) -> np.ndarray:
    """Irregular spots that run into one another."""
    return _sharp((noise(x, y, 0.62 * period, rng) - 0.5) * 9)


def _sharp(value: np.ndarray) -> np.ndarray:
    """Map values about 0 to 0..1 with a short passage between."""
    return np.clip(0.5 + 2.5 * value, 0, 1)
