"""From a network's input back to colours: found by trying the preprocessing out."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.backend.colours import as_picture, find_colours
from cnnvis_widgets.backend.preprocessing import caffe, centred

SHAPE = (6, 5, 3)
RNG = np.random.default_rng(8)
COLOURS = RNG.uniform(0, 1, SHAPE).astype(np.float32)
MEAN = RNG.uniform(80, 140, SHAPE).astype(np.float32)  # a mean picture, other at every place


@pytest.mark.parametrize(
    "preprocess",
    [None, centred, caffe, lambda p: (p - MEAN) / 58, lambda p: p[..., ::-1] * -2 + 7],
    ids=["none", "centred", "caffe", "mean_picture", "negative_and_swapped"],
)
def test_published_preprocessings_are_undone(preprocess: object) -> None:
    given = COLOURS * 255 if preprocess is None else preprocess(COLOURS * 255)  # type: ignore[operator]
    colours = find_colours(SHAPE, preprocess, np.zeros(SHAPE, np.float32))  # type: ignore[arg-type]
    assert colours.exact
    np.testing.assert_allclose(colours.colours(given), COLOURS, atol=2e-5)
    np.testing.assert_allclose(
        COLOURS @ colours.matrix + colours.black, given, rtol=1e-4, atol=1e-3
    )


def test_greyscale() -> None:
    shape = (4, 7, 1)
    colours = find_colours(shape, lambda p: 1 - p / 255, np.zeros(shape, np.float32))
    assert colours.exact
    np.testing.assert_allclose(colours.colours(np.full(shape, 0.25, np.float32)), 0.75, atol=1e-6)


@pytest.mark.parametrize(
    "preprocess",
    [
        lambda p: (p - p.mean()) / p.std(),  # divides by zero where a picture is plain
        lambda p: np.square(p / 255),
        lambda p: np.repeat(p.mean(-1, keepdims=True), 3, -1),  # no way back to colours
    ],
    ids=["standardised", "squared", "grey"],
)
def test_any_other_is_told_and_scaled_by_its_own_range(preprocess: object) -> None:
    values = RNG.uniform(-3, 5, SHAPE).astype(np.float32)
    scaled = find_colours(SHAPE, preprocess, values)  # type: ignore[arg-type]
    assert not scaled.exact
    colours = scaled.colours(values)
    assert colours.min() == pytest.approx(0, abs=1e-6)
    assert colours.max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(colours, (values - values.min()) / np.ptp(values), atol=1e-6)


def test_pictures_are_clipped_and_rounded() -> None:
    grey = np.array([[[-0.1], [0.5], [2.0]]], np.float32)
    picture = as_picture(grey)
    assert picture.dtype == np.uint8 and picture.shape == (1, 3, 3)
    assert picture[0, :, 0].tolist() == [0, 128, 255]  # 127.5 is rounded to even
    assert (picture == picture[..., :1]).all()
