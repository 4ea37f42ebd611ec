"""Smooth randomness for clouds, blotches and hills."""

from __future__ import annotations

import numpy as np

LATTICE = 32  # cells before the pattern repeats


def noise(x: np.ndarray, y: np.ndarray, cell: float, rng: np.random.Generator) -> np.ndarray:
    """Random values at the corners of a lattice, blended smoothly between (value noise).

    Args:
        x: float array, in pixels.
        y: float array of the same shape.
        cell: the lattice's step in pixels.
        rng: random generator.

    Returns:
        float array of the same shape, 0..1 with mean about 0.5.
    """
    values = rng.random((LATTICE, LATTICE))
    shift = rng.random(2) * LATTICE
    across, down = x / cell + shift[0], y / cell + shift[1]
    left, top = np.floor(across).astype(int), np.floor(down).astype(int)
    u, v = across - left, down - top
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)
    left, top = left % LATTICE, top % LATTICE
    right, below = (left + 1) % LATTICE, (top + 1) % LATTICE
    upper = values[top, left] * (1 - u) + values[top, right] * u
    lower = values[below, left] * (1 - u) + values[below, right] * u
    return upper * (1 - v) + lower * v


def fractal(
    x: np.ndarray, y: np.ndarray, cell: float, octaves: int, rng: np.random.Generator
) -> np.ndarray:
    """Noise of several sizes, each half as large and as strong as the one before; 0..1."""
    octave_maps = [noise(x, y, cell / 2**n, rng) / 2**n for n in range(octaves)]
    return sum(octave_maps[1:], octave_maps[0]) / sum(1 / 2**n for n in range(octaves))
