"""A perceptron without a browser: logical functions, and the rule that corrects it."""

from __future__ import annotations

import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Perceptron


def test_sums_and_answers_on_paper():
    unit = Perceptron(task="and", weights=[1, 2, -2.5])
    assert unit.sums.tolist() == [-2.5, -0.5, -1.5, 0.5]
    assert unit.answers.tolist() == [0, 0, 0, 1]
    assert unit.right == 4
    unit.task = "or"
    assert unit.right == 2


def test_a_sum_of_zero_is_answered_with_0():
    assert Perceptron(weights=[1, 1, -1]).answers.tolist() == [0, 0, 0, 1]


def test_one_correction_on_paper():
    unit = Perceptron(task="or", weights=[0, 0, 0], rate=0.5)
    assert unit.correct()  # (0, 1) is the first that should have been 1
    assert unit.weights == [0, 0.5, 0.5]
    assert unit.correct()  # now (0, 0) is answered with 1
    assert unit.weights == [0, 0.5, 0]
    assert unit.corrections == 2


@pytest.mark.parametrize("task", ["and", "or", "nand"])
def test_corrections_come_to_an_end_where_a_line_is_enough(task):
    unit = Perceptron(task=task)
    while unit.correct():
        assert unit.corrections < 100
    assert unit.right == 4
    assert not unit.correct()


def test_with_xor_they_never_do():
    unit = Perceptron(task="xor")
    seen = []
    for _ in range(200):
        assert unit.correct()
        seen.append(tuple(unit.weights))
    assert len(set(seen)) < 20  # it goes round in a circle


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"task": "not"}, UnknownNameError, "and, or, nand, xor"),
        ({"weights": [1, 2]}, InvalidValueError, "three numbers"),
        ({"weights": 3}, InvalidValueError, "three numbers"),
        ({"weights": [1, 2, 5.1]}, InvalidValueError, "from -5 to 5"),
        ({"weights": [1, "two", 3]}, InvalidValueError, "from -5 to 5"),
        ({"rate": 0}, InvalidValueError, "above 0"),
        ({"rate": 2}, InvalidValueError, "at most 1"),
        ({"corrections": -1}, InvalidValueError, "0 to 10000"),
        ({"wieghts": [1, 2, 3]}, UnknownNameError, "weights"),
    ],
)
def test_what_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        Perceptron(**given)


def test_the_page_is_told_what_it_sent_wrongly():
    unit = Perceptron(weights=[1, 1, 0])
    unit.set_state({"weights": [9, 1, 0]})
    assert unit.weights == [1, 1, 0]
    assert "from -5 to 5" in unit.error
