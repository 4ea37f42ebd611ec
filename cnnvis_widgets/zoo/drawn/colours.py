"""Colours of a given lightness and random hue: colour is independent of the class."""

from __future__ import annotations

import colorsys

import numpy as np

LIGHTNESS = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue


def colour(rng: np.random.Generator, light: float, vivid: tuple[float, float]) -> np.ndarray:
    """A random colour.

    Args:
        rng: random generator of the hue.
        light: the lightness, 0..1.
        vivid: the range of the saturation.

    Returns:
        float (3,), red green blue 0..1; its lightness is exactly `light`.
    """
    pure = np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(*vivid), 1.0))
    lightness = float(LIGHTNESS @ pure)
    if light <= lightness:
        return pure * (light / lightness)
    return 1 - (1 - pure) * ((1 - light) / (1 - lightness)) if lightness < 1 else pure


def contrasting(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """An object's two colours, one dark and one light, in either order."""
    dark = colour(rng, rng.uniform(0.10, 0.32), (0.4, 1.0))
    pale = colour(rng, rng.uniform(0.68, 0.92), (0.3, 1.0))
    return (dark, pale) if rng.random() < 0.5 else (pale, dark)
