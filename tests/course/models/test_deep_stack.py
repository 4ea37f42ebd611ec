"""Deep stacks: BatchNorm against Keras' layer, gradients by asking, sizes known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.course.models.deep_stack import DeepStack, batch_norm, batch_norm_back
from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

RANDOM = np.random.default_rng(8)
Z = RANDOM.normal(3, [0.1, 1, 20], (7, 3))
GAMMA, BETA = np.array([2.0, -1, 0.5]), np.array([0.3, -4, 1])


def test_batch_norm_is_keras_s_forwards_and_backwards():
    """(7, 3), float32 in Keras: 1e-4 of the largest."""
    import keras
    import tensorflow as tf

    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    rest = layer.get_weights()[2:]
    layer.set_weights([GAMMA, BETA, *rest])
    mix = RANDOM.normal(0, 1, Z.shape)
    given = tf.constant(Z, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(given)
        out = layer(given, training=True)
        score = tf.reduce_sum(out * tf.constant(mix, tf.float32))
    wanted = tape.gradient(score, given).numpy()
    np.testing.assert_allclose(batch_norm(Z, GAMMA, BETA), out.numpy(), rtol=1e-4, atol=1e-4)
    gradient = batch_norm_back(Z, GAMMA, mix)
    np.testing.assert_allclose(gradient, wanted, atol=1e-4 * np.abs(wanted).max(), rtol=1e-3)


def test_batch_norm_brings_mean_and_deviation():
    output = batch_norm(Z * 100, GAMMA, BETA)
    np.testing.assert_allclose(output.mean(axis=0), BETA, atol=1e-9)
    np.testing.assert_allclose(output.std(axis=0), np.abs(GAMMA), rtol=1e-4)
    assert not batch_norm(np.ones((4, 2))).any()


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_step_is_the_gradient_by_asking(normalised, activation):
    def fresh():
        stack = DeepStack(4, 3, 5, 3, activation, normalised=normalised, seed=2)
        random = np.random.default_rng(3)
        for part in (stack.gammas, stack.betas):
            for values in part:
                values += random.normal(0, 0.3, values.shape)
        return stack

    x, classes = RANDOM.normal(0, 1, (9, 4)), np.arange(9) % 3
    stepped = fresh()
    before = stepped.step(x, classes, 1.0)
    here = fresh()
    assert before == here.loss(x, classes)
    for name in ("weights", "gammas", "betas"):
        for k, values in enumerate(getattr(here, name)):
            moved = getattr(stepped, name)[k]
            for place in list(np.ndindex(values.shape))[::3]:
                kept, both = values[place], []
                for way in (1e-6, -1e-6):
                    values[place] = kept + way
                    both.append(here.loss(x, classes))
                values[place] = kept
                asked = (both[0] - both[1]) / 2e-6
                assert kept - moved[place] == pytest.approx(asked, abs=2e-8)


def test_without_batch_norm_it_is_the_small_network():
    stack = DeepStack(4, 2, 5, 3, "tanh", seed=1)
    twin = SmallNetwork((4, 5, 5, 3), "tanh")
    for k, weights in enumerate(stack.weights):
        twin.weights[k][...] = weights
    x, classes = RANDOM.normal(0, 1, (6, 4)), [0, 1, 2, 2, 1, 0]
    assert stack.loss(x, classes) == pytest.approx(twin.loss(x, classes), rel=1e-12)
    for _ in range(3):
        stack.step(x, classes, 0.5)
        twin.step(x, classes, 0.5)
    np.testing.assert_allclose(stack.weights[0], twin.weights[0], rtol=1e-9, atol=1e-12)
    assert stack.accuracy(x, classes) == (twin.classes(x) == classes).mean()


@pytest.mark.parametrize(
    ("activation", "deviation", "factor"),
    [("linear", 0.2, 2.0), ("linear", None, 1.0), ("relu", 0.2, 2**0.5), ("relu", None, 1.0)],
)
def test_sizes_grow_as_on_paper(activation, deviation, factor):
    """n weights of variance v multiply a sum's variance by n v; a ReLU keeps half of it."""
    stack = DeepStack(100, 10, 100, activation=activation, deviation=deviation, seed=5)
    x = RANDOM.normal(0, 1, (300, 100))
    sizes = stack.sizes(x, np.arange(300) % 10)
    assert sizes.signal.shape == sizes.slope.shape == (11,)
    for values in (sizes.signal, sizes.slope[::-1]):
        assert (values[-1] / values[0]) ** 0.1 == pytest.approx(factor, rel=0.06)


def test_zeros_let_nothing_through():
    sizes = DeepStack(5, 3, 4, activation="tanh", deviation=0).sizes(np.ones((2, 5)), [0, 1])
    assert sizes.signal.tolist() == [1, 0, 0, 0]
    assert sizes.slope[0] == 0


def test_mean_one_grows_by_the_width():
    stack = DeepStack(100, 3, 100, activation="relu", deviation=0.376, mean=1, seed=1)
    signal = stack.sizes(np.abs(RANDOM.normal(0, 1, (50, 100))), np.arange(50) % 10).signal
    assert signal[2:] / signal[1:-1] == pytest.approx([100, 100], rel=0.02)


def test_what_is_refused():
    with pytest.raises(InvalidValueError, match="1 or more; got 0"):
        DeepStack(4, 0, 5)
    with pytest.raises(InvalidValueError, match=r"got 2\.5"):
        DeepStack(4, 3, 2.5)
    with pytest.raises(UnknownNameError, match="relu"):
        DeepStack(4, 3, 2, activation="rely")
    with pytest.raises(InvalidValueError, match=r"\(examples, 4\)"):
        DeepStack(4, 3, 2).activations(np.zeros((3, 5)))
