"""A network of two inputs, the second held: against GradientTape on the model as it is."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.variants.randomization import Cascade
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

L = keras.layers
RNG = np.random.default_rng(5)
PIXELS = RNG.normal(0, 1, (9, 7, 3)).astype(np.float32)
AGE, SEX = np.float32([0.3, -1.2]), 1


def model(form: str) -> keras.Model:
    """A picture, two numbers and a whole number; the second input opens and shuts maps."""
    keras.utils.set_random_seed(6)
    picture, age = keras.Input(PIXELS.shape, name="picture"), keras.Input((2,), name="age")
    sex = keras.Input((), dtype="int32", name="sex")
    x = L.Conv2D(5, 3, activation="relu", name="c1")(picture)
    gate = L.Add()([L.Dense(5)(age), L.Embedding(2, 5)(sex)])
    x = L.Multiply(name="gated")([x, L.Reshape((1, 1, 5))(gate)])
    x = L.Conv2D(4, 2, activation="relu", name="c2")(x)
    x = L.Dense(3, name="head")(L.GlobalAveragePooling2D()(x))
    out = L.Softmax()(x)
    if form == "dictionary":
        return keras.Model({"sex": sex, "picture": picture, "age": age}, out)
    return keras.Model([age, picture, sex], out)


def wanted(made: keras.Model, batch: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """The value before softmax and its derivative, from the model with all its inputs."""
    many = len(batch)
    others = np.repeat(AGE[None], many, 0), np.full(many, SEX)
    inside = keras.Model(made.inputs, made.get_layer("head").output)
    order = {x.name: x for x in made.inputs}
    pixels = tf.constant(batch)
    given = {"age": tf.constant(others[0]), "sex": tf.constant(others[1]), "picture": pixels}
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        value = inside([given[name] for name in order])[:, unit]
    return value.numpy(), tape.gradient(value, pixels).numpy()


@pytest.mark.parametrize("form", ["list", "dictionary"])
def test_values_and_derivatives(form: str) -> None:
    made = model(form)
    network = Network(made, inputs={"age": AGE, "sex": SEX})
    assert network.input_shape == PIXELS.shape
    batch = np.stack([PIXELS, -PIXELS, 2 * PIXELS])
    value, slope = wanted(made, batch, 2)
    np.testing.assert_allclose(network.values(batch, network.neuron(2)), value, rtol=1e-4)
    explanation = explain(network, PIXELS, "saliency", 2)
    np.testing.assert_allclose(explanation.attribution, slope[0], rtol=1e-3, atol=1e-6)
    assert explain(network, PIXELS, "grad_cam", 2).layer == "c2"
    occluded = explain(network, PIXELS, "occlusion", 2, patch=3, colour="black")
    assert occluded.value == pytest.approx(value[0], rel=1e-4)
    probabilities = network.outputs(PIXELS[None])[1]
    assert probabilities.sum() == pytest.approx(1, rel=1e-5)


def test_another_value_is_another_network() -> None:
    made = model("list")
    one, other = (
        explain(Network(made, inputs={"age": age, "sex": 0}), PIXELS, "saliency", 1).attribution
        for age in (AGE[None], -AGE)
    )
    assert np.abs(one - other).max() > 1e-4
    copy = Cascade(Network(made, inputs={"age": AGE, "sex": SEX})).network
    np.testing.assert_allclose(
        explain(copy, PIXELS, "saliency", 2).attribution, wanted(made, PIXELS[None], 2)[1][0],
        rtol=1e-3, atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "error", "match"),
    [
        ({"aeg": AGE, "sex": 1}, UnknownNameError, "input 'aeg'.*Did you mean 'age'"),
        ({"age": AGE}, InvalidValueError, "picture, sex would be left"),
        ({"age": AGE, "sex": 1, "picture": PIXELS}, InvalidValueError, "none would be left"),
        ({"age": AGE[:1], "sex": 1}, InvalidValueError, r"'age' takes.*\(2,\).*\(1,\)"),
        ({"age": [np.nan, 0], "sex": 1}, InvalidValueError, "finite"),
        ({"age": "old", "sex": 1}, InvalidValueError, "finite numbers"),
        ({"picture": PIXELS, "sex": 1}, InvalidValueError, "image input"),
    ],
)
def test_what_cannot_be_held_is_refused(inputs: Any, error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        Network(model("list"), inputs=inputs)


def test_a_second_input_that_is_not_held_is_told_how() -> None:
    with pytest.raises(InvalidValueError, match=r"Network\(model, inputs="):
        Network(model("list"))
