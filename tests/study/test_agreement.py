"""Kappas against scikit-learn, Fleiss' own example, and a bootstrap written as loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.agreement import cohen, fleiss

RNG = np.random.default_rng(8)

# Fleiss 1971 in the form that textbooks print: of 10 subjects, how many of 14 raters chose what.
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_cohen_is_scikit_learn_s(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one = rng.integers(0, 3, 50)
    other = np.where(rng.random(50) < 0.6, one, rng.integers(0, 3, 50))
    agreement = cohen(one.tolist(), other.tolist(), list(range(50)))
    assert agreement.kappa == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)
    assert agreement.same == pytest.approx((one == other).mean())
    assert agreement.items == 50


def test_fleiss_example() -> None:
    answers = [[c for c, n in enumerate(row) for _ in range(n)] for row in FLEISS]
    agreement = fleiss(answers, list(range(10)))
    assert agreement.kappa == pytest.approx(0.210, abs=5e-4)
    assert agreement.same == pytest.approx(0.378, abs=5e-4)


def test_the_interval_draws_whole_pictures() -> None:
    groups = np.repeat(np.arange(12), 7)
    one = RNG.integers(0, 2, 84)
    hard = RNG.random(12)[groups] < 0.4  # pictures on which the two do not agree
    other = np.where(hard, RNG.integers(0, 2, 84), one)
    agreement = cohen(one.tolist(), other.tolist(), groups.tolist())
    drawn = []
    for _ in range(1500):
        keep = np.concatenate([np.flatnonzero(groups == g) for g in RNG.integers(0, 12, 12)])
        drawn.append(cohen_kappa_score(one[keep], other[keep]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert agreement.low == pytest.approx(low, abs=0.05)
    assert agreement.high == pytest.approx(high, abs=0.05)
    alone = cohen(one.tolist(), other.tolist(), list(range(84)))
    assert alone.high - alone.low < agreement.high - agreement.low  # type: ignore[operator]
    again = cohen(one.tolist(), other.tolist(), groups.tolist())
    assert again == agreement


def test_fleiss_of_two_is_near_cohen_and_its_interval_contains_it() -> None:
    one = RNG.integers(0, 2, 400)
    other = np.where(RNG.random(400) < 0.5, one, RNG.integers(0, 2, 400))
    groups = (np.arange(400) // 4).tolist()
    both = fleiss(list(zip(one.tolist(), other.tolist(), strict=True)), groups)
    pair = cohen(one.tolist(), other.tolist(), groups)
    assert both.kappa == pytest.approx(pair.kappa, abs=0.01)
    assert both.low == pytest.approx(pair.low, abs=0.02)  # type: ignore[arg-type]
    assert both.low < both.kappa < both.high  # type: ignore[operator]


def test_what_chance_explains_as_well_is_not_defined() -> None:
    agreement = cohen([1, 1, 1], [1, 1, 1], "abc")
    assert (agreement.kappa, agreement.low, agreement.high, agreement.same) == (None, None, None, 1)
    one_picture = cohen([1, 0, 1], [1, 0, 0], "aaa")
    assert one_picture.kappa is not None and one_picture.low is None
    assert fleiss([["u", "u"], ["u", "u"]], "ab").kappa is None


@pytest.mark.parametrize(
    "call",
    [
        lambda: cohen([], [], []),
        lambda: cohen([1], [1, 0], "ab"),
        lambda: fleiss([[1, 1], [1]], "ab"),
        lambda: fleiss([[1], [1]], "ab"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any) -> None:
    with pytest.raises(InvalidValueError):
        call()
