"""Checked values: what is taken, what is refused, and what the refusal says."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError


@pytest.mark.parametrize("given", [2, np.int64(2), np.uint8(2)])
def test_a_whole_number_is_taken_as_pythons_own(given: object) -> None:
    value = checks.whole("steps", given, 1, 3)
    assert value == 2 and type(value) is int


@pytest.mark.parametrize("given", [True, np.True_, 0, 4, -1, 2.0, "2", None, [2], np.nan])
def test_what_is_no_whole_number_in_the_range_is_refused(given: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^steps is a whole number from 1 to 3; got "):
        checks.whole("steps", given, 1, 3)


def test_a_range_without_an_end() -> None:
    assert checks.whole("seed", 2**40) == 2**40
    with pytest.raises(InvalidValueError, match=r"seed is a whole number from 0; got -1\."):
        checks.whole("seed", -1)
    assert checks.number("weight", 1e300, 0) == 1e300


@pytest.mark.parametrize("given", [0.5, np.float32(0.5), np.float64(0.5)])
def test_a_number_is_taken_as_pythons_own(given: object) -> None:
    value = checks.number("opacity", given, 0, 1)
    assert value == 0.5 and type(value) is float
    assert checks.number("opacity", np.int8(1), 0, 1) == 1.0


@pytest.mark.parametrize("given", [False, "0.5", None, np.nan, np.inf, -0.1, 1.1, [0.5], 1j])
def test_what_is_no_number_in_the_range_is_refused(given: object) -> None:
    with pytest.raises(InvalidValueError, match=r"^opacity is a number from 0 to 1; got "):
        checks.number("opacity", given, 0, 1)


def test_a_range_that_leaves_its_lower_end_out() -> None:
    assert checks.number("rate", 1, 0, 1, above=True) == 1
    with pytest.raises(InvalidValueError, match="rate is a number above 0 and at most 1; got 0"):
        checks.number("rate", 0, 0, 1, above=True)
    with pytest.raises(InvalidValueError, match=r"rate is a number above 0; got -2\."):
        checks.number("rate", -2, 0, above=True)


@pytest.mark.parametrize("known", [("sum", "mean"), {"sum": 1, "mean": 2}])
def test_a_choice_names_the_nearest(known: object) -> None:
    assert checks.choice("view", "sum", known) == "sum"
    with pytest.raises(UnknownNameError, match=r"no view .summ.\. Did you mean .sum."):
        checks.choice("view", "summ", known)
    with pytest.raises(UnknownNameError):
        checks.choice("view", ["sum"], known)


@pytest.mark.parametrize("given", [(2, 3), [2, 3], np.array([2, 3])])
def test_a_place(given: object) -> None:
    assert checks.place("at", given, (3, 5)) == [2, 3]


@pytest.mark.parametrize(
    "given", [(3, 0), (0, 5), (-1, 0), (1.0, 1), (True, 0), (1,), (1, 1, 1), 1, None, "11"]
)
def test_what_is_no_place_is_refused(given: object) -> None:
    with pytest.raises(
        InvalidValueError, match=r"^at is a row from 0 to 2 and a column from 0 to 4; got "
    ):
        checks.place("at", given, (3, 5))


def test_a_pair_of_numbers() -> None:
    assert checks.pair("point", (0, 1), -1, 1) == [0.0, 1.0]
    with pytest.raises(InvalidValueError, match=r"point\[1\] is a number from -1 to 1; got 2"):
        checks.pair("point", (0, 2), -1, 1)
    with pytest.raises(InvalidValueError, match="point is two numbers; got 0"):
        checks.pair("point", 0, -1, 1)
