"""Sparseness: Gini's index of the map."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.study.contract import Case, Metric, Score


class Sparseness(Metric):
    """Gini's index of |map|: 0 for a constant map, 1 - 1/n for a single pixel."""

    name = "sparseness"
    title = "Sparseness (Gini)"
    summary = "how unequally the map is shared out among the pixels"
    paper = (
        "Chalasani, Chen, Chowdhury, Jha & Wu, Concise Explanations of Neural Networks using "
        "Adversarial Training, ICML 2020, arXiv:1810.06583"
    )
    order = 140
    better = "higher"
    perfect = "near 1: a single pixel; whether it is the right one, this metric does not ask"
    chance = "0 for the same value everywhere, 1/3 for uniform noise"
    reads = "absolute value"
    sensitive = "Zeros count: a map that is cut off at zero is sparser than the same map before."

    def score(self, case: Case) -> Score:
        """Compute Σ (2k - n - 1) v_k / (n Σ v) over the ascending values, k from 1."""
        values = np.sort(case.heatmap, axis=None)
        n = len(values)
        ranks = 2 * np.arange(1, n + 1) - n - 1
        return Score(float(max(0.0, ranks @ values / (n * values.sum()))))
