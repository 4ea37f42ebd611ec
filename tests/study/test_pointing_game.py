"""The pointing game on maps whose answer is seen, and against a loop over pixels."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case

GAME = metric("pointing_game")
MASK = np.zeros((5, 8), np.bool_)
MASK[1:3, 4:7] = True


def spike(row: int, column: int) -> np.ndarray:
    heatmap = np.full((5, 8), 0.25)
    heatmap[row, column] = 3
    return heatmap


@pytest.mark.parametrize(("place", "hit"), [((1, 4), 1), ((2, 6), 1), ((4, 1), 0), ((1, 7), 0)])
def test_hit_or_miss(place: tuple[int, int], hit: float) -> None:
    assert GAME.measure(Case(spike(*place), MASK)).value == hit


def test_a_large_negative_value_is_no_pointing() -> None:
    heatmap = spike(2, 5)
    heatmap[0, 0] = -9
    assert GAME.measure(Case(heatmap, MASK)).value == 1


def test_tolerance_is_a_distance_in_pixels() -> None:
    for row in range(5):
        for column in range(8):
            away = min(np.hypot(row - r, column - c) for r, c in np.argwhere(MASK))
            for tolerance in (0, 1, 1.5, 2, 3):
                score = GAME.measure(Case(spike(row, column), MASK), tolerance=tolerance)
                assert score.value == (away <= tolerance), (row, column, tolerance)


def test_equal_largest_values_count_by_the_share_that_hits() -> None:
    heatmap = np.zeros((5, 8))
    heatmap[:3, 4:] = 7  # 12 pixels, 6 of them on the object
    assert GAME.measure(Case(heatmap, MASK)).value == 0.5
    flat = GAME.measure(Case(np.ones((5, 8)), MASK))
    assert flat.value == pytest.approx(6 / 40)  # the object's share: what a guess gets
