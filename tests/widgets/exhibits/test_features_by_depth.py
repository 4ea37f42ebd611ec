"""The features without a browser: which part of which picture is sent, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets.engine.features import Excited, UnitFeatures
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import FeaturesByDepth
from cnnvis_widgets.widgets.exhibits.features_by_depth import shown_gradient


def unit(number: int, box=(10, 20, 26, 52)) -> UnitFeatures:
    pixels = np.zeros((60, 80, 3), np.uint8)
    pixels[10:26, 20:52] = [250, 120, 10]
    heat = np.zeros((3, 4), np.float32)
    heat[1, 1] = 2.5
    gradient = np.zeros((60, 80, 3), np.float32)
    gradient[12, 22] = [-1, 0, 1]
    return UnitFeatures(
        number, (Excited("cat", 2.5, (1, 1), (0, 0, 60, 80), box, pixels, heat, gradient),)
    )


def shown(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def test_the_patch_is_what_the_place_depends_on_and_the_map_is_over_the_whole_photo():
    widget = FeaturesByDepth({"conv": [unit(3)]}, notes={"conv": "early"})
    (floor,) = widget._floors
    assert (floor["layer"], floor["note"], floor["units"][0]["unit"]) == ("conv", "early", 3)
    one = floor["units"][0]["excited"][0]
    assert (one["picture"], one["value"], one["box"]) == ("cat", 2.5, [10, 20, 26, 52])
    patch = shown(one["patch"])
    assert patch.shape == (64, 128, 3)
    assert np.abs(patch - [250, 120, 10]).max() < 12  # JPEG
    whole = shown(one["map"])
    assert whole.shape == (96, 128, 3)
    brightest = np.unravel_index(whole.sum(axis=2).argmax(), (96, 128))
    assert 32 <= brightest[0] < 64
    assert 32 <= brightest[1] < 64


def test_a_gradients_zero_is_mid_grey_and_its_signs_differ():
    gradient = np.zeros((2, 3, 1))
    gradient[0, 0], gradient[1, 2] = 4, -2
    levels = shown_gradient(gradient)
    assert levels[0, 0, 0] == 255  # beyond the 99th percentile of 0 0 0 0 2 4
    assert levels[..., 0].tolist()[0][1:] == [128, 128]
    assert levels[1, 2, 0] == 62
    assert shown_gradient(np.zeros((2, 2, 3))).tolist() == [[[128] * 3] * 2] * 2


def test_depth_and_view_are_among_those_there_are():
    widget = FeaturesByDepth({"a": [unit(1)], "b": [unit(2)]}, depth=1, view="map")
    for wrong in (2, -1, 0.5, None):
        with pytest.raises(InvalidValueError, match="0 to 1"):
            widget.depth = wrong
    with pytest.raises(UnknownNameError, match="patch, map, gradient"):
        widget.view = "photo"
    assert (widget.depth, widget.view) == (1, "map")
    with pytest.raises(InvalidValueError, match="at least one layer"):
        FeaturesByDepth({})
