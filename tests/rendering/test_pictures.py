from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering.colormaps import lookup
from cnnvis_widgets.rendering.pictures import (
    blended_table,
    color_bar,
    colorize,
    enlarge,
    fit,
    gray,
    overlay,
    png_bytes,
    side_by_side,
    split,
)
from cnnvis_widgets.rendering.scales import Scale

RNG = np.random.default_rng(3)
PICTURE = RNG.integers(0, 256, (5, 4, 3), dtype=np.uint8)
SIGNED = np.zeros((5, 4), np.float32)
SIGNED[0, 3], SIGNED[4, 1] = 2, -1


def bilinear(values: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Half-pixel centres, border values going on: the formula, one output pixel at a time."""
    r, c = values.shape
    result = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            y = min(max((i + 0.5) * r / rows - 0.5, 0), r - 1)
            x = min(max((j + 0.5) * c / columns - 0.5, 0), c - 1)
            y0, x0 = math.floor(y), math.floor(x)
            y1, x1 = min(y0 + 1, r - 1), min(x0 + 1, c - 1)
            v, u = y - y0, x - x0
            result[i, j] = (
                values[y0, x0] * (1 - v) * (1 - u)
                + values[y0, x1] * (1 - v) * u
                + values[y1, x0] * v * (1 - u)
                + values[y1, x1] * v * u
            )
    return result


@pytest.mark.parametrize(
    ("small", "large"),
    [((7, 5), (23, 31)), ((7, 5), (7, 31)), ((4, 6), (8, 6)), ((1, 3), (5, 7)), ((3, 2), (224, 9))],
)
def test_enlarge_is_the_bilinear_formula(small: tuple[int, int], large: tuple[int, int]) -> None:
    values = RNG.normal(size=small).astype(np.float32)
    result = enlarge(values, *large)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, bilinear(values.astype(np.float64), *large), atol=1e-5)


def test_enlarge_by_hand() -> None:
    # centres of the four result pixels are at −0.25, 0.25, 0.75, 1.25 of the two given ones
    np.testing.assert_allclose(enlarge(np.array([[0.0, 8.0]]), 1, 4), [[0, 2, 6, 8]], atol=1e-6)


def test_enlarge_keeps_raw_values_of_any_size() -> None:
    values = np.array([[1e-8, -3e-8], [2e6, 5e6]], np.float32)
    result = enlarge(values, 9, 13)
    np.testing.assert_allclose(result, bilinear(values.astype(np.float64), 9, 13), rtol=1e-5)
    np.testing.assert_array_equal(enlarge(values, 2, 2), values)


def test_nearest_shows_the_cells() -> None:
    result = enlarge(np.arange(6).reshape(2, 3), 4, 7, "nearest")
    np.testing.assert_array_equal(result[0], [0, 0, 1, 1, 1, 2, 2])
    np.testing.assert_array_equal(result[:, 0], [0, 0, 3, 3])


def test_enlarge_does_not_shrink() -> None:
    with pytest.raises(InvalidValueError, match=r"\(5, 4\) does not fit"):
        enlarge(SIGNED, 4, 40)
    with pytest.raises(UnknownNameError, match="bilinear"):
        enlarge(SIGNED, 9, 9, "bicubic")  # type: ignore[arg-type]


def test_colorize_by_hand() -> None:
    table = lookup("RdBu_r")
    result = colorize(SIGNED)
    assert result.shape == (5, 4, 3)
    np.testing.assert_array_equal(result[0, 3], table[255])
    np.testing.assert_array_equal(result[4, 1], table[64])  # −1 of ±2: a quarter up, 63.75
    np.testing.assert_array_equal(result[2, 2], [247, 247, 247])


def test_equal_values_have_equal_colours_on_a_shared_scale() -> None:
    weak, strong = np.array([[0.0, 1.0]]), np.array([[4.0, 1.0]])
    scale = Scale.of(weak, strong)
    np.testing.assert_array_equal(colorize(weak, scale)[0, 1], colorize(strong, scale)[0, 1])
    assert (colorize(weak)[0, 1] != colorize(weak, scale)[0, 1]).any()


def test_a_map_of_zeros_has_the_one_colour_of_zero() -> None:
    zeros = np.zeros((5, 4))
    np.testing.assert_array_equal(colorize(zeros), np.broadcast_to(lookup("inferno")[0], (5, 4, 3)))
    diverging = Scale.of(zeros, kind="diverging")
    assert (colorize(zeros, diverging) == 247).all()
    for result in (overlay(PICTURE, zeros), split(PICTURE, zeros), side_by_side(PICTURE, zeros)):
        assert result.dtype == np.uint8


@pytest.mark.parametrize("draw", [overlay, split, side_by_side])
def test_nan_is_refused_everywhere(draw: Any) -> None:
    bad = SIGNED.copy()
    bad[1, 1] = np.nan
    with pytest.raises(InvalidValueError, match="NaN"):
        draw(PICTURE, bad)
    with pytest.raises(InvalidValueError, match="NaN"):
        colorize(bad)


def test_gray_is_the_luma() -> None:
    red = np.array([[[255, 0, 0]]], np.uint8)
    np.testing.assert_array_equal(gray(red), [[[76, 76, 76]]])
    np.testing.assert_array_equal(gray(np.full((2, 3, 3), 200, np.uint8)), np.full((2, 3, 3), 200))


def test_uniform_overlay_by_hand() -> None:
    picture = np.zeros((1, 2, 3), np.uint8)
    picture[0, 1] = [255, 0, 0]  # luma 76
    result = overlay(picture, np.array([[4.0, 0.0]]), opacity=0.25, colormap="gray")
    np.testing.assert_array_equal(result, [[[64] * 3, [57] * 3]])
    coloured = overlay(picture, [[4.0, 0.0]], opacity=0.25, colormap="gray", gray_picture=False)
    np.testing.assert_array_equal(coloured, [[[64] * 3, [191, 0, 0]]])


def test_value_overlay_lets_zero_show_the_picture() -> None:
    picture = np.full((1, 3, 3), 100, np.uint8)
    result = overlay(picture, [[0.0, 1.0, 2.0]], opacity=0.5, blend="value", colormap="gray")
    # opacities 0, 0.25, 0.5 over 100; colours 0, 128, 255
    np.testing.assert_array_equal(result[0, :, 0], [100, 107, 178])
    signed = overlay(picture, [[0.0, -2.0, 2.0]], opacity=1.0, blend="value", colormap="gray")
    np.testing.assert_array_equal(signed[0, :, 0], [100, 0, 255])


@pytest.mark.parametrize("blend", ["uniform", "value"])
def test_opacity_zero_is_the_picture_and_its_range_is_kept(blend: Any) -> None:
    result = overlay(PICTURE, SIGNED, opacity=0, blend=blend, gray_picture=False)
    np.testing.assert_array_equal(result, PICTURE)
    with pytest.raises(InvalidValueError, match="from 0 to 1"):
        overlay(PICTURE, SIGNED, opacity=1.5, blend=blend)


def test_an_unknown_blend_is_named() -> None:
    with pytest.raises(UnknownNameError, match="uniform"):
        overlay(PICTURE, SIGNED, blend="unifrom")  # type: ignore[arg-type]


def test_the_blended_table_is_what_an_overlay_over_grey_shows() -> None:
    ramp = np.linspace(-1, 1, 256, dtype=np.float32)[None]
    scale = Scale.of(ramp)
    grey = np.full((1, 256, 3), 128, np.uint8)
    blends: tuple[Any, ...] = ("uniform", "value")
    for blend in blends:
        shown = overlay(grey, ramp, scale, opacity=0.7, blend=blend)
        table = blended_table(scale, opacity=0.7, blend=blend)
        np.testing.assert_allclose(shown[0].astype(int), table, atol=1)  # ties may round apart


def test_a_small_map_is_enlarged_before_it_is_coloured() -> None:
    picture = np.full((6, 8, 3), 90, np.uint8)
    small = np.array([[0.0, 0, 0, 4], [0, 0, 0, 0], [0, 8, 0, 0]])
    expected = colorize(bilinear(small, 6, 8), Scale.of(small))
    np.testing.assert_array_equal(overlay(picture, small, opacity=1), expected)
    assert Scale.of(small).high == 8  # the scale is the raw map's, not the smoothed one's
    assert bilinear(small, 6, 8).max() < 8


def test_a_picture_smaller_than_the_map_grows_with_it() -> None:
    picture, values = fit(PICTURE, np.ones((10, 8)))
    assert picture.shape == (10, 8, 3)
    assert values.shape == (10, 8)


def test_a_map_of_another_crop_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="224 × 224 values and the picture 300 × 451"):
        overlay(np.zeros((300, 451, 3), np.uint8), np.ones((224, 224)))
    # the last cell of a convolution may extend over the edge: 224 / 32 = 7, 300 / 32 = 9.4
    assert overlay(np.zeros((224, 300, 3), np.uint8), np.ones((7, 10))).shape == (224, 300, 3)


def test_side_by_side_is_picture_gap_map() -> None:
    result = side_by_side(PICTURE, SIGNED, gap=2)
    assert result.shape == (5, 10, 3)
    np.testing.assert_array_equal(result[:, :4], PICTURE)
    assert (result[:, 4:6] == 255).all()
    np.testing.assert_array_equal(result[:, 6:], colorize(SIGNED))


def test_split_is_picture_line_map() -> None:
    picture = RNG.integers(0, 256, (3, 20, 3), dtype=np.uint8)
    heatmap = RNG.random((3, 20))
    result = split(picture, heatmap, at=0.25)
    np.testing.assert_array_equal(result[:, :3], picture[:, :3])
    np.testing.assert_array_equal(result[:, 7:], colorize(heatmap)[:, 7:])
    np.testing.assert_array_equal(result[0, 3:7, 0], [0, 255, 255, 0])
    np.testing.assert_array_equal(split(picture, heatmap, at=1), picture)
    np.testing.assert_array_equal(split(picture, heatmap, at=0), colorize(heatmap))
    with pytest.raises(InvalidValueError):
        split(picture, heatmap, at=1.1)


def test_the_colour_bar_has_its_high_end_on_top() -> None:
    bar = color_bar(Scale.of(SIGNED), length=512, thickness=3)
    assert bar.shape == (512, 3, 3)
    np.testing.assert_array_equal(bar[0, 0], lookup("RdBu_r")[255])
    np.testing.assert_array_equal(bar[-1, 2], lookup("RdBu_r")[0])
    lying = color_bar(Scale.of(SIGNED), length=512, thickness=3, vertical=False)
    assert lying.shape == (3, 512, 3)
    np.testing.assert_array_equal(lying[0, -1], lookup("RdBu_r")[255])
    assert (color_bar(Scale(0, 0, "diverging")) == 247).all()


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (5, 4, 4)])
def test_png_round_trip(shape: tuple[int, ...]) -> None:
    array = RNG.integers(0, 256, shape, dtype=np.uint8)
    data = png_bytes(array)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), array)
    assert png_bytes(array) == data
    assert png_bytes(array[::-1][::-1]) == data


def test_png_carries_how_it_was_made() -> None:
    text = {"Title": "Grad-CAM", "Description": "∂ logit, 中"}
    opened = Image.open(io.BytesIO(png_bytes(PICTURE, text)))
    assert isinstance(opened.info, dict)
    assert {k: str(v) for k, v in opened.info.items()} == text
    with pytest.raises(InvalidValueError, match="keyword"):
        png_bytes(PICTURE, {"": "x"})


@pytest.mark.parametrize("bad", [np.zeros((5, 4)), np.zeros((5, 4, 2), np.uint8), np.uint8(3)])
def test_what_is_no_picture_is_refused(bad: Any) -> None:
    with pytest.raises(InvalidValueError):
        png_bytes(bad)
    with pytest.raises(InvalidValueError, match="uint8 array of the shape"):
        overlay(bad, SIGNED)
