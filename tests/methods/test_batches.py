"""Batches: every number once, in order, of so many pixels."""

from __future__ import annotations

import pytest

from cnnvis_widgets.methods.batches import BACKWARD, FORWARD, LARGEST, batches


@pytest.mark.parametrize(
    ("total", "shape", "pixels", "sizes"),
    [
        (12, (224, 224, 3), BACKWARD, [5, 5, 2]),
        (16, (224, 224, 3), FORWARD, [8, 8]),
        (3, (1000, 900, 3), BACKWARD, [1, 1, 1]),  # never fewer than one
        (150, (9, 7, 1), FORWARD, [LARGEST, LARGEST, 150 - 2 * LARGEST]),
        (0, (9, 7, 1), FORWARD, []),
    ],
)
def test_sizes(total: int, shape: tuple[int, ...], pixels: int, sizes: list[int]) -> None:
    ranges = list(batches(total, shape, pixels))
    assert [len(batch) for batch in ranges] == sizes
    assert [number for batch in ranges for number in batch] == list(range(total))
