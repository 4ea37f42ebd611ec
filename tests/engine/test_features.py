"""The places that excite units most, on a network whose answer is known on paper."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.engine.features import features
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError


@pytest.fixture(scope="module")
def network() -> Network:
    """Unit 0 is the red of the middle of 3 × 3 pixels, unit 1 twice their green, stride 2."""
    inputs = keras.Input((12, 16, 3))
    conv = layers.Conv2D(2, 3, strides=2, activation="relu", name="conv")
    x = layers.GlobalAveragePooling2D(name="mean")(conv(inputs))
    model = keras.Model(inputs, layers.Dense(2, name="answer")(x))
    kernel = np.zeros((3, 3, 3, 2), np.float32)
    kernel[1, 1, 0, 0] = 1
    kernel[:, :, 1, 1] = 2
    conv.set_weights([kernel, np.zeros(2, np.float32)])
    return Network(model)


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    dark, red, green = (np.zeros((12, 16, 3), np.uint8) for _ in range(3))
    red[5, 9, 0] = 200
    green[7, 3, 1] = 100
    green[3, 3, 0] = 60
    return {"dark": dark, "red": red, "green": green}


def test_the_strongest_place_of_the_strongest_picture_comes_first(network, images):
    red, green = features(network, images, "conv", units=[0, 1], pictures=2)
    assert [e.picture for e in red.excited] == ["red", "green"]
    first = red.excited[0]
    assert (first.value, first.place, first.box) == (200.0, (2, 4), (4, 8, 7, 11))
    assert first.pixels[5, 9].tolist() == [200, 0, 0]
    assert first.map.shape == (5, 7)
    assert np.argwhere(first.gradient).tolist() == [[5, 9, 0]]
    assert first.gradient[5, 9, 0] == 1
    assert first.core == (5, 9, 6, 10)  # all of the gradient is in one pixel
    assert red.excited[1].place == (1, 1)
    assert green.unit == 1
    assert green.excited[0].value == 200.0
    assert green.excited[0].gradient[..., 1].sum() == 18
    assert green.excited[0].core == green.excited[0].box == (6, 2, 9, 5)


def test_units_are_chosen_by_their_mean_over_all_pictures(network, images):
    # unit 0: 200 + 60 at one place each; unit 1: 2 · 100 at one place
    assert [f.unit for f in features(network, images, "conv", units=2, pictures=1)] == [0, 1]
    brighter = {**images, "lawn": np.full((12, 16, 3), [0, 9, 0], np.uint8)}  # 162 everywhere
    assert [f.unit for f in features(network, brighter, "conv", units=1)] == [1]


def test_what_has_no_places_is_refused(network, images):
    with pytest.raises(UnsuitableError, match=r"'answer' gives \(2,\)"):
        features(network, images, "answer")
    with pytest.raises(UnknownNameError, match="unit 2"):
        features(network, images, "conv", units=[2])
    with pytest.raises(InvalidValueError, match="0 pictures"):
        features(network, {}, "conv")
    with pytest.raises(InvalidValueError, match="'dark' is float32"):
        features(network, {"dark": np.zeros((12, 16, 3), np.float32)}, "conv")
    with pytest.raises(InvalidValueError, match="units=0"):
        features(network, images, "conv", units=0)
