from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.describe import describe, half_mass_share, place


def test_where_the_mass_lies() -> None:
    heatmap = np.full((20, 30), 0.001)
    heatmap[3, 14] = 2.0
    assert describe(heatmap, "a tabby cat") == (
        "Heatmap of 20 × 30 values over a tabby cat: strongest at row 3, column 14 "
        "(upper middle); half of the total is in 0.2 % of the picture; "
        "values from 0.001 to 2."
    )


def test_signs_are_told() -> None:
    heatmap = np.zeros((20, 30))
    heatmap[18, 1], heatmap[10, 29] = 3, -1
    text = describe(heatmap)
    assert "most positive at row 18, column 1 (lower left)" in text
    assert "most negative at row 10, column 29 (middle right)" in text
    assert "75 % of the total is positive" in text
    assert "values from −1 to 3" in text
    assert "no value is positive" in describe(-np.abs(heatmap))


def test_a_region_of_equal_values_is_told_as_one() -> None:
    heatmap = np.zeros((20, 30))
    heatmap[10:15, 20:26] = 0.5
    text = describe(heatmap)
    assert "strongest on 5.0 % of the pixels, around row 12, column 22 (middle right)" in text


def test_zeros_and_even_maps_are_told() -> None:
    assert describe(np.zeros((5, 4)), "a cat").startswith("Heatmap of 5 × 4 values over a cat: all")
    assert "all zeros" in describe(np.zeros((5, 4)))
    assert "the same value everywhere, −0.25" in describe(np.full((5, 4), -0.25))


def test_half_of_the_mass() -> None:
    assert half_mass_share([[1, 1, 1, 1], [1, 1, 1, 1]]) == 0.5
    assert half_mass_share([[0, 0, -5], [2, 0, 3]]) == 1 / 6
    assert half_mass_share([[4, -3, 3, 0, 0]]) == 2 / 5
    assert half_mass_share(np.full((7, 10), 0.1)) == 0.5
    assert half_mass_share(np.zeros((5, 4))) == 0


def test_a_share_that_is_not_nothing_is_not_called_so() -> None:
    heatmap = np.zeros((200, 300))
    heatmap[0, 0], heatmap[1, 1] = 1, -1e-6
    text = describe(heatmap)
    assert "less than 0.1 % of the picture" in text
    assert "more than 99.9 % of the total is positive" in text


def test_places_are_rows_then_columns() -> None:
    assert place(0, 29, (20, 30)) == "upper right"
    assert place(19, 0, (20, 30)) == "lower left"
    assert place(10, 15, (20, 30)) == "middle"
    assert place(10, 0, (20, 30)) == "middle left"


def test_nan_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="NaN"):
        describe([[0.0, np.nan]])
