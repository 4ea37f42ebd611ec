"""Resizes a method's map to the size of the network's input."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cnnvis_widgets.rendering.pictures import enlarge


def at_input_size(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map at another size: bilinear, half-pixel centres, as Grad-CAM is published.

    Args:
        values: float32 (rows, columns).
        size: the new (rows, columns). If smaller (a network that pads, or ends in larger maps than
            its input), positions are averaged.

    Returns:
        float32 of that size; `values` itself if it already has it.
    """
    if values.shape == size:
        return values
    if values.shape[0] <= size[0] and values.shape[1] <= size[1]:
        return enlarge(values, *size)
    # Pillow's bilinear filter widens when shrinking, so that every position counts.
    resized = Image.fromarray(values).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)
