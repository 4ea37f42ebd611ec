from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering.colormaps import lookup
from cnnvis_widgets.rendering.contours import contour, halo, iso_lines
from cnnvis_widgets.rendering.pictures import gray
from cnnvis_widgets.rendering.scales import Scale

ROWS, COLUMNS = np.mgrid[:20, :30].astype(np.float64)
CONE = np.maximum(0, 8 - np.hypot(ROWS - 9, COLUMNS - 17))  # 8 at row 9, column 17, falling by 1
PICTURE = np.random.default_rng(5).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def test_lines_of_a_cone_are_circles() -> None:
    lines = iso_lines(CONE, (0.5, 0.25))
    assert [(line.fraction, line.value) for line in lines] == [(0.25, 2), (0.5, 4)]
    for line, radius in zip(lines, (6, 4), strict=True):
        distance = np.hypot(line.points[:, 0] - 9, line.points[:, 1] - 17)
        np.testing.assert_allclose(distance, radius, atol=0.1)  # a chord of one pixel


def test_signed_maps_have_lines_on_both_sides_of_zero() -> None:
    lines = iso_lines(COLUMNS - 14.5, (0.5,))
    assert [(line.fraction, line.value) for line in lines] == [(0.5, 7.25), (-0.5, -7.25)]
    for line, column in zip(lines, (21.75, 7.25), strict=True):
        np.testing.assert_allclose(line.points[:, 1], column, atol=1e-9)


def test_levels_are_fractions_of_the_given_scale() -> None:
    assert iso_lines(CONE, (0.5,), Scale(0, 12, "sequential"))[0].value == 6
    assert iso_lines(CONE, (0.5,), Scale(0, 24, "sequential")) == ()


def test_a_map_of_zeros_has_no_lines() -> None:
    assert iso_lines(np.zeros((20, 30))) == ()
    np.testing.assert_array_equal(contour(PICTURE, np.zeros((20, 30))), gray(PICTURE))


def test_the_line_is_drawn_where_the_value_is() -> None:
    # a vertical edge: the line of half the maximum runs between columns 11 and 12
    step = np.zeros((20, 30))
    step[:, 12:] = 1
    result = contour(PICTURE, step, (0.5,), gray_picture=False).astype(int)
    changed = (result != PICTURE).any(axis=2)
    assert changed[5:15, 11:13].all()
    assert not changed[:, :9].any()
    assert not changed[:, 15:].any()
    colour = lookup("inferno")[128].astype(int)
    near = np.abs(result[10, 11] - colour).sum()
    assert near < np.abs(PICTURE[10, 11] - colour).sum()


def test_zoom_enlarges_picture_and_lines_alike() -> None:
    step = np.zeros((20, 30))
    step[:, 12:] = 1
    plain = gray(PICTURE)
    result = contour(plain, step, (0.5,), zoom=4)
    assert result.shape == (80, 120, 3)
    untouched = contour(plain, np.zeros((20, 30)), zoom=4)
    columns = np.flatnonzero((result != untouched).any(axis=(0, 2)))
    assert (columns.min() + columns.max() + 1) / 2 == pytest.approx(4 * 12, abs=1)


def test_levels_outside_the_scale_and_nan_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="fractions"):
        iso_lines(CONE, (0.5, 1.5))
    with pytest.raises(InvalidValueError, match="NaN"):
        contour(PICTURE, np.where(CONE > 7, np.nan, CONE))


def test_halo_sets_a_line_off() -> None:
    assert halo([10, 10, 60]).tolist() == [255, 255, 255]
    assert halo([250, 250, 90]).tolist() == [0, 0, 0]
