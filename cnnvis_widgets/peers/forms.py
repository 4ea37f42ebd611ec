"""The forms of our maps for comparisons with other libraries' maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

Form = Callable[[np.ndarray, tuple[int, int]], np.ndarray]


def _channels(attribution: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return attribution


def _largest(attribution: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.abs(attribution).max(axis=-1)


def _map(attribution: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return attribution[..., 0]


def bicubic(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map enlarged as `tf.image.resize(…, "bicubic")` does: Keys' kernel, half-pixel centres.

    Args:
        values: float32 (rows, columns).
        size: the new (rows, columns), not smaller.

    Returns:
        float32 of that size.
    """
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize(size[::-1], Image.Resampling.BICUBIC), np.float32)


FORMS: dict[str, tuple[str, Form]] = {
    "channels": ("signed values of every channel", _channels),
    "largest": ("the largest absolute value over the channels", _largest),
    "map": ("the map at its own resolution", _map),
    "rank": ("the map, by the order of its pixels alone", _map),
    "bicubic": (
        "the map, enlarged bicubically",
        lambda attribution, size: bicubic(attribution[..., 0], size),
    ),
}
"""Form → its description, and the function from an attribution (rows, columns, channels) to it."""
