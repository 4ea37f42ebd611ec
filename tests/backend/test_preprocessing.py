"""Preprocessing by name against Keras' own functions, and what is said of an input out of range."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.preprocessing import NAMED, preprocessing
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

RNG = np.random.default_rng(5)
PIXELS = RNG.uniform(0, 255, (5, 4, 3)).astype(np.float32)
MODULES = [
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3",
    "inception_v3",
    "inception_resnet_v2",
    "xception",
    "nasnet",
    "vgg16",
    "vgg19",
    "resnet",
    "resnet_v2",
    "densenet",
    "efficientnet",
    "efficientnet_v2",
    "convnext",
]


@pytest.mark.parametrize("name", MODULES)
def test_a_name_of_keras_applications_is_its_preprocess_input(name: str) -> None:
    import keras  # noqa: F401

    wanted = importlib.import_module(f"keras.applications.{name}").preprocess_input(PIXELS.copy())
    np.testing.assert_allclose(NAMED[name](PIXELS.copy()), wanted, rtol=1e-5, atol=2e-5)


def test_ranges() -> None:
    ends = np.float32([0, 255])
    np.testing.assert_array_equal(NAMED["0..1"](ends), [0, 1])
    np.testing.assert_array_equal(NAMED["-1..1"](ends), [-1, 1])
    np.testing.assert_array_equal(NAMED["0..255"](ends), ends)


def test_what_is_no_preprocessing_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="mobilenet_v2"):
        preprocessing("mobilnet_v2")
    with pytest.raises(InvalidValueError, match="function of pixels"):
        preprocessing(3)
    assert preprocessing(None) is None
    assert preprocessing(np.sqrt) is np.sqrt


def small() -> Any:
    import keras

    return keras.Sequential(
        [keras.Input((6, 5, 3)), keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPool2D()]
    )


def test_an_input_that_no_picture_gives_is_told() -> None:
    network = Network(small(), "-1..1")
    pixels = np.full((6, 5, 3), 200, np.float32)
    with pytest.warns(UserWarning, match=r"200 to 200.*-1 to 1.*uint8"):
        prepared = network.prepare(pixels)
    assert "-1 to 1" in network.input_remark(prepared)
    np.testing.assert_array_equal(prepared.input, pixels)  # told, not changed


@pytest.mark.filterwarnings("error")
def test_an_input_with_noise_is_not() -> None:
    network = Network(small(), "-1..1")
    noisy = RNG.uniform(-1.4, 1.4, (6, 5, 3)).astype(np.float32)
    assert network.input_remark(network.prepare(noisy)) == ""
    assert network.input_remark(network.prepare(np.zeros((9, 9, 3), np.uint8))) == ""


def test_a_nearly_black_picture_is_told() -> None:
    """4095 of 12 bits in a file of 16 is 16 of 255."""
    network = Network(small(), "0..1")
    for level, told in ((0, False), (1, True), (16, True), (17, False)):
        picture = np.zeros((6, 5, 3), np.uint8)
        picture[4, 1] = level
        message = network.input_remark(network.prepare(picture))
        assert (f"largest value is {level} of 255" in message) == told
