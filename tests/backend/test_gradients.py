"""Derivatives against closed forms and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass

RNG = np.random.default_rng(5)
PIXELS = RNG.normal(0, 1.5, SHAPE).astype(np.float32)


def test_a_linear_network_s_gradient_is_its_weights() -> None:
    import keras

    kernel, bias = RNG.normal(size=(7 * 5 * 3, 4)), RNG.normal(size=4)
    model = keras.Sequential(
        [keras.Input((7, 5, 3)), keras.layers.Flatten(), keras.layers.Dense(4)]
    )
    model.layers[-1].set_weights([kernel, bias])
    network = Network(model)
    for unit in (0, 3):
        for scale in (0.0, 1.0, -20.0):  # the same everywhere
            batch = scale * RNG.normal(size=(2, 7, 5, 3)).astype(np.float32)
            backward = network.backward(batch, Neuron(None, unit))
            expected = kernel[:, unit].reshape(7, 5, 3).astype(np.float32)
            np.testing.assert_array_equal(backward.gradients[0], np.stack([expected, expected]))
            value = batch.reshape(2, -1) @ kernel[:, unit] + bias[unit]
            np.testing.assert_allclose(backward.value, value, rtol=1e-4, atol=1e-4)


def test_a_convolution_s_gradient_counts_the_windows_that_see_a_pixel() -> None:
    """Σ of a map: each pixel counts once for each place of the kernel that reaches it."""
    import keras

    model = keras.Sequential(
        [
            keras.Input((6, 5, 1)),
            keras.layers.Conv2D(2, (3, 2), padding="valid", use_bias=False, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    kernel = RNG.normal(size=(3, 2, 1, 2)).astype(np.float32)
    model.get_layer("conv").set_weights([kernel])
    network = Network(model)
    pixels = RNG.normal(size=(1, 6, 5, 1)).astype(np.float32)
    expected = np.zeros((6, 5))
    for row in range(4):
        for column in range(4):
            expected[row : row + 3, column : column + 2] += kernel[:, :, 0, 1]
    gradient = network.backward(pixels, Neuron("conv", 1)).gradients[0][0, ..., 0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-5)
    gradient = network.backward(pixels, Neuron("conv", 1, "mean")).gradients[0][0, ..., 0]
    np.testing.assert_allclose(gradient, expected / 16, rtol=1e-5)
    expected = np.zeros((6, 5))
    expected[2:5, 3:5] = kernel[:, :, 0, 1]
    gradient = network.backward(pixels, Neuron("conv", 1, position=(2, 3))).gradients[0][0, ..., 0]
    np.testing.assert_array_equal(gradient, expected.astype(np.float32))


def test_two_layers_by_hand() -> None:
    """w₂ · relu(W₁ x + b₁): the gradient is the sum of the open units' weights."""
    import keras

    first, start = RNG.normal(size=(7 * 5 * 3, 6)), RNG.normal(size=6)
    second = RNG.normal(size=(6, 3))
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((7, 5, 3)),
            layers.Flatten(),
            layers.Dense(6, activation="relu", name="hidden"),
            layers.Dense(3, use_bias=False),
        ]
    )
    model.set_weights([first, start, second])
    pixels = RNG.normal(size=(7, 5, 3)).astype(np.float32)
    is_open = pixels.reshape(-1) @ first + start > 0
    assert 0 < is_open.sum() < 6
    network = Network(model)
    for unit in range(3):
        expected = (first[:, is_open] @ second[is_open, unit]).reshape(7, 5, 3)
        gradient = network.backward(pixels[None], Neuron(None, unit)).gradients[0][0]
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-6)
        kept = is_open & (second[:, unit] > 0)  # guided: only positive gradients pass the ReLU
        expected = (first[:, kept] @ second[kept, unit]).reshape(7, 5, 3)
        backward = network.backward(pixels[None], Neuron(None, unit), Pass(None, "guided"))
        np.testing.assert_allclose(backward.gradients[0][0], expected, rtol=1e-4, atol=1e-6)
        kept = second[:, unit] > 0  # DeconvNet: whether the unit is open does not matter
        expected = (first[:, kept] @ second[kept, unit]).reshape(7, 5, 3)
        backward = network.backward(pixels[None], Neuron(None, unit), Pass(None, "deconvnet"))
        np.testing.assert_allclose(backward.gradients[0][0], expected, rtol=1e-4, atol=1e-6)


def differences(value: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray) -> np.ndarray:
    """Central differences of a function of a batch, float64."""
    step = 1e-5
    moved = np.repeat(pixels[None].astype(np.float64), 2 * pixels.size, axis=0)
    flat = moved.reshape(2, pixels.size, pixels.size)
    flat[0] += step * np.eye(pixels.size)
    flat[1] -= step * np.eye(pixels.size)
    up, down = value(moved).reshape(2, pixels.size)
    return ((up - down) / (2 * step)).reshape(pixels.shape)


NEURONS = [
    ("relu_layers", Neuron(None, 1)),
    ("relu_layers", Neuron("d1", 2)),  # a dense layer's unit: no rows and columns
    ("relu6", Neuron("a", 2)),
    ("relu6", Neuron("a", 3, "mean")),
    ("residual", Neuron("a1", 3, "max")),
    ("residual", Neuron("c2", 1, position=(2, 5))),
    ("nested_twice", Neuron("body/core/r2", 2, "max")),
    ("shared", Neuron("c2#2", 2)),
    ("shared", Neuron("c2", 2)),
    ("branched", Neuron("p", 1, "mean")),
    ("separable", Neuron("s2", 3)),
]


@pytest.mark.parametrize(("name", "neuron"), NEURONS, ids=lambda v: str(getattr(v, "layer", v)))
def test_derivatives_equal_finite_differences(twins: Any, name: str, neuron: Neuron) -> None:
    twin, network = twins(name)

    def value(batch: np.ndarray) -> np.ndarray:
        tape = twin.tape(batch)
        return tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)[0]

    expected = differences(value, PIXELS)
    scale = np.abs(expected).max()
    assert scale > 0, "this neuron says nothing here"
    backward = network.backward(PIXELS[None], network.neuron(neuron))
    np.testing.assert_allclose(backward.gradients[0][0], expected, rtol=1e-3, atol=2e-5 * scale)
    np.testing.assert_allclose(backward.value, value(PIXELS[None]), rtol=1e-4)


def test_derivatives_with_respect_to_a_layer(twins: Any) -> None:
    """Both places in one call, and the layer's own result with them."""
    twin, network = twins("residual")
    neuron = Neuron(None, 3)
    tape = twin.tape(PIXELS[None])
    _, seed = tape.neuron(None, 3)
    for layer in ("a1", "n2", "c3", "r3"):
        backward = network.backward(
            PIXELS[None], neuron, Pass(layer), Pass(), Pass(layer, "guided")
        )
        expected = tape.gradient(seed, "gradient", None, layer, None)
        guided = tape.gradient(seed, "guided", None, layer)
        for gradient, wanted in zip(backward.gradients, [*expected, *guided], strict=True):
            scale = np.abs(wanted).max()
            np.testing.assert_allclose(gradient, wanted, rtol=1e-3, atol=1e-5 * scale)
        first, second, third = backward.activations
        assert second is None
        np.testing.assert_allclose(first, tape.values[layer].array, rtol=1e-3, atol=1e-4)
        np.testing.assert_array_equal(first, third)


def test_a_batch_is_as_many_single_pictures(twins: Any) -> None:
    _, network = twins("relu6")
    batch = RNG.normal(0, 1.5, (4, *SHAPE)).astype(np.float32)
    for neuron in (Neuron("a", 1, "max"), Neuron("w", 2, position=(4, 4)), Neuron(None, 3)):
        backward = network.backward(batch, neuron, Pass(None, "guided"))
        assert backward.value.shape == (4,)
        for n in range(4):
            alone = network.backward(batch[n : n + 1], neuron, Pass(None, "guided"))
            np.testing.assert_allclose(backward.value[n], alone.value[0], rtol=1e-5)
            np.testing.assert_allclose(
                backward.gradients[0][n], alone.gradients[0][0], rtol=1e-4, atol=1e-7
            )


def test_max_takes_the_first_of_equal_places() -> None:
    import keras

    model = keras.Sequential(
        [
            keras.Input((4, 3, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), 2.0)])
    pixels = np.zeros((4, 3, 1), np.float32)
    pixels[1, 2] = pixels[2, 0] = 5
    backward = Network(model).backward(pixels[None], Neuron("conv", 0, "max"))
    expected = np.zeros((4, 3))
    expected[1, 2] = 2
    np.testing.assert_array_equal(backward.gradients[0][0, ..., 0], expected)
    assert backward.value[0] == 10


def test_none_is_the_unit_with_the_largest_logit(twins: Any) -> None:
    twin, network = twins("branched")
    chosen = set()
    for pixels in RNG.normal(0, 2, (12, *SHAPE)).astype(np.float32):
        logits = twin.tape(pixels[None]).output.array[0]
        backward = network.backward(pixels[None], None)
        assert backward.unit == logits.argmax()
        np.testing.assert_allclose(backward.value[0], logits.max(), rtol=1e-4, atol=1e-5)
        named = network.backward(pixels[None], Neuron(None, int(logits.argmax())))
        np.testing.assert_array_equal(backward.gradients[0], named.gradients[0])
        chosen.add(backward.unit)
    assert len(chosen) > 1


def test_a_neuron_that_does_not_depend_on_the_place_has_gradient_zero(twins: Any) -> None:
    _, network = twins("residual")
    backward = network.backward(PIXELS[None], Neuron("a1", 0), Pass("c3"))
    assert backward.gradients[0].shape == (1, 8, 8, 6)
    assert not backward.gradients[0].any()
