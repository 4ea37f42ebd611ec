"""The four rules against Keras' optimizers, the surfaces against finite differences."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cnnvis_widgets.course.models.loss_surfaces import FAR, SURFACES, descend, surface
from cnnvis_widgets.course.models.optimizers import RULES, Optimizer
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

RANDOM = np.random.default_rng(6)
STEPS = 40


def keras_optimizer(name, rate, keep):
    """Keras' own with its own settings, but for the rate and the momentum."""
    from keras import optimizers

    return {
        "SGD": lambda: optimizers.SGD(rate),
        "momentum": lambda: optimizers.SGD(rate, momentum=keep),
        "RMSprop": lambda: optimizers.RMSprop(rate),
        "Adam": lambda: optimizers.Adam(rate, beta_1=keep),
    }[name]()


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("keep", [0.875, 0.5])
def test_a_walk_is_keras_s(name, keep):
    """40 steps on a bowl of 3 × 5 parameters, float32 in Keras: within 2e-5 of the largest."""
    import keras

    first = RANDOM.normal(0, 1, (3, 5))
    steep = 10 ** RANDOM.uniform(-3, 1, (3, 5))
    theirs = keras.Variable(first.astype(np.float32))
    oracle, ours, here = keras_optimizer(name, 0.0625, keep), Optimizer(name, 0.0625, keep), first
    oracle.build([theirs])
    for _ in range(STEPS):
        oracle.apply([keras.ops.convert_to_tensor(steep.astype(np.float32)) * theirs], [theirs])
        here = ours.step(here, steep * here)
    there = keras.ops.convert_to_numpy(theirs)
    assert np.abs(there - first).max() > 0.1
    np.testing.assert_allclose(here, there, rtol=2e-5, atol=2e-5)


def test_first_steps_known_on_paper():
    slope = np.array([4.0, -0.01])
    assert Optimizer("SGD", 0.5).step([1, 1], slope).tolist() == [-1, 1.005]
    again = Optimizer("momentum", 0.5, 0.9)
    assert (again.step([0, 0], slope) == -0.5 * slope).all()
    np.testing.assert_allclose(again.step([0, 0], slope), -0.5 * 1.9 * slope)
    # Adam's first step is the learning rate for every parameter, RMSprop's √10 times as much
    np.testing.assert_allclose(Optimizer("Adam", 0.5).step([0, 0], slope), [-0.5, 0.5], rtol=1e-3)
    root = 0.5 * np.sqrt(10)
    np.testing.assert_allclose(
        Optimizer("RMSprop", 0.5).step([0, 0], slope), [-root, root], rtol=1e-2
    )


@pytest.mark.parametrize("name", SURFACES)
def test_slopes_by_asking(name):
    one, tiny = surface(name), 1e-6
    x, y = RANDOM.uniform(*one.x, 30), RANDOM.uniform(*one.y, 30)
    dx, dy = one.slope(x, y)
    np.testing.assert_allclose(
        dx, (one.value(x + tiny, y) - one.value(x - tiny, y)) / (2 * tiny), atol=1e-7, rtol=1e-6
    )
    np.testing.assert_allclose(
        dy, (one.value(x, y + tiny) - one.value(x, y - tiny)) / (2 * tiny), atol=1e-7, rtol=1e-6
    )


@pytest.mark.parametrize("name", SURFACES)
def test_the_lowest_place_is_lowest(name):
    one = surface(name)
    x, y = np.meshgrid(np.linspace(*one.x, 301), np.linspace(*one.y, 201))
    assert one.value(x, y).min() >= one.least - 1e-12
    assert np.abs(one.slope(*one.lowest)).max() < 1e-8
    for place in (one.start, one.lowest):
        assert one.x[0] <= place[0] <= one.x[1]
        assert one.y[0] <= place[1] <= one.y[1]


def test_a_descent_is_steps_in_a_loop():
    x, y = -2.6, 1.2
    for k in range(7):
        rate = 0.1 / (1 + 0.05 * k)
        x, y = x - rate * (x / 4 + 0.3), y - rate * (5 * y - 0.2)
    path = descend(
        "narrow valley", Optimizer("SGD", 0.1), (-2.6, 1.2), 7, 0.05, np.tile([0.3, -0.2], (9, 1))
    )
    assert path.shape == (8, 2)
    np.testing.assert_allclose(path[-1], [x, y], rtol=1e-12)


@pytest.mark.parametrize("rule", ["SGD", "momentum"])
@pytest.mark.parametrize("name", ["narrow valley", "banana", "saddle"])
def test_what_runs_away_ends_on_the_edge(rule, name):
    path = descend(name, Optimizer(rule, 2.5), surface(name).start, 300)
    assert len(path) < 300
    assert np.isfinite(path).all()
    assert np.abs(path).max() == FAR


def test_what_is_refused():
    with pytest.raises(UnknownNameError, match="RMSprop"):
        Optimizer("rmsprop", 0.1)
    for rate in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidValueError, match="learning rate"):
            Optimizer("SGD", rate)
    with pytest.raises(InvalidValueError, match="below 1"):
        Optimizer("SGD", 1, 1)
    with pytest.raises(InvalidValueError, match="of that shape"):
        Optimizer("SGD", 1).step(np.zeros(3), np.zeros(4))
    with pytest.raises(UnknownNameError, match="saddle"):
        surface("sadle")
    with pytest.raises(InvalidValueError, match="an x and a y"):
        descend("saddle", Optimizer("SGD", 1), (1, 2, 3), 2)
    with pytest.raises(InvalidValueError, match=r"\(4, 2\)"):
        descend("saddle", Optimizer("SGD", 1), (1, 2), 4, errors=np.zeros((3, 2)))


def test_they_need_numpy_alone():
    code = "import sys, cnnvis_widgets.course.models.loss_surfaces\n"
    code += "print({'tensorflow', 'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
