"""Copies with hidden pieces against a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.methods.masking import MaskedCopies


@pytest.mark.parametrize("shape", [(5, 4, 3), (6, 9, 1)])
def test_each_pixel_is_shown_or_hidden(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(3)
    shown, hidden = rng.normal(0, 1, (2, *shape)).astype(np.float32)
    segments, kept = rng.integers(0, 4, shape[:2]), rng.integers(0, 2, (7, 4))
    hidden = np.broadcast_to(hidden[:1], shape)  # not contiguous
    copies = MaskedCopies(shown, hidden, segments).copies(kept)
    assert copies.shape == (7, *shape) and copies.dtype == np.float32
    for copy, keep in zip(copies, kept, strict=True):
        for row in range(shape[0]):
            for column in range(shape[1]):
                source = shown if keep[segments[row, column]] else hidden
                np.testing.assert_array_equal(copy[row, column], source[row, column])
