"""The small network against loops, finite differences, scikit-learn, and sums known on paper."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from cnnvis_widgets.course.models.small_network import ACTIVATIONS, SmallNetwork, sigmoid, softmax
from cnnvis_widgets.course.models.toy_data import SETS, plane_points, scattered_points
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(0, 1, (7, 3))


def with_biases(sizes, activation, seed=0):
    """A network whose biases are not zero, so that they matter."""
    network = SmallNetwork(sizes, activation, seed)
    network.parameters = np.random.default_rng(seed + 1).normal(0, 0.8, network.count)
    return network


def loss_in_loops(network, x, classes):
    """The mean cross-entropy, unit by unit, with Python's numbers."""
    formulas = {
        "linear": lambda z: z,
        "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
        "tanh": math.tanh,
        "relu": lambda z: z if z > 0 else 0.0,
        "relu6": lambda z: min(6.0, max(0.0, z)),
    }
    total = 0.0
    for example, right in zip(x.tolist(), classes, strict=True):
        values = example
        last = len(network.weights) - 1
        for k, (w, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            sums = [
                b[j] + sum(values[i] * w[i, j] for i in range(w.shape[0]))
                for j in range(w.shape[1])
            ]
            values = sums if k == last else [formulas[network.activation](z) for z in sums]
        if len(values) == 1:
            p = 1 / (1 + math.exp(-values[0]))
            total -= math.log(p if right else 1 - p)
        else:
            total -= math.log(math.exp(values[right]) / sum(map(math.exp, values)))
    return total / len(x)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 5, 4, 1), (3, 2, 4), (3, 1)])
def test_the_loss_and_its_gradients(sizes, activation):
    network = with_biases(sizes, activation)
    classes = np.arange(7) * 5 % 3 % max(2, sizes[-1])
    assert network.loss(X, classes) == pytest.approx(loss_in_loops(network, X, classes), abs=1e-12)
    of_weights, of_biases = network.gradients(X, classes)
    parts = zip(of_weights, of_biases, strict=True)
    gradient = np.concatenate([part.ravel() for pair in parts for part in pair])
    here, tiny = network.parameters, 1e-6
    for p in range(network.count):
        both = []
        for sign in (1, -1):
            moved = here.copy()
            moved[p] += sign * tiny
            network.parameters = moved
            both.append(network.loss(X, classes))
        assert gradient[p] == pytest.approx((both[0] - both[1]) / (2 * tiny), abs=1e-8)


@pytest.mark.parametrize(("ours", "theirs"), [("relu", "relu"), ("sigmoid", "logistic")])
@pytest.mark.parametrize("outputs", [1, 4])
def test_a_step_is_scikit_learns(ours, theirs, outputs):
    classes = np.arange(7) % max(2, outputs)
    network = with_biases((3, 5, 2, outputs), ours)
    model = MLPClassifier(
        (5, 2),
        activation=theirs,
        solver="sgd",
        alpha=0,
        batch_size=7,
        learning_rate_init=0.3,
        momentum=0,
        nesterovs_momentum=False,
        shuffle=False,
    )
    model.partial_fit(X, classes, classes=range(max(2, outputs)))
    model.coefs_ = [w.copy() for w in network.weights]
    model.intercepts_ = [b.copy() for b in network.biases]
    p = model.predict_proba(X)
    ours_p = network.probabilities(X)
    np.testing.assert_allclose(ours_p, p[:, 1] if outputs == 1 else p, rtol=1e-10)
    np.testing.assert_array_equal(network.classes(X), model.predict(X))
    model.partial_fit(X, classes)
    network.step(X, classes, 0.3)
    for mine, other in zip(network.weights, model.coefs_, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


def test_slopes_at_places_known_on_paper():
    z = np.array([-1000.0, -1.0, 0.0, 3.0, 7.0, 1000.0])
    assert sigmoid(z)[[0, 2, 5]].tolist() == [0, 0.5, 1]
    assert ACTIVATIONS["sigmoid"].slope(z)[2] == 0.25
    assert ACTIVATIONS["tanh"].slope(z)[2] == 1
    assert ACTIVATIONS["relu"].slope(z).tolist() == [0, 0, 0, 1, 1, 1]
    assert ACTIVATIONS["relu6"].value(z).tolist() == [0, 0, 0, 3, 6, 6]
    assert ACTIVATIONS["relu6"].slope(z).tolist() == [0, 0, 0, 1, 0, 0]
    np.testing.assert_allclose(
        softmax([[1000.0, 1000.0], [0.0, np.log(3)]]), [[0.5] * 2, [0.25, 0.75]]
    )


@pytest.mark.parametrize(("activation", "variance"), [("relu", 2 / 200), ("tanh", 1 / 200)])
def test_the_first_weights_have_the_variance_that_was_promised(activation, variance):
    network = SmallNetwork((200, 300, 1), activation, seed=3)
    assert network.weights[0].var() == pytest.approx(variance, rel=0.03)
    assert abs(network.weights[0].mean()) < 4 * np.sqrt(variance / 60_000)
    assert SmallNetwork((200, 300), deviation=0.5).weights[0].std() == pytest.approx(0.5, rel=0.03)
    assert not any(b.any() for b in network.biases)


def test_the_seed_decides_and_parameters_come_back():
    one, same, other = (SmallNetwork((2, 3, 1), seed=s) for s in (4, 4, 5))
    assert (one.parameters == same.parameters).all()
    assert (one.parameters != other.parameters).any()
    other.parameters = one.parameters
    assert (other.weights[1] == one.weights[1]).all()
    assert one.count == 13


def test_training_lowers_the_loss_until_all_points_are_right():
    points = plane_points("xor")
    network = SmallNetwork((2, 4, 1), "tanh")
    losses = network.train(points[:, :2], points[:, 2], 800, 1.0)
    assert len(losses) == 801
    assert losses[0] > 0.5
    assert losses[-1] < 0.02
    assert (network.classes(points[:, :2]) == points[:, 2]).all()


def test_a_line_does_not_part_xor():
    points = plane_points("xor")
    network = SmallNetwork((2, 1))
    network.train(points[:, :2], points[:, 2], 500, 1.0)
    assert network.loss(points[:, :2], points[:, 2]) == pytest.approx(np.log(2), abs=0.01)


@pytest.mark.parametrize("name", SETS)
def test_sets_of_points(name):
    points = plane_points(name)
    assert points.shape == (100, 3)
    assert np.abs(points[:, :2]).max() <= 1
    assert points[:, 2].sum() == 50
    assert (points == plane_points(name, seed=0)).all()
    assert (points != plane_points(name, seed=1)).any()


def test_scattered_points():
    points = scattered_points("moons", 130, 0.2, seed=3)
    assert points.shape == (130, 3)
    assert np.abs(points[:, :2]).max() <= 0.98
    assert 45 <= points[:, 2].sum() <= 85
    assert (points == scattered_points("moons", 130, 0.2, seed=3)).all()
    assert (points[:100] != scattered_points("moons", 100, 0.2, seed=4)).any()


def test_what_is_no_network_is_refused():
    with pytest.raises(InvalidValueError, match="at least two whole numbers"):
        SmallNetwork((2,))
    with pytest.raises(InvalidValueError, match="at least two whole numbers"):
        SmallNetwork((2, 0, 1))
    with pytest.raises(UnknownNameError, match="relu"):
        SmallNetwork((2, 1), "rely")
    with pytest.raises(InvalidValueError, match="9 finite parameters"):
        SmallNetwork((2, 2, 1)).parameters = [1, 2]
    with pytest.raises(InvalidValueError, match=r"\(examples, 2\)"):
        SmallNetwork((2, 1)).loss(np.zeros((4, 3)), [0, 1, 0, 1])
    with pytest.raises(UnknownNameError, match="spirals"):
        plane_points("spiral")


def test_it_needs_numpy_alone():
    code = "import sys\nfrom cnnvis_widgets.course.models import small_network, toy_data\n"
    code += "print({'tensorflow', 'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
