"""The value before softmax or sigmoid is found wherever it is, or the doubt is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

L, ops = keras.layers, keras.ops
ROWS, COLUMNS, UNITS = 9, 7, 5
PIXELS = np.random.default_rng(3).normal(size=(1, ROWS, COLUMNS, 3)).astype(np.float32)


def built(end: Callable[[Any, Any], Any]) -> tuple[keras.Model, keras.Model]:
    """A network that ends in `end` (logits, features), and the same up to the logits."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((ROWS, COLUMNS, 3))
    features = L.GlobalAveragePooling2D()(L.Conv2D(6, 3, activation="relu")(inputs))
    logits = L.Dense(UNITS, bias_initializer="normal", kernel_initializer="normal")(features)
    return keras.Model(inputs, end(logits, features)), keras.Model(inputs, logits)


class ByHand(L.Layer):
    """A softmax of its own operations, within a function that AutoGraph has to convert."""

    @tf.function
    def call(self, x: Any) -> Any:
        if tf.reduce_sum(x) > 1e9:
            x = x * 2.0
        powers = tf.exp(x - tf.reduce_max(x, -1, keepdims=True))
        return powers / tf.reduce_sum(powers, -1, keepdims=True)


def lam(function: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda z, x: L.Lambda(function)(z)


def after_softmax(function: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda z, x: L.Lambda(function)(L.Softmax()(z))


# How it ends, what that is called, and the logits of the units 0, 1 … as multiples of Dense's.
FOUND: dict[str, tuple[Callable[[Any, Any], Any], str, float]] = {
    "a lambda": (lam(tf.nn.softmax), "softmax", 1),
    "a temperature": (lam(lambda t: tf.nn.softmax(t / 2.5)), "softmax", 0.4),
    "a steep one": (lam(lambda t: tf.nn.softmax(t * 100)), "softmax", 100),
    "exp by hand": (
        lam(lambda t: ops.exp(t) / ops.sum(ops.exp(t), -1, keepdims=True)),
        "softmax",
        1,
    ),
    "in a tf.function": (lambda z, x: ByHand()(z), "softmax", 1),
    "moved": (after_softmax(lambda t: t[:, None, None, :]), "softmax", 1),
    "clipped": (after_softmax(lambda t: tf.clip_by_value(t, 1e-7, 1 - 1e-7)), "softmax", 1),
    "some of the classes": (after_softmax(lambda t: t[:, :3]), "softmax", 1),
    "percentages": (lambda z, x: L.Rescaling(100.0)(L.Softmax()(z)), "softmax", 1),
    "two heads in one": (
        lambda z, x: L.Concatenate()([L.Softmax()(z), L.Dense(3, activation="softmax")(x)]),
        "softmax",
        1,
    ),
    "log_softmax": (lam(tf.nn.log_softmax), "log-softmax", 1),
    "log of softmax": (after_softmax(tf.math.log), "log-softmax", 1),
    "log_softmax by hand": (
        lam(lambda t: t - tf.reduce_logsumexp(t, -1, keepdims=True)),
        "log-softmax",
        1,
    ),
    "sigmoid by hand": (lam(lambda t: 1 / (1 + tf.exp(-t))), "sigmoid", 1),
    "sigmoid as tanh": (lam(lambda t: 0.5 * tf.tanh(t / 2) + 0.5), "sigmoid", 1),
    "in double precision": (
        lambda z, x: L.Activation("softmax", dtype="float64")(z),
        "softmax",
        1,
    ),
    "hidden in Python": (
        lambda z, x: L.Lambda(
            lambda t: tf.ensure_shape(
                tf.numpy_function(lambda v: np.exp(v) / np.exp(v).sum(-1)[:, None], [t], "float32"),
                (None, UNITS),
            ),
            output_shape=(UNITS,),
        )(z),
        "softmax",
        1,
    ),
    "nothing": (lambda z, x: z, "linear", 1),
}


def compare(model: keras.Model, logits: keras.Model, factor: float) -> Network:
    network = Network(model)
    pixels = tf.constant(PIXELS)
    for unit in (0, 2):
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            wanted = factor * logits(pixels)[:, unit]
        backward = network.backward(PIXELS, Neuron(None, unit))
        np.testing.assert_allclose(backward.value, wanted, rtol=1e-4, atol=1e-5)
        slope = tape.gradient(wanted, pixels).numpy()
        far = np.abs(slope).max()
        np.testing.assert_allclose(backward.gradients[0], slope, atol=1e-4 * far)
    return network


@pytest.mark.parametrize("name", FOUND)
def test_the_value_before_it_is_explained(name: str) -> None:
    end, kind, factor = FOUND[name]
    network = compare(*built(end), factor)
    assert network.structure.output_kind == kind
    scores = [p.score for p in network.predict(PIXELS[0], top=3)]
    assert all((score is None) == (kind == "linear") for score in scores)


def test_the_order_of_the_units_follows_the_scores() -> None:
    order = [4, 2, 0, 3, 1]
    model, logits = built(after_softmax(lambda t: tf.gather(t, order, axis=-1)))
    z = logits(PIXELS).numpy()[0]
    for unit, before in enumerate(order):
        assert Network(model).values(PIXELS, Neuron(None, unit)) == pytest.approx(z[before])


def test_a_saved_model_is_opened(tmp_path: Path) -> None:
    model, logits = built(lambda z, x: L.Softmax()(z))
    model.export(tmp_path / "saved", verbose=False)
    inputs = keras.Input((ROWS, COLUMNS, 3))
    layer = L.TFSMLayer(str(tmp_path / "saved"), call_endpoint="serve")
    network = compare(keras.Model(inputs, layer(inputs)), logits, 1)
    assert len(network.layers) > 3 and network.last_convolution(None)
    assert "tf.function" in network.remarks(None)[0]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_a_saved_model_in_half_precision_is_told(tmp_path: Path, dtype: str) -> None:
    inputs = keras.Input((ROWS, COLUMNS, 3))
    x = L.Conv2D(4, 3, activation="relu", dtype=dtype)(inputs)
    x = L.GlobalAveragePooling2D(dtype=dtype)(x)
    model = keras.Model(inputs, L.Dense(UNITS, dtype=dtype)(x))
    model.export(tmp_path / "saved", verbose=False)
    outer = keras.Input((ROWS, COLUMNS, 3))
    saved = L.TFSMLayer(str(tmp_path / "saved"), call_endpoint="serve")
    network = Network(keras.Model(outer, saved(outer)))
    messages = [note for note in network.remarks(None) if "compute in half precision" in note]
    assert len(messages) == (dtype == "float16")
    assert all("Conv2D" in note and "MatMul" in note for note in messages)


DOUBTFUL: dict[str, Callable[[Any, Any], Any]] = {
    "a mean of two": lambda z, x: L.Average()([L.Softmax()(z), L.Softmax()(L.Dense(UNITS)(x))]),
    "a pair": lambda z, x: L.Lambda(lambda p: tf.concat([1 - p, p], -1))(
        L.Dense(1, activation="sigmoid")(x)
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_could_not_be_found_is_told(name: str) -> None:
    network = Network(built(DOUBTFUL[name])[0])
    explanation = explain(network, PIXELS[0], method="occlusion", neuron=1)
    assert any("could not be found" in note for note in explanation.notes), explanation.notes
    hidden = network.neuron((network.layers[0].name, 1))
    assert not any("could not be found" in message for message in network.remarks(hidden))


def test_a_neuron_of_a_softmax_layer_is_said_to_be_the_value_before_it() -> None:
    """In the middle as at the end, and behind what only hands it on."""

    def end(z: Any, x: Any) -> Any:
        gate = L.Softmax(name="middle")(L.Rescaling(2.0, name="before")(x))
        z = L.Add()([z, L.Dense(UNITS)(gate)])
        return L.Dropout(0.5, name="end")(L.Softmax()(z))

    model, _ = built(end)
    network = Network(model)
    inside = keras.Model(model.inputs, [model.get_layer(n).output for n in ("before", "middle")])
    before, middle = (value.numpy()[0] for value in inside([PIXELS]))
    explanation = explain(network, PIXELS[0], "saliency", ("middle", 2))
    assert explanation.value == pytest.approx(before[2]) and explanation.value != pytest.approx(
        middle[2]
    )
    assert any("before softmax or sigmoid, not what middle gives" in n for n in explanation.notes)
    assert "not what end gives" in network.remarks(Neuron("end", 1))[0]
    assert network.remarks(Neuron("before", 1)) == network.remarks(None) == ()


def test_a_dense_layer_on_maps_is_no_candidate() -> None:
    """It multiplies (batch · places, units), whose rows are as long as the output's."""
    keras.utils.set_random_seed(2)
    inputs = keras.Input((ROWS, COLUMNS, 3))
    maps = L.Dense(UNITS)(L.Conv2D(6, 3, activation="relu")(inputs))
    features = L.GlobalAveragePooling2D()(L.Activation("tanh")(maps))
    ends = [L.Softmax()(L.Dense(UNITS)(features)) for _ in range(2)]
    network = Network(keras.Model(inputs, L.Average()(ends)))
    answer = explain(network, PIXELS[0], method="occlusion", neuron=1)
    assert answer.value == pytest.approx(float(network.model(PIXELS)[0, 1]), abs=1e-6)
    assert any("could not be found" in note for note in answer.notes), answer.notes


def test_an_activation_that_is_exchanged_later_is_seen() -> None:
    model, _ = built(lambda z, x: L.Activation("linear", name="end")(z))
    network = Network(model)
    before = network.values(PIXELS, Neuron(None, 1))
    assert network.structure.output_kind == "linear"
    model.get_layer("end").activation = keras.activations.softmax
    assert network.structure.output_kind == "softmax"
    assert network.values(PIXELS, Neuron(None, 1)) == pytest.approx(before, rel=1e-5)
