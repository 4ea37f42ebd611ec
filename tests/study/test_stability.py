"""Stability over seeds: 1 for what draws nothing, 0 for noise, and a mean of pairs in between."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy import stats
from toys import Fixed, Noise

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case, Maps

STABILITY = metric("stability")
RNG = np.random.default_rng(6)
MAP = RNG.normal(size=(30, 20))


def case(explain: Any, seed: int = 0) -> Case:
    first = explain(None, None, None, seed).heatmap
    return Case(
        first, network=object(), image=np.zeros((30, 20, 3), np.uint8), neuron=Neuron(None, 0),
        explain=explain, seed=seed,
    )  # fmt: skip


def test_what_draws_nothing_is_exactly_1() -> None:
    assert STABILITY.measure(case(Fixed(MAP))).value == 1
    assert STABILITY.measure(case(Fixed(np.ones((30, 20))))).value == 1


def test_noise_is_0_and_a_sign_that_flips_is_minus_1() -> None:
    assert STABILITY.measure(case(Noise((30, 20)))).value == pytest.approx(0, abs=0.05)

    def flips(network: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        heatmap = MAP * (-1) ** seed
        return Maps(heatmap, heatmap[..., None])

    assert STABILITY.measure(case(flips), seeds=2).value == pytest.approx(-1, abs=1e-12)


def test_mean_over_the_pairs_of_the_seeds_that_follow() -> None:
    def some(network: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        heatmap = MAP + np.random.default_rng(seed).normal(size=MAP.shape)
        return Maps(heatmap, heatmap[..., None])

    maps = [some(None, None, None, seed).heatmap.ravel() for seed in (7, 8, 9)]
    expected = np.mean([stats.spearmanr(a, b).statistic for a, b in combinations(maps, 2)])
    steps: list[tuple[int, int]] = []
    asked = case(some, 7)
    object.__setattr__(asked, "progress", lambda done, total: steps.append((done, total)))
    score = STABILITY.measure(asked, seeds=3)
    assert score.value == pytest.approx(expected)
    assert len(score.details["pairs"]) == 3
    assert steps == [(1, 2), (2, 2)]
