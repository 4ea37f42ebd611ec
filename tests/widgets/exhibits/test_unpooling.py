"""Unpooling without a browser: against loops, against the real backward pass, refusals."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Unpooling

MAP = np.array(
    [[1, 5, 2, 2, 0, -1], [3, 4, 2, 1, -2, -3], [0, 0, 7, 8, 1, 6], [0, 0, 9, 6, 1, 5.5]]
)
ABOVE = np.array([[-1, 2, 3], [4, 0.5, -6]])


def test_pooling_and_its_places_by_hand():
    widget = Unpooling(MAP)
    np.testing.assert_array_equal(widget.pooled(), [[5, 2, 0], [0, 9, 6]])
    # row by row within the window; of equals the first
    np.testing.assert_array_equal(widget.places(), [[1, 0, 0], [0, 2, 1]])
    down = np.zeros(MAP.shape)
    down[0, 1], down[0, 2], down[3, 2], down[2, 5] = 5, 2, 9, 6
    np.testing.assert_array_equal(widget.unpooled(), down)


@pytest.mark.parametrize(
    ("kind", "switches"), [("MaxPooling2D", True), ("AveragePooling2D", False)]
)
def test_with_switches_it_is_the_derivative_of_max_pooling_without_of_the_mean(kind, switches):
    widget = Unpooling(MAP, signal=ABOVE, switches=switches)
    inputs = keras.Input((4, 6, 1))
    dense = keras.layers.Dense(1, use_bias=False)
    pooled = getattr(keras.layers, kind)(2)(inputs)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(pooled)))
    dense.set_weights([ABOVE.reshape(-1, 1)])
    network = Network(model)
    backward = network.backward(MAP.astype(np.float32).reshape(1, 4, 6, 1), network.neuron(0))
    np.testing.assert_allclose(backward.gradients[0][0, :, :, 0], widget.unpooled(), atol=1e-6)


def test_other_windows_and_what_is_typed():
    widget = Unpooling(MAP[:3], size=3)
    assert widget.pooled().tolist() == [[7, 8]]
    widget.set_state({"signal": [[1, -1]]})
    assert np.argwhere(widget.unpooled()).tolist() == [[2, 2], [2, 3]]
    widget.signal = None
    assert widget.unpooled().sum() == 15


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": MAP[:3]}, "multiples of 2; got 3 × 6"),
        ({"values": MAP, "size": 0}, "windows of 0"),
        ({"values": MAP[0]}, "table of numbers"),
        ({"values": MAP, "signal": ABOVE.T}, "2 × 3 numbers here; got 3 × 2"),
        ({"values": MAP, "signal": np.full((2, 3), np.nan)}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(InvalidValueError, match=message):
        Unpooling(**arguments)


def test_a_refused_change_leaves_the_old_numbers():
    widget = Unpooling(MAP)
    with pytest.raises(InvalidValueError, match="4 × 6"):
        widget.values = MAP.T
    assert widget.pooled()[1, 1] == 9
    with pytest.raises(UnknownNameError, match="swiches"):
        Unpooling(MAP, swiches=True)
