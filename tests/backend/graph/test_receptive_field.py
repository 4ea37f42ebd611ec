"""A network's plan: what takes what, how many numbers, and how far each place sees."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import Field


def branched() -> keras.Model:
    """Two branches of unequal windows, a dilated convolution, a pooling, a nested model."""
    keras.utils.set_random_seed(3)
    inner = keras.Sequential(
        [keras.Input((None, None, 5)), layers.Conv2D(4, 3, name="inner_conv")], name="inner"
    )
    x = inputs = keras.Input((41, 50, 3), name="image")
    x = layers.ZeroPadding2D(((1, 0), (2, 3)), name="border")(x)
    x = layers.Conv2D(5, (3, 2), strides=(2, 1), name="stem")(x)
    left = layers.Conv2D(4, (1, 5), padding="same", name="left")(x)
    right = layers.Conv2D(4, 3, dilation_rate=2, padding="same", name="right")(x)
    x = layers.Add(name="sum")([left, right])
    x = layers.Concatenate(name="both")([x, x[..., :1]])
    x = inner(x)
    x = layers.Conv2D(4, (3, 1), groups=2, padding="same", name="grouped")(x)
    x = layers.AveragePooling2D((2, 3), strides=(2, 2), name="pool")(x)
    x = layers.Dropout(0.5, name="dropout")(layers.Flatten(name="flat")(x))
    return keras.Model(inputs, layers.Dense(6, name="answer")(x))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(branched())


def plan_of(network: Network) -> dict:
    return {layer.name: layer for layer in network.plan}


def test_all_parameters_are_counted_once(network):
    assert sum(layer.parameters for layer in network.plan) == network.model.count_params()
    plan = plan_of(network)
    assert plan["stem"].parameters == 3 * 2 * 3 * 5 + 5
    assert plan["inner/inner_conv"].parameters == 3 * 3 * 5 * 4 + 4
    assert plan["pool"].parameters == 0


def test_a_layer_that_is_called_twice_holds_its_parameters_once():
    again = layers.Conv2D(3, 3, padding="same", name="again")
    inputs = keras.Input((9, 8, 3))
    twice = Network(keras.Model(inputs, again(again(inputs))))
    assert [(x.name, x.parameters) for x in twice.plan] == [("again", 84), ("again#2", 0)]
    assert [x.inputs for x in twice.plan] == [("",), ("again",)]
    assert [x.field.size for x in twice.plan] == [(3, 3), (5, 5)]


def test_what_takes_what(network):
    plan = plan_of(network)
    assert plan["border"].inputs == ("",)
    assert plan["left"].inputs == plan["right"].inputs == ("stem",)
    assert set(plan["sum"].inputs) == {"left", "right"}
    assert plan["inner/inner_conv"].inputs == ("both",)
    assert plan["answer"].inputs == ("dropout",)
    assert plan["dropout"].inputs == ("flat",)


def test_windows_are_those_of_the_layers(network):
    plan = plan_of(network)
    assert plan["stem"][5:8] == ((3, 2), (2, 1), "valid")
    assert plan["left"][5:8] == ((1, 5), (1, 1), "same")
    assert plan["pool"][5:8] == ((2, 3), (2, 2), "valid")
    assert plan["grouped"][5:8] == ((3, 1), (1, 1), "same")
    assert plan["sum"][5:8] == (None, None, "")


def test_on_paper():
    """3 × 3, stride 2, then 3 × 3: 3 + 2 · 2 = 7 pixels, two further for each neighbour."""
    inputs = keras.Input((16, 16, 1))
    x = layers.Conv2D(2, 3, strides=2, name="a")(inputs)
    x = layers.Conv2D(2, 3, padding="same", name="b")(x)
    plan = plan_of(Network(keras.Model(inputs, x)))
    assert plan["a"].field == Field((3, 3), (2, 2), (0, 0))
    assert plan["b"].field == Field((7, 7), (2, 2), (-2, -2))
    assert plan["b"].field.box(0, 6, (16, 16)) == (0, 10, 5, 16)


def seen_by(network: Network, layer: str, row: int, column: int) -> tuple[int, int, int, int]:
    """The bounding box of the pixels that a place depends on, from the gradient."""
    picture = np.random.default_rng(0).normal(size=(1, *network.input_shape)).astype(np.float32)
    place = Neuron(layer, 0, position=(row, column))
    rows, columns = np.nonzero(np.abs(network.backward(picture, place).gradients[0][0]).sum(-1))
    return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1


@pytest.mark.parametrize(
    "layer", ["stem", "left", "right", "sum", "inner/inner_conv", "grouped", "pool"]
)
@pytest.mark.parametrize("place", [(0, 2), (4, 7)])
def test_the_field_is_exactly_where_the_gradient_is_not_zero(network, layer, place):
    field = plan_of(network)[layer].field
    assert seen_by(network, layer, *place) == field.box(*place, network.input_shape[:2])


def test_what_follows_something_unknown_is_not_known():
    inputs = keras.Input((8, 9, 3))
    x = layers.UpSampling2D(name="larger")(layers.Conv2D(2, 3, name="before")(inputs))
    plan = plan_of(Network(keras.Model(inputs, layers.Conv2D(1, 3, name="after")(x))))
    assert plan["before"].field.size == (3, 3)
    assert plan["larger"].field is None
    assert plan["after"].field is None


def test_a_dense_layer_sees_all_and_has_no_field(network):
    assert plan_of(network)["answer"].field is None


def test_the_default_networks_field_is_the_gradients(default_network):
    plan = plan_of(default_network)
    assert sum(x.parameters for x in default_network.plan) == default_network.model.count_params()
    field = plan["block2b_add"].field
    assert seen_by(default_network, "block2b_add", 20, 9) == field.box(20, 9, (224, 224))
