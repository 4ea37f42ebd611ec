"""Training: penalties and dropout by asking, a whole training against Keras, batches counted."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.course.models.mlp_training import penalized_gradient, train
from cnnvis_widgets.course.models.optimizers import Optimizer
from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import plane_points
from cnnvis_widgets.errors import InvalidValueError

RANDOM = np.random.default_rng(9)
X, CLASSES = RANDOM.normal(0, 1, (7, 3)), np.arange(7) % 2


def penalized_loss(network, x, classes, l1, l2, masks):
    """Loss and penalties, example by example."""
    total = 0.0
    for i, example in enumerate(x):
        values = example
        for k, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            values = values @ w + b
            if k < len(network.weights) - 1:
                values = np.tanh(values) * (masks[k][i] if masks else 1)
        if len(values) == 1:
            p = 1 / (1 + np.exp(-values[0]))
            total -= np.log(p if classes[i] else 1 - p)
        else:
            total -= values[classes[i]] - np.log(np.exp(values).sum())
    penalty = sum(l1 * np.abs(w).sum() + l2 * (w**2).sum() for w in network.weights)
    return total / len(x) + penalty


@pytest.mark.parametrize("sizes", [(3, 4, 2, 1), (3, 5, 4)])
@pytest.mark.parametrize("dropped", [False, True])
def test_the_penalized_gradient_by_asking(sizes, dropped):
    network = SmallNetwork(sizes, "tanh", seed=1)
    network.parameters = RANDOM.normal(0, 0.7, network.count)
    masks = [RANDOM.integers(0, 2, (7, n)) * 2.0 for n in sizes[1:-1]] if dropped else []
    gradient = penalized_gradient(network, X, CLASSES, 0.03, 0.05, masks)
    here = network.parameters
    for p in range(network.count):
        both = []
        for way in (1e-6, -1e-6):
            moved = here.copy()
            moved[p] += way
            network.parameters = moved
            both.append(penalized_loss(network, X, CLASSES, 0.03, 0.05, masks))
        assert gradient[p] == pytest.approx((both[0] - both[1]) / 2e-6, abs=1e-8)
    network.parameters = here


def test_without_extras_it_is_gradient_descent():
    points = plane_points("moons")
    x, kinds = points[:, :2], points[:, 2]
    one, other = SmallNetwork((2, 5, 1), "relu", 3), SmallNetwork((2, 5, 1), "relu", 3)
    done = train(one, (x, kinds), optimizer=Optimizer("SGD", 0.5), epochs=20, looks=20)
    assert done.training == pytest.approx(other.train(x, kinds, 20, 0.5))
    assert done.epochs == list(range(21))
    assert done.validation == []
    np.testing.assert_allclose(one.parameters, other.parameters, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("batch", "steps"), [(1, 21), (2, 12), (3, 9), (7, 3), (50, 3), (None, 3)])
def test_steps_of_an_epoch(batch, steps):
    network = SmallNetwork((3, 1), seed=0)
    done = train(network, (X, CLASSES), optimizer=Optimizer("SGD", 0.1), epochs=3, batch=batch)
    assert done.steps == steps


def test_dropout_keeps_the_mean_of_a_linear_layer():
    """A network without a bend: the mean of many dropped answers is the whole network's."""
    network = SmallNetwork((3, 6, 1), "linear", seed=2)
    from cnnvis_widgets.course.models.mlp_training import _masks

    random = np.random.default_rng(0)
    hidden = network.sums(np.tile(X[0], (40_000, 1)))[0]
    (mask,) = _masks(network, 40_000, 0.4, random)
    assert set(np.unique(mask)) == {0, 1 / 0.6}
    mean = ((hidden * mask) @ network.weights[1]).mean()
    assert mean == pytest.approx(network.sums(X[:1])[-1][0, 0], abs=0.02)


def test_a_charge_makes_weights_small_and_l1_makes_zeros():
    points = plane_points("moons", seed=1)
    examples = (points[:, :2], points[:, 2])
    sums, tiny = {}, {}
    for name, penalty in {"free": {}, "l2": {"l2": 0.01}, "l1": {"l1": 0.01}}.items():
        network = SmallNetwork((2, 12, 1), "tanh", seed=0)
        train(network, examples, optimizer=Optimizer("Adam", 0.01), epochs=1500, **penalty)
        w = np.concatenate([w.ravel() for w in network.weights])
        sums[name], tiny[name] = (w**2).sum(), (np.abs(w) < 0.02).mean()
    assert sums["l2"] < 0.3 * sums["free"]
    assert tiny["l1"] > 0.4 > 0.1 > tiny["free"]


def test_the_seed_decides_and_keras_agrees_on_a_charge():
    """Full batches, an L2 penalty and Adam: Keras' weights after ten epochs within 1e-4."""
    import keras

    network = SmallNetwork((3, 4, 1), "tanh", seed=5)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, "tanh", kernel_regularizer=keras.regularizers.L2(0.02)),
            keras.layers.Dense(1, "sigmoid", kernel_regularizer=keras.regularizers.L2(0.02)),
        ]
    )
    weights = [a for pair in zip(network.weights, network.biases, strict=True) for a in pair]
    model.set_weights(weights)
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    model.fit(X, CLASSES.astype(float)[:, None], batch_size=7, epochs=10, verbose=0)
    train(network, (X, CLASSES), optimizer=Optimizer("Adam", 0.05), epochs=10, l2=0.02)
    theirs = np.concatenate([w.ravel() for w in model.get_weights()])
    np.testing.assert_allclose(network.parameters, theirs, atol=1e-4)
    twins = [SmallNetwork((3, 4, 1), seed=5) for _ in range(3)]
    for seed, twin in zip((1, 1, 2), twins, strict=True):
        how = {"epochs": 3, "batch": 2, "dropout": 0.3, "seed": seed}
        train(twin, (X, CLASSES), optimizer=Optimizer("SGD", 0.1), **how)
    assert (twins[0].parameters == twins[1].parameters).all()
    assert (twins[0].parameters != twins[2].parameters).any()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"batch": 0}, "batch is a whole number from 1"),
        ({"epochs": 1.5}, "epochs is a whole number"),
        ({"l1": -1}, "l1 is a number from 0 on"),
        ({"l2": float("nan")}, "l2 is a number"),
        ({"dropout": 1}, "from 0 to below 1"),
    ],
)
def test_what_is_refused(given, says):
    with pytest.raises(InvalidValueError, match=says):
        train(SmallNetwork((3, 1)), (X, CLASSES), optimizer=Optimizer("SGD", 1), **given)


def test_what_runs_away_ends_the_training():
    network = SmallNetwork((3, 4, 1), "relu", seed=1)
    much = Optimizer("SGD", 50.0)
    done = train(network, (X, CLASSES), optimizer=much, epochs=200, l2=1.0, looks=200)
    assert done.away
    assert done.steps < 200
    assert np.isfinite(done.training).all()
    assert np.isfinite(network.parameters).all()
