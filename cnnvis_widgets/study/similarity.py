"""Similarities of two maps: rank correlation and structural similarity."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.engine.similarity import spearman

__all__ = ["spearman", "ssim"]

SIDE = 7  # of the window, scikit-image's and Wang et al.'s uniform one


def ssim(one: np.ndarray, other: np.ndarray) -> float | None:
    """Structural similarity (Wang et al. 2004) of two maps rescaled to 0…1, by scikit-image.

    Rescaled, as SSIM compares values, and the maps may come from networks whose activations differ
    by orders of magnitude. A constant map becomes 0 everywhere.

    Args:
        one: (rows, columns).
        other: the same shape.

    Returns:
        -1 to 1; None if both are constant. Windows of 7 × 7, smaller in smaller maps.
    """
    from skimage.metrics import structural_similarity

    maps = [_stretched(values) for values in (one, other)]
    if not any(m.any() for m in maps):
        return None
    smallest = min(one.shape)
    side = min(SIDE, smallest - 1 + smallest % 2)
    return float(structural_similarity(maps[0], maps[1], win_size=side, data_range=1.0))


def _stretched(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
