"""Copies that end before their softmax, on endings of all kinds; other libraries' guided rule."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from cnnvis_widgets.backend.coverage_report import relus
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import INPUT, OPEN, Pass
from cnnvis_widgets.backend.variants.peer_models import as_it_is, before_scores
from cnnvis_widgets.errors import UnsuitableError

SIZE = (5, 4, 3)
BATCH = np.random.default_rng(0).normal(size=(3, *SIZE)).astype(np.float32)


def head(ending: str) -> tuple[keras.Model, layers.Layer]:
    """A mean over places and a dense layer, and then what is tried."""
    dense = layers.Dense(4, activation={"fused": "softmax", "sigmoid": "sigmoid"}.get(ending))
    pixels = keras.Input(SIZE)
    x = dense(layers.GlobalAveragePooling2D()(pixels))
    if ending == "layer":
        x = layers.Softmax()(x)
    if ending == "activation":
        x = layers.Activation("log_softmax")(x)
    if ending == "reshaped":
        x = layers.Reshape((4,))(layers.Softmax()(layers.Reshape((4,))(x)))
    if ending == "nested":
        inside = keras.Input((4,))
        x = keras.Model(inside, layers.Activation("softmax")(inside))(x)
    if ending == "operation":
        x = keras.ops.softmax(x)
    return keras.Model(pixels, x), dense


@pytest.mark.parametrize(
    "ending",
    ["fused", "sigmoid", "layer", "activation", "reshaped", "nested", "operation", "linear"],
)
def test_the_copy_gives_the_value_before(ending: str) -> None:
    model, dense = head(ending)
    kernel, bias = dense.get_weights()
    logits = BATCH.astype(np.float64).mean((1, 2)) @ kernel + bias
    network = Network(model)
    copy = before_scores(network)
    np.testing.assert_allclose(copy(BATCH, training=False), logits, atol=1e-5)
    given = np.asarray(model(BATCH, training=False))  # the caller's model still ends as it did
    np.testing.assert_allclose(as_it_is(network)(BATCH, training=False), given, atol=1e-6)
    if ending == "fused":
        np.testing.assert_allclose(given.sum(-1), 1, atol=1e-6)
    copy.set_weights([w + 1 for w in copy.get_weights()])
    np.testing.assert_array_equal(model(BATCH, training=False), given)


def test_a_softmax_that_no_layer_holds_is_told() -> None:
    @keras.saving.register_keras_serializable("peer_models")
    class Head(layers.Layer):
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(shape[-1], 4), name="kernel")

        def call(self, x: Any) -> Any:
            return keras.ops.softmax(keras.ops.matmul(x, self.kernel))

    pixels = keras.Input(SIZE)
    network = Network(keras.Model(pixels, Head()(layers.GlobalAveragePooling2D()(pixels))))
    assert network.structure.output_kind == "softmax"
    with pytest.raises(UnsuitableError, match="ends before its softmax"):
        before_scores(network)


def test_which_layers_hold_relus() -> None:
    pixels = keras.Input(SIZE)
    inner = keras.Input(SIZE)
    part = keras.Model(inner, layers.ReLU(6.0, name="clipped")(inner), name="part")
    x = layers.Conv2D(3, 1, activation="relu", name="fused")(part(pixels))
    x = layers.Conv2D(2, 1, activation="tanh", name="other")(x)
    network = Network(keras.Model(pixels, layers.Flatten()(layers.ReLU(name="last")(x))))
    assert relus(network.structure) == {"part/clipped": 1, "fused": 1, "last": 1}


@pytest.mark.parametrize("bound", [6.0, 2.5])
def test_the_open_rule_asks_only_whether_the_input_is_positive(bound: float) -> None:
    pixels = keras.Input((2, 3, 1))
    dense = layers.Dense(2, use_bias=False)
    x = dense(layers.Flatten()(layers.ReLU(max_value=bound)(pixels)))
    network = Network(keras.Model(pixels, x))
    values = np.float32([[-1, 1, 9], [bound + 1, 0.5, -3]])[None, ..., None]
    kernel = np.float32([[1, 2, 3, 4, -5, 6]]).T * np.float32([[1, 0]])
    dense.set_weights([kernel])
    slopes = {
        rule: network.backward(values, Neuron(None, 0), Pass(INPUT, rule)).gradients[0][0, ..., 0]
        for rule in ("gradient", "guided", OPEN)
    }
    np.testing.assert_array_equal(slopes["gradient"], [[0, 2, 0], [0, -5, 0]])
    np.testing.assert_array_equal(slopes["guided"], [[0, 2, 0], [0, 0, 0]])
    np.testing.assert_array_equal(slopes[OPEN], [[0, 2, 3], [4, 0, 0]])
