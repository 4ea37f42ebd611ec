"""Relevance mass and rank accuracy: seen answers, and a draw of the ties by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case

MASS, RANK = metric("relevance_mass"), metric("relevance_rank")
RNG = np.random.default_rng(3)
MASK = RNG.random((7, 4)) < 0.4


def test_a_map_on_the_object_alone_and_one_beside_it() -> None:
    for accuracy in (MASS, RANK):
        assert accuracy.measure(Case(MASK * 2.0, MASK)).value == 1
        assert accuracy.measure(Case(~MASK * 2.0, MASK)).value == 0
        assert accuracy.measure(Case(MASK - 5.0 * ~MASK, MASK)).value == 1  # negatives are left out
    # a map that says the opposite leaves nothing
    against = MASS.measure(Case(-1.0 * MASK, MASK))
    assert against.value == 0
    assert "negative" in against.note


def test_mass_is_the_quotient_of_two_sums() -> None:
    heatmap = RNG.normal(size=(7, 4))
    inside = outside = 0.0
    for value, here in zip(heatmap.flat, MASK.flat, strict=True):
        if value > 0:
            inside, outside = inside + value * here, outside + value * (not here)
    assert MASS.measure(Case(heatmap, MASK)).value == pytest.approx(inside / (inside + outside))


def test_rank_counts_the_object_among_the_largest() -> None:
    heatmap = RNG.permutation(28).reshape(7, 4) + 1.0
    largest = set(np.argsort(heatmap.ravel())[-MASK.sum() :])
    expected = len(largest & set(np.flatnonzero(MASK))) / MASK.sum()
    assert RANK.measure(Case(heatmap, MASK)).value == pytest.approx(expected)


def test_rank_of_equal_values_is_what_a_draw_gives_on_average() -> None:
    heatmap = RNG.integers(0, 4, (7, 4)).astype(float)
    size, hits = int(MASK.sum()), []
    for _ in range(20_000):
        tied = np.lexsort((RNG.random(28), -heatmap.ravel()))
        hits.append(MASK.ravel()[tied[:size]].mean())
    assert RANK.measure(Case(heatmap, MASK)).value == pytest.approx(np.mean(hits), abs=0.005)


def test_a_flat_map_gets_the_objects_share() -> None:
    for accuracy in (MASS, RANK):
        flat = accuracy.measure(Case(np.full((7, 4), 0.3), MASK)).value
        assert flat == pytest.approx(MASK.mean())
