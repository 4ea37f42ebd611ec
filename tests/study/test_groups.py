"""Groups of pictures compared: the difference, its interval and its test on paper."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from cnnvis_widgets.study import groups
from cnnvis_widgets.study.groups import group_difference

GROUPS = {"a": "one", "b": "one", "c": "two", "d": "two", "e": "two"}


def test_a_difference_and_all_divisions_by_hand() -> None:
    # Shares: 4/4 of a and b, 1/6 of the others. Of the ten divisions that of c and e, 0/4 and
    # 5/6, is as large the other way round.
    sums = {"a": (2.0, 2), "b": (2.0, 2), "c": (0.0, 2), "d": (1.0, 2), "e": (0.0, 2)}
    found = group_difference(sums, GROUPS)
    assert found is not None
    assert (found.first, found.second, found.pictures) == ("one", "two", (2, 3))
    assert found.value == pytest.approx(1 - 1 / 6)
    assert found.p == pytest.approx(2 / 10)
    # c, d, e are drawn three times with replacement: 0 to 3 of 6 points.
    assert (found.low, found.high) == pytest.approx((0.5, 1))


def test_p_is_that_of_all_divisions_written_differently() -> None:
    rng = np.random.default_rng(3)
    names = [f"p{n}" for n in range(9)]
    own = {name: "x" if n < 4 else "y" for n, name in enumerate(names)}
    sums = {name: (float(rng.random() * 3), 3.0) for name in names}
    means = np.array([sums[name][0] / 3 for name in names])
    gaps = [
        means[list(some)].mean() - np.delete(means, list(some)).mean()
        for some in combinations(range(9), 4)
    ]
    found = group_difference(sums, own)
    assert found is not None
    assert found.value == pytest.approx(gaps[0])
    assert found.p == pytest.approx(np.mean(np.abs(gaps) >= abs(gaps[0]) - 1e-12))


def test_where_there_are_too_many_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    own = {f"p{n}": "xy"[n % 2] for n in range(12)}
    sums = {name: (float(rng.random() + (own[name] == "x") / 4), 1.0) for name in own}
    exact = group_difference(sums, own)
    monkeypatch.setattr(groups, "MOST", 900)  # of 924
    drawn = group_difference(sums, own)
    assert exact is not None and drawn is not None
    assert drawn.p == pytest.approx(exact.p, abs=0.05)
    assert 0 < drawn.p <= 1


def test_without_two_groups_there_is_nothing_to_compare() -> None:
    sums = {"a": (1.0, 1), "c": (0.0, 1)}
    assert group_difference(sums, {}) is None
    assert group_difference(sums, {"a": "one", "c": "one"}) is None
    assert group_difference(sums, {"a": "x", "b": "y", "c": "z"}) is None
    assert group_difference({"a": (1.0, 1)}, GROUPS) is None
    assert group_difference({"a": (1.0, 1), "c": (0.0, 0)}, GROUPS) is None
