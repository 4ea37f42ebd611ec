"""The plot with points to move, without a browser: its fits against NumPy's and on paper."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import FitPlot

RANDOM = np.random.default_rng(2)
CLOUD = np.column_stack([RANDOM.uniform(-2, 5, 20), RANDOM.normal(1, 2, 20)])
SETS = np.column_stack([CLOUD, np.arange(20) % 3])


def test_a_line_through_two_points_is_that_line():
    plot = FitPlot([(0, 32), (100, 212)])
    np.testing.assert_allclose(plot.coefficients, [32, 1.8])
    assert plot.errors == {"train": pytest.approx(0, abs=1e-10)}


def test_a_line_is_the_normal_equations_solution():
    x, y = CLOUD.T
    design = np.column_stack([np.ones(20), x])
    wanted = np.linalg.solve(design.T @ design, design.T @ y)
    np.testing.assert_allclose(FitPlot(CLOUD).coefficients, wanted, rtol=1e-9)


@pytest.mark.parametrize("degree", [0, 3, 5])
def test_a_polynomial_learns_from_group_0_alone(degree):
    plot = FitPlot(SETS, model="polynomial", degree=degree)
    train = SETS[SETS[:, 2] == 0]
    wanted = np.polyfit(train[:, 0], train[:, 1], degree)
    np.testing.assert_allclose(plot.coefficients, wanted[::-1], rtol=1e-6)
    for group, role in enumerate(["train", "validation", "test"]):
        own = SETS[SETS[:, 2] == group]
        missed = np.polyval(wanted, own[:, 0]) - own[:, 1]
        assert plot.errors[role] == pytest.approx(np.sqrt((missed**2).mean()))


def test_the_degree_is_at_most_one_less_than_the_points():
    plot = FitPlot([(0, 1), (1, 3), (2, 2), (3, 9, 1)], model="polynomial", degree=9)
    assert plot.fitted_degree == 2
    assert plot.errors["train"] == pytest.approx(0, abs=1e-9)
    assert FitPlot([(0, 1, 1)], x=(0, 1), y=(0, 2)).coefficients.size == 0


def test_logistic_regression_is_where_the_penalised_loss_is_flat():
    points = np.column_stack([CLOUD, CLOUD[:, 0] + CLOUD[:, 1] > 2])
    plot = FitPlot(points, model="logistic", strength=0.3)
    w1, w2, b = plot.coefficients
    p = 1 / (1 + np.exp(-(points[:, :2] @ [w1, w2] + b)))
    missed = p - points[:, 2]
    slope = [missed @ points[:, 0] + 0.3 * w1, missed @ points[:, 1] + 0.3 * w2, missed.sum()]
    np.testing.assert_allclose(slope, 0, atol=1e-4)
    assert FitPlot(CLOUD, model="logistic").coefficients.size == 0  # one class alone


def test_the_axes_leave_room_around_the_points():
    assert FitPlot([(0, 5), (10, 5)])._ranges == {"x": [-1, 11], "y": [4, 6]}
    assert FitPlot([], x=(0, 1), y=(2, 3)).points == []


@pytest.mark.parametrize(
    "points", [[(1,)], [(1, 2, 3)], [(1, np.nan)], [(1, 2, 0.5)], "ab", 5, [(0, 0)] * 201]
)
def test_what_is_no_point_is_refused(points):
    with pytest.raises(InvalidValueError, match=r"point"):
        FitPlot(points, x=(0, 1), y=(0, 1))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"degree": 13}, "0 to 12; got 13"),
        ({"degree": 1.5}, "0 to 12"),
        ({"strength": 0}, "strength is a number from 1e-06"),
        ({"own": (1,)}, "a slope and an intercept"),
        ({"x": (1, 1)}, "x is a pair of rising numbers"),
    ],
)
def test_numbers_out_of_range_are_refused(given, says):
    with pytest.raises(InvalidValueError, match=says):
        FitPlot(CLOUD, **given)


def test_only_three_models_exist():
    with pytest.raises(UnknownNameError, match="line, polynomial, logistic"):
        FitPlot(CLOUD, model="forest")
