"""What is no ReLU is said to be none, by name; what is one is treated, however it was written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles import tape

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass

RNG = np.random.default_rng(9)
PIXELS = RNG.normal(0, 2, (2, 6, 5, 3)).astype(np.float32)
KERNEL = RNG.normal(size=(3, 3, 3, 4)) * 0.7
AFTER = RNG.normal(size=(3, 3, 4, 4)) * 0.4
HEAD = RNG.normal(size=(4, 3))


def around(activation: Callable[[Any], Any]) -> Network:
    """conv → the activation → conv → ReLU layer → average → dense."""
    import keras

    layers = keras.layers
    inputs = keras.Input((6, 5, 3))
    x = layers.Conv2D(4, 3, padding="same", name="before")(inputs)
    x = activation(x)
    x = layers.Conv2D(4, 3, padding="same", name="after")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(3, name="head")(x))
    zero = np.zeros(4)
    for name, weights in (("before", KERNEL), ("after", AFTER), ("head", HEAD)):
        model.get_layer(name).set_weights([weights, zero[: weights.shape[-1]]])
    return Network(model)


def expected(rule: str, top: float = np.inf) -> np.ndarray:
    pixels = tape.Value(PIXELS)
    x = tape.relu(tape.convolution(pixels, KERNEL, np.zeros(4)), top)
    x = tape.relu(tape.convolution(x, AFTER, np.zeros(4)))
    x = tape.dense(tape.global_average(x), HEAD, np.zeros(3))
    return tape.backward(x, np.array([0.0, 1, 0]), rule, pixels)[0]


def layer(name: str, *arguments: Any, **options: Any) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        import keras

        return getattr(keras.layers, name)(*arguments, name="odd", **options)(x)

    return apply


def custom(call: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A layer whose call is (tf, x) → result."""

    def apply(x: Any) -> Any:
        import keras
        import tensorflow as tf

        class Custom(keras.layers.Layer):
            def call(self, inputs: Any) -> Any:
                return call(tf, inputs)

        return Custom(name="odd")(x)

    return apply


RELUS = {
    "layer": (layer("ReLU"), np.inf),
    "activation": (layer("Activation", "relu"), np.inf),
    "relu6": (layer("Activation", "relu6"), 6),
    "at 6": (layer("ReLU", 6.0), 6),
    "at 4": (layer("ReLU", 4.0), 4),
    "tf.nn.relu": (custom(lambda tf, x: tf.nn.relu(x)), np.inf),
    "tf.maximum": (custom(lambda tf, x: tf.maximum(x, 0.0)), np.inf),
    "maximum the other way": (custom(lambda tf, x: tf.maximum(0.0, x)), np.inf),
    "in a tf.function": (
        custom(lambda tf, x: tf.function(lambda y: tf.nn.relu(y))(x)),
        np.inf,
    ),
    "with a gradient of its own": (
        custom(lambda tf, x: tf.custom_gradient(lambda y: (tf.nn.relu(y), lambda dy: 7 * dy))(x)),
        np.inf,
    ),
    "clip": (custom(lambda tf, x: tf.clip_by_value(x, 0.0, 3.0)), 3),
    "clip the other way": (custom(lambda tf, x: tf.minimum(tf.maximum(x, 0.0), 3.0)), 3),
}


@pytest.mark.parametrize("form", RELUS)
def test_every_way_to_write_a_relu_is_treated(form: str) -> None:
    activation, top = RELUS[form]
    network, neuron = around(activation), Neuron(None, 1)
    backward = network.backward(PIXELS, neuron, *(Pass(None, rule) for rule in tape.RULES))
    for rule, gradient in zip(tape.RULES, backward.gradients, strict=True):
        np.testing.assert_allclose(
            gradient, expected(rule, top), rtol=1e-3, atol=1e-6, err_msg=f"{form}, {rule}"
        )
    for rule in ("guided", "deconvnet"):
        coverage = network.coverage(neuron, rule)
        assert coverage.complete, coverage
        counted = sum("1 ReLUs" in words for words in coverage.treated.values())
        counted += 2 * sum("2 ReLUs" in words for words in coverage.treated.values())
        assert counted == 2, coverage


OTHERS = {
    "PReLU": (
        layer("PReLU", alpha_initializer=lambda shape, dtype=None: np.full(shape, 0.2)),
        "PReLU",
    ),
    "LeakyReLU": (layer("LeakyReLU", 0.1), "leaky"),
    "leaky by maximum": (custom(lambda tf, x: tf.maximum(x, 0.1 * x)), "leaky"),
    "ReLU with a slope and a top": (layer("ReLU", 4.0, 0.1), "two-sided"),
    "ReLU with a slope and a threshold": (
        layer("ReLU", negative_slope=0.1, threshold=0.5),
        "no ReLU",
    ),
    "ReLU with a slope, a threshold and a top": (layer("ReLU", 4.0, 0.1, 0.5), "no ReLU"),
    "ReLU with a threshold": (layer("ReLU", threshold=0.5), "threshold"),
    "ELU": (layer("ELU", 0.7), "ELU"),
    "hard_silu": (layer("Activation", "hard_silu"), "hard"),
    "hard_sigmoid": (layer("Activation", "hard_sigmoid"), "hard"),
    "hard sigmoid by clip": (
        custom(lambda tf, x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)),
        "clip",
    ),
    "hard_tanh": (layer("Activation", "hard_tanh"), "clip"),
    **{
        name: (layer("Activation", name), words)
        for name, words in {
            "silu": "swish",
            "gelu": "GELU",
            "selu": "SELU",
            "celu": "no ReLU",
            "tanh": "tanh",
            "sigmoid": "sigmoid",
            "softplus": "softplus",
            "softsign": "softsign",
            "mish": "no ReLU",
            "exponential": "exponential",
            "squareplus": "no ReLU",
            "sparse_plus": "no ReLU",
            "tanh_shrink": "tanh",
            "soft_shrink": "no ReLU",
            "hard_shrink": "no ReLU",
            "log_sigmoid": "no ReLU",
            "softmax": "softmax",
        }.items()
    },
    "exact GELU": (custom(lambda tf, x: tf.nn.gelu(x, approximate=False)), "GELU"),
}


@pytest.mark.parametrize("form", OTHERS)
def test_every_other_activation_is_named(form: str) -> None:
    activation, words = OTHERS[form]
    network, neuron = around(activation), Neuron(None, 1)
    for rule in ("guided", "deconvnet"):
        coverage = network.coverage(neuron, rule)
        assert list(coverage.untreated) == ["odd"], coverage
        assert words in coverage.untreated["odd"]
        assert "odd" in coverage.warning
        assert f"{rule} rule at 1 ReLUs" in coverage.treated["ReLU"], coverage
    assert network.coverage(neuron, "gradient").complete
    assert network.coverage(Neuron("before", 1), "guided").complete  # it is after the neuron


@pytest.mark.parametrize(
    "form",
    [
        *("PReLU", "LeakyReLU", "silu", "hard_silu", "gelu", "celu", "ReLU with a threshold"),
        *("ReLU with a slope and a threshold", "ReLU with a slope, a threshold and a top"),
    ],
)
def test_what_is_not_treated_keeps_its_own_derivative(form: str) -> None:
    """So guided backpropagation of a neuron with no ReLU before it is the plain gradient."""
    network = around(OTHERS[form][0])
    neuron = Neuron("after", 2)
    backward = network.backward(PIXELS, neuron, *(Pass(None, rule) for rule in tape.RULES))
    np.testing.assert_array_equal(backward.gradients[0], backward.gradients[1])
    np.testing.assert_array_equal(backward.gradients[0], backward.gradients[2])


def test_crelu_is_two_relus() -> None:
    """concatenate(relu(x), relu(-x)), Shang et al. 2016: both are gates, none is arithmetic."""

    def crelu(x: Any) -> Any:
        import keras

        halves = [keras.layers.ReLU(name="up")(x), keras.layers.ReLU(name="down")(-x)]
        both = keras.layers.Concatenate()(halves)
        return keras.layers.Conv2D(4, 1, use_bias=False, name="mix")(both)

    network, neuron = around(crelu), Neuron(None, 1)
    coverage = network.coverage(neuron, "guided")
    assert coverage.complete
    mix = network.model.get_layer("mix").get_weights()[0]
    pixels = tape.Value(PIXELS)
    x = tape.convolution(pixels, KERNEL, np.zeros(4))
    turned = tape.Value(-x.array, [x], lambda g, rule: [-g])
    x = tape.concatenate(tape.relu(x), tape.relu(turned))
    x = tape.convolution(tape.convolution(x, mix, np.zeros(4)), AFTER, np.zeros(4))
    x = tape.dense(tape.global_average(tape.relu(x)), HEAD, np.zeros(3))
    for rule in tape.RULES:
        wanted = tape.backward(x, np.array([0.0, 1, 0]), rule, pixels)[0]
        gradient = network.backward(PIXELS, neuron, Pass(None, rule)).gradients[0]
        np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-6)


def test_a_maximum_of_two_branches_is_told() -> None:
    def branches(x: Any) -> Any:
        import keras

        return keras.layers.Maximum()([x, keras.layers.Conv2D(4, 1, name="other")(x)])

    network = around(branches)
    (why,) = network.coverage(Neuron(None, 0), "guided").untreated.values()
    assert "the larger or smaller of two signals" in why
    kernel, bias = network.model.get_layer("other").get_weights()
    pixels = tape.Value(PIXELS)
    x = tape.convolution(pixels, KERNEL, np.zeros(4))
    other = tape.convolution(x, kernel, bias)
    first = x.array > other.array
    assert 0.1 < first.mean() < 0.9
    x = tape.Value(
        np.maximum(x.array, other.array),
        [x, other],
        lambda g, rule: [np.where(first, g, 0), np.where(first, 0, g)],
    )
    x = tape.relu(tape.convolution(x, AFTER, np.zeros(4)))
    x = tape.dense(tape.global_average(x), HEAD, np.zeros(3))
    wanted = tape.backward(x, np.array([0.0, 1, 0]), "guided", pixels)[0]
    gradient = network.backward(PIXELS, Neuron(None, 1), Pass(None, "guided")).gradients[0]
    np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-6)


def closed(x: Any) -> Any:
    """A ReLU in a branch that AutoGraph makes."""
    import tensorflow as tf

    @tf.function
    def function(y: Any) -> Any:
        if tf.reduce_max(y) > 1e9:
            y = y * 2.0
        for _ in tf.range(1):
            y = tf.nn.relu(y)
        return y

    return custom(lambda _, y: function(y))(x)


def test_a_branch_that_is_chosen_at_run_time_hides_its_relu() -> None:
    network, neuron = around(closed), Neuron(None, 1)
    for rule in ("guided", "deconvnet"):
        coverage = network.coverage(neuron, rule)
        assert list(coverage.untreated) == ["odd"]
        assert "chosen at run time" in coverage.untreated["odd"]
    plain = network.backward(PIXELS, neuron).gradients[0]
    np.testing.assert_allclose(plain, expected("gradient"), rtol=1e-3, atol=1e-6)


def test_a_switch_between_layers_is_named_too() -> None:
    def between(x: Any) -> Any:
        import keras

        return keras.ops.where(x > 0, x, 0.3 * x)

    network = around(between)
    untreated = network.coverage(Neuron(None, 1), "guided").untreated
    assert list(untreated) == ["operations between layers"]


def test_down_to_a_layer_only_what_comes_after_counts() -> None:
    network = around(OTHERS["silu"][0])
    assert not network.coverage(Neuron(None, 1), "guided").complete
    coverage = network.coverage(Neuron(None, 1), "guided", down_to="after")
    assert coverage.complete
    assert set(coverage.treated) == {"ReLU", "GlobalAveragePooling2D", "Dense"}
