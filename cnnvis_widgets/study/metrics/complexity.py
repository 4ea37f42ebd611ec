"""Complexity: over how many pixels the map is spread, as entropy."""

from __future__ import annotations

import math

from cnnvis_widgets.study.contract import Case, Metric, Score


class Complexity(Metric):
    """-Σ p log p / log n, p each pixel's share of Σ |map| and n the number of pixels.

    The paper's entropy, divided by the largest that a map of this size can have, so that maps of
    different sizes compare.
    """

    name = "complexity"
    title = "Complexity"
    summary = "over how much of the picture the map is spread"
    paper = (
        "Bhatt, Weller & Moura, Evaluating and Aggregating Feature-based Model Explanations, IJCAI "
        "2020, arXiv:2005.00631"
    )
    order = 130
    better = "lower"
    perfect = "0: a single pixel; whether it is the right one, this metric does not ask"
    chance = "1: the same value everywhere"
    reads = "absolute value"
    sensitive = "Enlarging a coarse map spreads it. A wrong but small map wins."

    def score(self, case: Case) -> Score:
        """A map of one pixel has no entropy."""
        shares = case.heatmap[case.heatmap > 0] / case.heatmap.sum()
        if case.heatmap.size == 1:
            return Score(0.0)
        shares = shares[shares > 0]  # a share too small for a number has no part in the entropy
        entropy = -float((shares * [math.log(p) for p in shares]).sum())
        return Score(min(1.0, max(0.0, entropy / math.log(case.heatmap.size))))
