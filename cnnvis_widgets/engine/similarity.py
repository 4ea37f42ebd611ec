"""How alike two maps are, and the edge detector that maps are compared with."""

from __future__ import annotations

import numpy as np


def spearman(one: np.ndarray, other: np.ndarray) -> float | None:
    """Spearman's rank correlation, equal values sharing the mean of their ranks.

    Args:
        one: any shape.
        other: the same shape.

    Returns:
        -1 to 1. Where exactly one of the two is constant: 0, they have no order in common. None
        where both are: there is no order to compare.
    """
    from scipy.stats import spearmanr

    first, second = np.ravel(one), np.ravel(other)
    constant = [bool((values == values[0]).all()) for values in (first, second)]
    if any(constant):
        return None if all(constant) else 0.0
    return float(spearmanr(first, second).statistic)


def edges(pixels: np.ndarray) -> np.ndarray:
    """How steep a picture's brightness is: an edge detector, as Adebayo et al. 2018 compare with.

    Args:
        pixels: (rows, columns, channels), real numbers.

    Returns:
        float64 (rows, columns): the length of the gradient by central differences.
    """
    grey = pixels.astype(np.float64).mean(-1)
    if min(grey.shape) < 2:
        return np.zeros_like(grey)
    return np.hypot(*np.gradient(grey))
