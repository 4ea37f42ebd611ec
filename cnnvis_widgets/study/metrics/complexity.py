"""Complexity: the entropy of the map."""

from __future__ import annotations

import math

from cnnvis_widgets.study.contract import Case, Metric, Score


class Complexity(Metric):
    """-Σ p log p / log n, p each pixel's share of Σ |map| and n the number of pixels.

    The paper's entropy, normalised by the maximum for the map's size.
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
        """Compute the normalised entropy; 0 for a map of one pixel."""
        shares = case.heatmap[case.heatmap > 0] / case.heatmap.sum()
        if case.heatmap.size == 1:
            return Score(0.0)
        shares = shares[shares > 0]  # a share may underflow to 0
        entropy = -float((shares * [math.log(p) for p in shares]).sum())
        return Score(min(1.0, max(0.0, entropy / math.log(case.heatmap.size))))
