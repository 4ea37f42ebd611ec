"""The descent: Adam derived again in NumPy on a linear layer, and a code whose picture is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.colours import as_picture, find_colours
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError

SHAPE = (5, 4, 3)
RNG = np.random.default_rng(5)
MIX = np.array([[1.0, 0.4, -0.3], [0.2, -0.9, 0.5], [0.6, 0.1, 1.1]], np.float32)
SHIFT = np.array([0.3, -0.2, 0.1], np.float32)
PICTURE = RNG.integers(0, 256, SHAPE, dtype=np.uint8)


@pytest.fixture(scope="module")
def linear() -> Any:
    """A 1 × 1 convolution with an invertible matrix."""
    import keras

    from cnnvis_widgets.backend.network import Network

    inputs = keras.Input(SHAPE)
    mixed = keras.layers.Conv2D(3, 1, name="mix")(inputs)
    head = keras.layers.Dense(2, name="head")(keras.layers.GlobalAveragePooling2D()(mixed))
    model = keras.Model(inputs, head)
    model.get_layer("mix").set_weights([MIX[None, None], SHIFT])
    return Network(model, lambda p: p / 255 - 0.5, name="linear")


def descent(network: Any, weights: Any, step_size: float = 0.02, seed: int = 0) -> Any:
    from cnnvis_widgets.backend.synthesis.inversion import Descent, Weights

    given = network.prepare(PICTURE).input
    code = network.activations(PICTURE, "mix")
    colours = find_colours(SHAPE, network.preprocess, given)
    return Descent(network, "mix", code, colours, Weights(*weights), step_size, seed)


def test_a_layer_that_loses_nothing_gives_the_picture_back(linear: Any) -> None:
    inversion = descent(linear, (1.0, 6.0, 0.0, 2.0, 0.0))
    for _ in range(600):
        inversion.step()
    assert inversion.errors[-1] < 1e-6
    assert inversion.errors[0] > 0.1
    np.testing.assert_allclose(inversion.colours, PICTURE / 255, atol=3e-3)
    off = np.abs(as_picture(inversion.colours).astype(int) - PICTURE)
    assert off.max() <= 1


def test_each_step_is_adam_s(linear: Any) -> None:
    """Objective and derivative by hand: the layer is c → (c - ½) M + s."""
    fidelity, alpha, alpha_weight, beta, tv_weight, size = 40.0, 4.0, 0.7, 2.0, 0.3, 0.03
    code = (PICTURE / 255 - 0.5) @ MIX + SHIFT
    inversion = descent(linear, (fidelity, alpha, alpha_weight, beta, tv_weight), size, seed=4)
    x, length, places = inversion.colours.astype(np.float64), 80 / 255, SHAPE[0] * SHAPE[1]
    mean, square = np.zeros(SHAPE), np.zeros(SHAPE)
    for time in range(1, 6):
        grey = x - 0.5
        left = grey @ MIX + SHIFT - code
        slope = fidelity * 2 * left @ MIX.T / np.square(code).sum()
        squares = np.square(grey).sum(-1, keepdims=True)
        slope += alpha_weight * alpha * squares ** (alpha / 2 - 1) * grey / length**alpha / places
        down, right = np.diff(grey, axis=0), np.diff(grey, axis=1)
        variation = np.zeros(SHAPE)
        variation[1:] += down
        variation[:-1] -= down
        variation[:, 1:] += right
        variation[:, :-1] -= right
        slope += tv_weight * 2 * variation / (length / 6.5) ** 2 / places
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope**2
        step = (mean / (1 - 0.9**time)) / (np.sqrt(square / (1 - 0.999**time)) + 1e-8)
        x = np.clip(x - size / np.sqrt(1 + (time - 1) / 50) * step, 0, 1)
        inversion.step()
        wanted = np.square(left).sum() / np.square(code).sum()
        assert inversion.errors[-1] == pytest.approx(wanted, rel=1e-4)
        np.testing.assert_allclose(inversion.colours, x, atol=2e-5)


def test_the_seed_decides_and_steps_go_on(linear: Any) -> None:
    weights = (300.0, 6.0, 1.0, 2.0, 1.0)
    one, same, other = (descent(linear, weights, seed=seed) for seed in (1, 1, 2))
    for _ in range(4):
        one.step()
    for _ in range(9):
        same.step()
        other.step()
    np.testing.assert_array_equal(one.errors, same.errors[:4])
    assert not np.allclose(same.colours, other.colours)
    assert same.colours.min() >= 0 and same.colours.max() <= 1


def test_what_cannot_be_inverted_is_told(linear: Any) -> None:
    from cnnvis_widgets.backend.synthesis.inversion import Descent, Weights

    colours = find_colours(SHAPE, linear.preprocess, np.zeros(SHAPE, np.float32))
    rest = (colours, Weights(1, 6, 1, 2, 1), 0.02, 0)
    with pytest.raises(UnknownNameError, match=r"'mixx'.*Did you mean 'mix'"):
        Descent(linear, "mixx", np.ones(SHAPE, np.float32), *rest)
    huge = Descent(linear, "mix", np.full(SHAPE, 1e30, np.float32), *rest)
    with pytest.raises(InvalidValueError, match=r"mix.*step 1"):
        huge.step()


def test_a_layer_that_sees_nothing_of_the_picture() -> None:
    import keras

    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.synthesis.inversion import Descent, Weights

    class Constant(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return keras.ops.ones_like(inputs)

    inputs = keras.Input(SHAPE)
    x = Constant(name="blind")(inputs)
    network = Network(keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(x))))
    colours = find_colours(SHAPE, None, np.zeros(SHAPE, np.float32))
    code = network.activations(PICTURE, "blind")
    with pytest.raises(UnsuitableError, match="'blind' does not depend on the picture"):
        Descent(network, "blind", code, colours, Weights(1, 6, 1, 2, 1), 0.02, 0)
