"""Copies of a picture with some segments hidden, as fast as memory is copied.

Measured on a busy machine, processor time for eight copies of 224 × 224 × 3: 1.8 ms, as for plain
copies; `np.where` took 3 ms, and the same in TensorFlow's graph 5 to 10 ms.
"""

from __future__ import annotations

import numpy as np


class MaskedCopies:
    """Creates copies of a picture with segments hidden.

    Args:
        shown: float32 (rows, columns, channels), the pixels of segments that are kept.
        hidden: the same shape, the pixels of segments that are hidden.
        segments: int (rows, columns), the number of each pixel's segment.
    """

    def __init__(self, shown: np.ndarray, hidden: np.ndarray, segments: np.ndarray) -> None:
        self._shape, self._segments = shown.shape, segments.ravel()
        # One element per pixel, with all channels: first the hidden pixels, then the shown ones.
        pixel_type = np.dtype((np.void, shown.shape[-1] * shown.itemsize))
        self._pixels = np.concatenate([hidden.ravel(), shown.ravel()]).view(pixel_type)

    def copies(self, masks: np.ndarray) -> np.ndarray:
        """float32 (copies, rows, columns, channels), for `masks` of 0 and 1 (copies, segments)."""
        size = len(self._segments)
        indices = np.take(masks * size, self._segments, axis=1)
        indices += np.arange(size)
        return np.take(self._pixels, indices).view(np.float32).reshape(-1, *self._shape)


def changed(shown: np.ndarray, hidden: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Which segments hiding changes: those that differ from their replacement.

    Args:
        shown: float32 (rows, columns, channels).
        hidden: the same shape.
        segments: int (rows, columns), 0 … n - 1.

    Returns:
        bool (n,).

    Example:
        >>> shown, hidden = np.float32([[[1], [2]]]), np.float32([[[1], [0]]])
        >>> changed(shown, hidden, np.array([[0, 1]]))
        array([False,  True])
    """
    differs = (shown != hidden).any(-1).ravel()
    return np.bincount(segments.ravel(), differs, int(segments.max()) + 1) > 0
