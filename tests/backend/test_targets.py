"""The target is the value before softmax or sigmoid, however the network ends in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError

RNG = np.random.default_rng(21)
SHAPE = (6, 5, 3)
PIXELS = RNG.normal(0, 1, (2, *SHAPE)).astype(np.float32)
KERNEL, BIAS = RNG.normal(size=(90, 4)) * 0.2, RNG.normal(size=4)
LOGITS = PIXELS.reshape(2, -1).astype(float) @ KERNEL + BIAS
SOFTMAX = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
SIGMOID = 1 / (1 + np.exp(-LOGITS))


def ending(end: Callable[[Any, Any], Any], activation: str | None = None) -> Any:
    """Flatten → dense → `end` (keras, x)."""
    import keras

    inputs = keras.Input(SHAPE)
    x = keras.layers.Flatten()(inputs)
    x = keras.layers.Dense(4, activation, name="dense")(x)
    model = keras.Model(inputs, end(keras, x))
    model.get_layer("dense").set_weights([KERNEL, BIAS])
    return model


def nothing(keras: Any, x: Any) -> Any:
    return x


def nested(keras: Any, x: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), keras.layers.Softmax()], name="head")(x)


def with_dropout(keras: Any, x: Any) -> Any:
    x = keras.layers.Activation("softmax", name="probabilities")(x)
    return keras.layers.Activation("linear", dtype="float32", name="out")(x)


ENDS: dict[str, tuple[Any, np.ndarray]] = {
    "logits": ((nothing,), LOGITS),
    "fused softmax": ((nothing, "softmax"), SOFTMAX),
    "fused sigmoid": ((nothing, "sigmoid"), SIGMOID),
    "fused log-softmax": ((nothing, "log_softmax"), SOFTMAX),
    "Softmax": ((lambda k, x: k.layers.Softmax()(x),), SOFTMAX),
    "Activation": ((lambda k, x: k.layers.Activation("softmax")(x),), SOFTMAX),
    "Activation sigmoid": ((lambda k, x: k.layers.Activation("sigmoid")(x),), SIGMOID),
    "keras.ops.softmax": ((lambda k, x: k.ops.softmax(x),), SOFTMAX),
    "keras.ops.sigmoid": ((lambda k, x: k.ops.sigmoid(x),), SIGMOID),
    "keras.ops.log_softmax": ((lambda k, x: k.ops.log_softmax(x),), SOFTMAX),
    "in a nested model": ((nested,), SOFTMAX),
    "identity after it": ((with_dropout,), SOFTMAX),
    "cast after it": ((lambda k, x: k.ops.cast(k.ops.softmax(x), "float64"),), SOFTMAX),
    "reshaped before": (
        (lambda k, x: k.layers.Softmax()(k.layers.Reshape((4,))(x)),),
        SOFTMAX,
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_target_is_the_logit(end: str) -> None:
    arguments, scores = ENDS[end]
    network = Network(ending(*arguments))
    for unit in (0, 3):
        backward = network.backward(PIXELS, Neuron(None, unit))
        np.testing.assert_allclose(backward.value, LOGITS[:, unit], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            backward.gradients[0][0], KERNEL[:, unit].reshape(SHAPE), rtol=1e-4, atol=1e-6
        )
    logits, given_scores = network.outputs(PIXELS)
    np.testing.assert_allclose(logits, LOGITS, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(given_scores, scores, rtol=1e-4, atol=1e-6)
    assert network.units == 4
    prediction = network.predict(PIXELS[0], top=2)
    order = np.argsort(-LOGITS[0])
    assert [p.unit for p in prediction] == list(order[:2])
    assert prediction[0].logit == pytest.approx(LOGITS[0].max(), rel=1e-4)
    if end == "logits":  # the network itself makes no probability of it, so neither do we
        assert prediction[0].score is None
    else:
        assert prediction[0].score == pytest.approx(scores[0, order[0]], rel=1e-4)


def test_the_last_layer_s_neuron_is_the_class() -> None:
    """Dense(softmax), asked for by its layer's name, is explained before its softmax too."""
    for activation, name in (("softmax", "dense"), ("sigmoid", "dense")):
        network = Network(ending(nothing, activation))
        backward = network.backward(PIXELS, network.neuron((name, 2)))
        np.testing.assert_allclose(backward.value, LOGITS[:, 2], rtol=1e-4, atol=1e-5)
    network = Network(ending(with_dropout))
    for name in ("dense", "probabilities", "out"):
        backward = network.backward(PIXELS, network.neuron((name, 2)))
        np.testing.assert_allclose(backward.value, LOGITS[:, 2], rtol=1e-4, atol=1e-5)


def test_a_sigmoid_cast_after_it_is_the_class_too() -> None:
    network = Network(ending(lambda k, x: k.ops.cast(x, "float64"), "sigmoid"))
    backward = network.backward(PIXELS, network.neuron(("dense", 1)))
    np.testing.assert_allclose(backward.value, LOGITS[:, 1], rtol=1e-4, atol=1e-5)


def test_a_sigmoid_inside_the_network_is_an_activation_like_any_other() -> None:
    def end(keras: Any, x: Any) -> Any:
        x = keras.layers.Activation("sigmoid", name="gate")(x)
        return keras.layers.Dense(2, name="head")(x)

    network = Network(ending(end))
    backward = network.backward(PIXELS, Neuron("gate", 1))
    np.testing.assert_allclose(backward.value, SIGMOID[:, 1], rtol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float16", "float64"])
def test_other_precisions(policy: str) -> None:
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        layers = keras.layers
        inputs = keras.Input(SHAPE)
        x = layers.Conv2D(4, 3, activation="relu", padding="same", name="conv")(inputs)
        x = layers.Flatten()(x)
        x = layers.Dense(4, name="dense")(x)
        model = keras.Model(inputs, layers.Activation("softmax", dtype="float32")(x))
    finally:
        keras.config.set_dtype_policy(before)
    network = Network(model)
    weights = [RNG.normal(size=w.shape) * 0.3 for w in model.get_weights()]
    model.set_weights(weights)
    # Half precision is computed in float32: exact for the weights as it has rounded them.
    full = _in_float32([np.asarray(w, np.float32) for w in model.get_weights()])
    tolerance = 1e-4
    for neuron in (Neuron(None, 2), Neuron("conv", 1), Neuron("conv", 1, "mean")):
        backward, wanted = network.backward(PIXELS, neuron), full.backward(PIXELS, neuron)
        assert backward.value.dtype == backward.gradients[0].dtype == np.float32
        scale = np.abs(wanted.gradients[0]).max()
        np.testing.assert_allclose(backward.value, wanted.value, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(
            backward.gradients[0], wanted.gradients[0], atol=3 * tolerance * scale
        )
    assert network.activations(PIXELS[0], "conv").dtype == np.float32
    assert sum(p.score for p in network.predict(PIXELS[0])) == pytest.approx(1, abs=0.02)


def _in_float32(weights: list[np.ndarray]) -> Network:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(4, 3, activation="relu", padding="same", name="conv"),
            layers.Flatten(),
            layers.Dense(4),
        ]
    )
    model.set_weights(weights)
    return Network(model)


def test_sums_over_many_places_are_exact_in_half_precision() -> None:
    """4096 × 1.0 is 4096: added up in bfloat16 it would stop at 256."""
    import keras

    inputs = keras.Input((64, 64, 1))
    x = keras.layers.Conv2D(2, 1, use_bias=False, dtype="mixed_bfloat16", name="conv")(inputs)
    x = keras.layers.Flatten(dtype="mixed_bfloat16")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(x))
    model.get_layer("conv").set_weights([np.ones((1, 1, 1, 2))])
    network = Network(model)
    ones = np.ones((1, 64, 64, 1), np.float32)
    assert network.backward(ones, Neuron("conv", 0)).value[0] == 4096
    assert network.backward(ones, Neuron("conv", 0, "mean")).value[0] == 1


def test_a_map_of_answers_is_summed_and_its_scores_averaged() -> None:
    """A segmentation network: the class of most evidence, and its share of the picture."""
    import keras

    kernel = RNG.normal(size=(1, 1, 3, 4))
    model = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Conv2D(4, 1, activation="softmax", use_bias=False)]
    )
    model.set_weights([kernel])
    network = Network(model)
    logits = PIXELS[0] @ kernel[0, 0]
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    best = logits.sum((0, 1)).argmax()
    prediction = network.predict(PIXELS[0], top=4)
    assert prediction[0].unit == best
    assert prediction[0].logit == pytest.approx(logits.sum((0, 1))[best], rel=1e-4)
    assert prediction[0].score == pytest.approx(shares.mean((0, 1))[best], rel=1e-4)
    assert sum(p.score for p in prediction) == pytest.approx(1, rel=1e-4)
    assert network.backward(PIXELS[:1], None).unit == best


def test_several_outputs() -> None:
    import keras

    inputs = keras.Input(SHAPE)
    x = keras.layers.Conv2D(3, 3, name="conv")(inputs)
    x = keras.layers.Flatten()(x)
    model = keras.Model(
        inputs,
        {
            "class": keras.layers.Dense(4, "softmax", name="a")(x),
            "box": keras.layers.Dense(2, name="b")(x),
        },
    )
    network = Network(model)
    for ask in (
        lambda: network.neuron(None),
        lambda: network.neuron(2),
        lambda: network.predict(PIXELS[0]),
        lambda: network.units,
    ):
        with pytest.raises(UnsuitableError, match=r"one output.*has 2.*Neuron\(layer, unit\)"):
            ask()
    # Any layer's neuron works, the outputs' own before their softmax.
    kernel, bias = model.get_layer("a").get_weights()
    flat = network.activations(PIXELS[0], "conv").reshape(-1)
    backward = network.backward(PIXELS[:1], network.neuron(("a", 3)))
    np.testing.assert_allclose(
        backward.value[0], flat @ kernel[:, 3] + bias[3], rtol=1e-4, atol=1e-5
    )
    assert np.abs(network.backward(PIXELS[:1], network.neuron(("b", 1))).gradients[0]).max() > 0
    assert {"conv", "a", "b"} <= {info.name for info in network.layers}


def test_neurons_that_do_not_exist() -> None:
    import keras

    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, name="dense"),
        ]
    )
    network = Network(model)
    with pytest.raises(UnknownNameError, match=r"unit 4 in the output: 0 to 3"):
        network.neuron(4)
    with pytest.raises(UnknownNameError, match=r"unit 3 in layer 'conv': 0 to 2"):
        network.neuron(("conv", 3))
    with pytest.raises(UnknownNameError, match=r"'cnov'.*Did you mean 'conv'"):
        network.neuron(("cnov", 1))
    with pytest.raises(InvalidValueError, match=r"\(4, 0\).*'conv'.*\(4, 3\)"):
        network.neuron(Neuron("conv", 1, position=(4, 0)))
    with pytest.raises(InvalidValueError, match=r"\(0,\).*\(4, 3\)"):
        network.neuron(Neuron("conv", 1, position=(0,)))
    with pytest.raises(InvalidValueError, match=r"the output.*no rows and columns"):
        network.neuron(Neuron(None, 1, position=(0, 0)))
    with pytest.raises(InvalidValueError, match="pair"):
        network.neuron(("conv", 1, "mean"))  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="whole number"):
        network.neuron("conv")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="top"):
        network.predict(PIXELS[0], top=0)
    with pytest.raises(InvalidValueError, match="top"):
        network.most_active(PIXELS[0], "conv", top=-1)
    with pytest.raises(UnknownNameError, match="'cnov'"):
        network.most_active(PIXELS[0], "cnov")


def test_most_active_is_the_largest_mean(twins: Any) -> None:
    twin, network = twins("branched")
    pixels = RNG.normal(0, 1.5, (9, 7, 3)).astype(np.float32)
    maps = twin.tape(pixels[None]).values["mixed"].array[0]
    means = {unit: float(np.mean([m[unit] for row in maps for m in row])) for unit in range(8)}
    wanted = sorted(means, key=lambda unit: -means[unit])[:3]
    active = network.most_active(pixels, "mixed", top=3)
    assert [f.unit for f in active] == wanted
    for f in active:
        assert f.value == pytest.approx(means[f.unit], rel=1e-4)
    assert len(network.most_active(pixels, "mixed", top=99)) == 8
