"""The similarity of two maps, and an edge detector to compare maps with."""

from __future__ import annotations

import numpy as np


def spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    """Spearman's rank correlation, equal values sharing the mean of their ranks.

    Args:
        one: any shape.
        other: the same shape.

    Returns:
        -1 to 1; 0 if exactly one of the two is constant, None if both are.
    """
    from scipy.stats import spearmanr

    x, y = np.ravel(one), np.ravel(other)
    constant = [bool((values == values[0]).all()) for values in (x, y)]
    if any(constant):
        return None if all(constant) else 0.0
    return float(spearmanr(x, y).statistic)


def edges(pixels: np.ndarray) -> np.ndarray:
    """The gradient magnitude of a picture's brightness: Adebayo et al. 2018 use such a detector.

    Args:
        pixels: (rows, columns, channels), real numbers.

    Returns:
        float64 (rows, columns): the length of the gradient by central differences.
    """
    grey = pixels.astype(np.float64).mean(-1)
    if min(grey.shape) < 2:
        return np.zeros_like(grey)
    return np.hypot(*np.gradient(grey))
