"""From a picture to a network's input: crop, size, preprocessing, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
from oracles.resampling import bicubic

from cnnvis_widgets.backend.pixels import prepare
from cnnvis_widgets.errors import InvalidValueError

RNG = np.random.default_rng(3)


def noise(rows: int, columns: int) -> np.ndarray:
    """Smooth noise: uint8 (rows, columns, 3), so that rounding cannot hide a shift."""
    rough = RNG.uniform(0, 255, (rows + 4, columns + 4, 3))
    smooth = sum(rough[i : i + rows, j : j + columns] for i in range(5) for j in range(5)) / 25
    return np.clip((smooth - 127) * 4 + 127, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("given", "wanted", "box"),
    [  # given rows × columns; wanted rows × columns; top, left, height, width of what is kept
        ((30, 50), (12, 10), (0, 12, 30, 25)),  # too wide: the sides go
        ((50, 30), (12, 10), (7, 0, 36, 30)),  # too tall: top and bottom go
        ((31, 44), (13, 9), (0, 11, 31, 21)),  # 31 * 9 / 13 = 21.46: whole pixels, rounded down
        ((5, 4), (13, 9), (0, 0, 5, 3)),  # enlarged
        ((61, 61), (24, 24), (0, 0, 61, 61)),
        ((24, 37), (24, 24), (0, 6, 24, 24)),  # nothing to resize, only the sides go
        ((25, 24), (24, 24), (0, 0, 24, 24)),  # one row too many, which is below the crop
        ((24, 25), (24, 24), (0, 0, 24, 24)),
    ],
)
def test_crop_and_size_equal_a_bicubic_of_our_own(
    given: tuple[int, int], wanted: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    picture = noise(*given)
    made = prepare(picture, (*wanted, 3), None)
    expected = bicubic(picture, *box, *wanted)
    assert made.input.shape == (*wanted, 3)
    assert made.input.dtype == np.float32
    assert np.abs(made.input - expected).max() < 1.01  # a level of rounding
    assert np.abs(made.input - expected).mean() < 0.3
    assert made.picture is not None
    np.testing.assert_array_equal(made.picture, made.input.astype(np.uint8))


@pytest.mark.parametrize("size", [61, 115, 122, 230, 453, 460])  # n / 224 * 224 < n in floats
def test_no_column_is_lost_to_rounding(size: int) -> None:
    """A picture whose last column alone is bright: it counts for the last column of the result."""
    picture = np.zeros((size, size, 3), np.uint8)
    picture[:, -1] = picture[-1, :] = 255
    made = prepare(picture, (224, 224, 3), None).input
    assert np.abs(made - bicubic(picture, 0, 0, size, size, 224, 224)).max() < 1.01


def test_a_picture_of_the_right_size_is_untouched() -> None:
    picture = RNG.integers(0, 256, (11, 17, 3), dtype=np.uint8)
    made = prepare(picture, (11, 17, 3), None)
    np.testing.assert_array_equal(made.input, picture)
    np.testing.assert_array_equal(made.picture, picture)
    assert made.picture is not picture
    assert not np.shares_memory(made.input, picture)


def test_one_colour_stays_that_colour_at_any_size() -> None:
    picture = np.full((37, 95, 3), (10, 200, 77), np.uint8)
    made = prepare(picture, (64, 32, 3), None).input
    np.testing.assert_array_equal(made, np.broadcast_to(picture[0, 0], made.shape))


def test_a_large_picture_shrinks_without_aliasing() -> None:
    """Fine stripes, shrunk by 20, are grey: a bare sampling would give black or white."""
    stripes = np.zeros((2400, 3000, 3), np.uint8)
    stripes[:, ::2] = 255
    made = prepare(stripes, (120, 120, 3), None).input
    assert abs(made[2:-2, 2:-2] - 127.5).max() < 3


def test_preprocess_is_applied_to_float32_levels_and_cannot_reach_the_picture() -> None:
    picture = noise(20, 30)
    seen = {}

    def preprocess(pixels: np.ndarray) -> np.ndarray:
        seen["dtype"], seen["range"] = pixels.dtype, (pixels.min() >= 0, pixels.max() <= 255)
        pixels -= 127.0  # in place, as some do
        return pixels / 128.0

    plain = prepare(picture, (10, 15, 3), None)
    made = prepare(picture, (10, 15, 3), preprocess)
    assert seen == {"dtype": np.float32, "range": (True, True)}
    np.testing.assert_allclose(made.input, (plain.input - 127) / 128, atol=1e-6)
    np.testing.assert_array_equal(made.picture, plain.picture)
    assert made.input.dtype == np.float32


def test_greyscale_networks_see_luma() -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[:, :2], picture[:, 2:4], picture[:, 4:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    made = prepare(picture, (4, 6, 1), None)
    assert made.input.shape == (4, 6, 1)
    luma = np.repeat([0.299 * 255, 0.587 * 255, 0.114 * 255], 2)
    np.testing.assert_allclose(made.input[0, :, 0], luma, atol=0.51)
    assert made.picture is not None
    assert made.picture.shape == (4, 6, 3)
    np.testing.assert_array_equal(made.picture[..., 1], made.input[..., 0])


def test_grey_pictures_fit_colour_networks() -> None:
    grey = noise(12, 9)[..., 0]
    made = prepare(grey, (12, 9, 3), None)
    for channel in range(3):
        np.testing.assert_array_equal(made.input[..., channel], grey)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_float_arrays_are_the_input_itself(dtype: type) -> None:
    values = RNG.normal(0, 3, (5, 4, 3)).astype(dtype)

    def refuse(pixels: np.ndarray) -> np.ndarray:
        raise AssertionError("preprocess was applied to an input")

    made = prepare(values, (5, 4, 3), refuse)
    assert made.picture is None
    assert made.input.dtype == np.float32
    np.testing.assert_array_equal(made.input, values.astype(np.float32))
    made.input[0] = 99
    assert not (values == 99).any()


def test_a_float_array_of_another_shape_names_both_shapes() -> None:
    with pytest.raises(InvalidValueError, match=re.escape("(5, 4, 3)")) as caught:
        prepare(np.zeros((4, 5, 3), np.float32), (5, 4, 3), None)
    assert "(4, 5, 3)" in str(caught.value)
    with pytest.raises(InvalidValueError, match=re.escape("(1, 5, 4, 3)")):
        prepare(np.zeros((1, 5, 4, 3), np.float32), (5, 4, 3), None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_are_refused(bad: float) -> None:
    values = np.zeros((5, 4, 3))
    values[2, 1, 0] = bad
    with pytest.raises(InvalidValueError, match="NaN or infinite"):
        prepare(values, (5, 4, 3), None)


def test_preprocess_is_checked() -> None:
    picture = np.zeros((5, 4, 3), np.uint8)
    with pytest.raises(InvalidValueError, match=re.escape("(5, 4, 3)")) as caught:
        prepare(picture, (5, 4, 3), lambda p: p[None])
    assert "(1, 5, 4, 3)" in str(caught.value)
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(InvalidValueError, match=r"preprocess.*NaN or infinite"),
    ):
        prepare(picture, (5, 4, 3), lambda p: (p - p.mean()) / p.std())


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("cat", "load_image"),
        ([[1, 2], [3, 4]], "list"),
        (np.zeros((5, 4, 3), np.int64), "int64"),
        (np.zeros((5, 4, 3), bool), "bool"),
        (np.zeros((5, 4, 2), np.uint8), r"\(5, 4, 2\)"),
        (np.zeros((1, 5, 4, 3), np.uint8), r"\(1, 5, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_came(image: object, words: str) -> None:
    with pytest.raises(InvalidValueError, match=words) as caught:
        prepare(image, (5, 4, 3), None)  # type: ignore[arg-type]
    assert "uint8" in str(caught.value)
