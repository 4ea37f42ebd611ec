"""LIME's linear model against scikit-learn, least squares and a second look at every sample."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

from cnnvis_widgets.methods.sampling import draw
from cnnvis_widgets.methods.surrogate import StabilityMonitor, distances, fit, proximity


def _curved(kept: np.ndarray) -> np.ndarray:
    """A score that is no straight line: superpixels 1 and 4 only count together."""
    return 0.3 * kept[:, 0] + 0.6 * kept[:, 1] * kept[:, 4] - 0.2 * kept[:, 2] + 0.1 * kept[:, 6]


def test_distances_are_the_cosine_distances() -> None:
    kept = draw(300, 7, seed=2)
    kept[5] = 0  # nothing kept at all
    expected = pairwise_distances(kept, kept[:1], metric="cosine").ravel()
    np.testing.assert_allclose(distances(kept), expected, atol=1e-12)
    assert distances(kept)[5] == 1 and distances(kept)[0] == 0


def test_weights_are_those_of_penalised_least_squares() -> None:
    kept = draw(120, 7, seed=0)
    scores = _curved(kept)
    # sqrt of exp(-d² / 0.0625), then rows of the penalty under the rows of the data
    d = pairwise_distances(kept, np.ones((1, 7)), metric="cosine")[:, 0]
    root = np.exp(-(d**2) / 0.0625) ** 0.25
    rows = np.column_stack([root, root[:, None] * kept])
    penalty = np.column_stack([np.zeros(7), np.eye(7)])
    solution, *_ = np.linalg.lstsq(
        np.vstack([rows, penalty]), np.concatenate([root * scores, np.zeros(7)]), rcond=None
    )
    surrogate = fit(kept, scores, 3)
    np.testing.assert_allclose(surrogate.weights, solution[1:], atol=1e-9)
    residual = ((scores - solution[0] - kept @ solution[1:]) ** 2 * root**2).sum()
    mean = np.average(scores, weights=root**2)
    assert surrogate.r2 == pytest.approx(1 - residual / ((scores - mean) ** 2 * root**2).sum())
    assert 0.3 < surrogate.r2 < 0.99


def test_the_top_is_the_largest_above_zero_first() -> None:
    kept = draw(400, 7, seed=1)
    scores = kept @ np.array([0.1, 0.5, -0.9, 0.3, 0, -0.1, 0.2])
    assert fit(kept, scores, 2).top == (1, 3)
    assert fit(kept, scores, 7).top[:4] == (1, 3, 6, 0)
    assert all(fit(kept, scores, 7).weights[list(fit(kept, scores, 7).top)] > 0)


@pytest.mark.parametrize(("samples", "seed"), [(137, 4), (200, 7), (60, 1)])
def test_stable_since_is_the_last_change_of_the_top(samples: int, seed: int) -> None:
    kept = draw(samples, 9, seed)
    rng = np.random.default_rng(seed)
    scores = kept @ rng.normal(0, 1, 9) + rng.normal(0, 2.0, samples)
    tops = []
    for n in [*range(10, samples, 10), samples]:
        model = Ridge(alpha=1).fit(
            kept[:n], scores[:n], sample_weight=proximity(distances(kept[:n]))
        )
        tops.append((n, set(np.argsort(-model.coef_)[:3])))
    expected = min(n for n, _ in tops if all(top == tops[-1][1] for m, top in tops if m >= n))
    assert fit(kept, scores, 3).stable_since == expected
    assert expected > 10  # else the test could not tell
    settling, at = StabilityMonitor(9, 3), 0
    for size in (1, 8, 13, 30, 5, samples):  # however they come in
        settling.add(kept[at : at + size], scores[at : at + size])
        at += size
    assert settling.since() == expected


def test_spread_foretells_what_other_seeds_give() -> None:
    others = [fit(k, _curved(k), 3).weights for k in (draw(300, 7, seed) for seed in range(40))]
    kept = draw(300, 7, seed=99)
    foretold = fit(kept, _curved(kept), 3).spread
    ratio = foretold / np.std(others, axis=0)
    assert ((ratio > 0.4) & (ratio < 2.5)).all(), ratio
    assert 0.6 < np.median(ratio) < 1.6, ratio


def test_spread_of_a_balanced_draw_is_an_upper_bound() -> None:
    draws = [draw(257, 7, seed, "balanced") for seed in range(40)]
    others = np.std([fit(k, _curved(k), 3, one_round=256).weights for k in draws], axis=0)
    tossed = [fit(k, _curved(k), 3).weights for k in (draw(257, 7, seed) for seed in range(40))]
    assert others.mean() < 0.4 * np.std(tossed, axis=0).mean()
    for kept in draws[:5]:
        foretold = fit(kept, _curved(kept), 3, one_round=256).spread
        singly = fit(kept, _curved(kept), 3).spread
        # Too large, since resampling spoils the balance; less so with pairs left whole.
        assert (foretold > others).all() and np.median(foretold) < 0.85 * np.median(singly)


def test_a_whole_round_is_better_than_one_and_a_part() -> None:
    def triples(kept: np.ndarray) -> np.ndarray:
        return kept[:, 0] + 3.0 * kept[:, 1] * kept[:, 4] * kept[:, 5] - 2.0 * kept[:, 2:5].prod(1)

    everything = np.indices((2,) * 7).reshape(7, -1).T[::-1]
    expected = fit(everything.repeat(100, axis=0), triples(everything).repeat(100), 3).weights
    errors = []
    for seed in range(20):
        kept = draw(300, 7, seed, "balanced")
        weights = [fit(kept[:n], triples(kept[:n]), 3).weights for n in (257, 300)]
        errors.append([np.abs(one - expected).mean() for one in weights])
    whole, part = np.mean(errors, axis=0)
    assert whole < 0.8 * part, (whole, part)


def test_after_the_first_round_only_round_ends_are_looked_at() -> None:
    kept = draw(769, 9, 4, "balanced")
    rng = np.random.default_rng(1)
    scores = kept @ rng.normal(0, 0.1, 9) + rng.normal(0, 1.5, 769)
    ends = [*range(10, 257, 10), 257, 513, 769]
    tops = [set(np.argsort(-fit(kept[:n], scores[:n], 3).weights)[:3]) for n in ends]
    last = max(i for i, top in enumerate(tops) if top != tops[-1])
    settling = StabilityMonitor(9, 3, one_round=256)
    for start in range(0, 769, 64):
        settling.add(kept[start : start + 64], scores[start : start + 64])
    assert settling.since() == ends[last + 1] == fit(kept, scores, 3, one_round=256).stable_since
    assert settling.top() == tops[-1] and ends[last + 1] > 257


def test_steady_superpixels_are_those_beyond_doubt() -> None:
    kept = draw(200, 8, seed=3)
    noise = np.random.default_rng(0).normal(0, 1, 200)
    scores = kept @ np.array([5.0, 0, 4.0, 0, 0, 0, 0, 0]) + noise
    surrogate = fit(kept, scores, 4)
    assert {0, 2} <= set(surrogate.steady) and len(surrogate.steady) < 4


def test_a_constant_score_is_all_zeros_and_no_nan() -> None:
    rounding = 2e-8 * np.random.default_rng(1).normal(size=50)
    for scores in (np.full(50, 0.25), np.zeros(50), 0.25 + rounding):
        surrogate = fit(draw(50, 5, seed=0), scores, 3)
        np.testing.assert_array_equal(surrogate.weights, 0)
        np.testing.assert_array_equal(surrogate.spread, 0)
        assert surrogate.r2 == 1 and surrogate.top == () == surrogate.steady
    assert fit(draw(50, 5, seed=0), 0.25 + 1e3 * rounding, 3).weights.all()


def test_a_single_superpixel() -> None:
    kept = draw(30, 1, seed=0)
    surrogate = fit(kept, 2.0 * kept[:, 0] + 1, 5)
    assert surrogate.top == (0,) and 0 < surrogate.weights[0] < 2
    assert surrogate.stable_since == 10
