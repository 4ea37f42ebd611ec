"""Relevance rank accuracy: the share of the largest values on the object."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.study.contract import Case, Metric, Score


class RelevanceRank(Metric):
    """The share of the K largest values that is on the object of K pixels.

    Values equal to the K-th largest count as if drawn at random, by their expected hits.
    """

    name = "relevance_rank"
    title = "Relevance rank accuracy"
    summary = "which share of the largest values is on the object"
    paper = (
        "Arras, Osman & Samek, CLEVR-XAI: A benchmark dataset for the ground truth evaluation of "
        "neural network explanations, Information Fusion 81, 2022, arXiv:2003.07258"
    )
    order = 30
    needs = ("mask",)
    better = "higher"
    perfect = "1: the object's pixels have the largest values"
    chance = "the object's share of the picture"
    of_zeros = 0.0
    sensitive = (
        "The mask's size is K: a mask drawn too large asks for pixels that have no reason to "
        "matter. Blind to how much larger the values are."
    )

    def score(self, case: Case) -> Score:
        """Count hits among the K largest values."""
        assert case.mask is not None
        count = int(case.mask.sum())
        threshold = np.partition(case.heatmap, -count, axis=None)[-count]
        above, equal = case.heatmap > threshold, case.heatmap == threshold
        room = count - above.sum()
        hits = (above & case.mask).sum() + room * (equal & case.mask).sum() / equal.sum()
        return Score(float(hits / count))
