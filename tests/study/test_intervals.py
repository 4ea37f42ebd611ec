"""Confidence intervals against their defining equations and against repeated experiments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from cnnvis_widgets.study.intervals import bootstrap, wilson

RNG = np.random.default_rng(10)


@pytest.mark.parametrize(("hits", "total"), [(0, 7), (7, 7), (13, 20), (150, 200), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilsons_ends_are_where_the_score_test_turns(hits: int, total: int, level: float) -> None:
    z = stats.norm.ppf((1 + level) / 2)
    for end in wilson(hits, total, level):
        if 0 < end < 1:
            score = (hits / total - end) / math.sqrt(end * (1 - end) / total)
            assert abs(score) == pytest.approx(z, rel=1e-9)
        else:
            assert end == hits / total
    interval = stats.binomtest(hits, total).proportion_ci(level, "wilson")
    assert wilson(hits, total, level) == pytest.approx(tuple(interval), abs=1e-12)


def test_bootstrap_covers_the_mean_as_often_as_it_says() -> None:
    covered = 0
    for trial in range(200):
        groups = [[v] for v in RNG.exponential(2.0, 60)]
        low, high = bootstrap(groups, 0.9, trial, 400)
        covered += low <= 2.0 <= high
    assert 0.8 <= covered / 200 <= 0.97


def test_values_of_one_picture_are_drawn_together() -> None:
    means = RNG.normal(size=30)
    alone = bootstrap([[m] for m in means])
    tenfold = bootstrap([[m] * 10 for m in means])  # ten networks that agree are not ten pictures
    np.testing.assert_allclose(alone, tenfold)
    low, high = alone
    assert high - low == pytest.approx(2 * 1.96 * means.std() / math.sqrt(30), rel=0.15)
    assert bootstrap([[2.0, 4.0]]) == (3.0, 3.0)
    uneven = [[0.0] * 9, [1.0]]
    assert bootstrap(uneven) == (0.0, 1.0)


def test_the_seed_decides() -> None:
    groups = [[v] for v in RNG.normal(size=20)]
    assert bootstrap(groups, seed=3) == bootstrap(groups, seed=3)
    assert bootstrap(groups, seed=3) != bootstrap(groups, seed=4)


def test_draws_in_blocks_are_the_draws_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [[float(v)] * n for n, v in enumerate(RNG.normal(size=5), start=1)]
    rng, means = np.random.default_rng(9), []
    for _ in range(101):
        drawn = [groups[i] for i in rng.integers(5, size=5)]
        means.append(np.mean(np.concatenate(drawn)))
    ends = tuple(np.quantile(means, [0.05, 0.95]))
    for at_once in (1, 12, 5000):
        monkeypatch.setattr("cnnvis_widgets.study.intervals.AT_ONCE", at_once)
        assert bootstrap(groups, 0.9, seed=9, draws=101) == pytest.approx(ends, rel=1e-12)
