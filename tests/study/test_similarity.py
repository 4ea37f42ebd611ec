"""Spearman and SSIM: against SciPy and against their formulas, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cnnvis_widgets.study.similarity import spearman, ssim

RNG = np.random.default_rng(9)


def test_spearman_equals_scipys_with_and_without_ties() -> None:
    for high in (3, 10_000):
        one, other = RNG.integers(0, high, (2, 9, 6)).astype(float)
        expected = stats.spearmanr(one.ravel(), other.ravel()).statistic
        assert spearman(one, other) == pytest.approx(expected, abs=1e-12)


def test_spearman_sees_order_only() -> None:
    one = RNG.normal(size=(5, 4, 3))
    assert spearman(one, np.exp(3 * one)) == 1
    assert spearman(one, -(one**3)) == -1
    assert spearman(one, np.zeros_like(one)) == 0
    assert spearman(np.ones_like(one), one) == 0
    assert spearman(np.ones_like(one), np.zeros_like(one)) is None


def test_ssim_ends_and_scale() -> None:
    one = RNG.random((20, 30))
    assert ssim(one, one) == pytest.approx(1)
    assert ssim(one, 1e-6 * one + 4) == pytest.approx(1, abs=1e-6)  # both are stretched to 0…1
    assert ssim(one, -one) < -0.5
    assert abs(ssim(one, RNG.random((20, 30)))) < 0.2
    assert ssim(one, np.zeros((20, 30))) == pytest.approx(0, abs=0.05)
    assert ssim(np.zeros((20, 30)), np.ones((20, 30))) is None


def test_ssim_of_one_window_is_wangs_formula() -> None:
    """7 × 7 pixels are one window: scikit-image averages over those that are within."""
    one, other = RNG.random((2, 7, 7))
    one, other = ((m - m.min()) / np.ptp(m) for m in (one, other))
    c1, c2 = 0.01**2, 0.03**2
    covariance = ((one - one.mean()) * (other - other.mean())).sum() / 48
    expected = (2 * one.mean() * other.mean() + c1) * (2 * covariance + c2)
    expected /= one.mean() ** 2 + other.mean() ** 2 + c1
    expected /= one.var(ddof=1) + other.var(ddof=1) + c2
    assert ssim(one, other) == pytest.approx(expected, rel=1e-6)
    assert ssim(RNG.random((4, 9)), RNG.random((4, 9))) is not None  # a window of 3 × 3
