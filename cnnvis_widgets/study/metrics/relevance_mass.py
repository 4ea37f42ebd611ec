"""Relevance mass accuracy: the share of the map on the object."""

from __future__ import annotations

from cnnvis_widgets.study.contract import Case, Metric, Score


class RelevanceMass(Metric):
    """Σ of the map within the mask / Σ of the map."""

    name = "relevance_mass"
    title = "Relevance mass accuracy"
    summary = "which share of the map is on the object"
    paper = (
        "Arras, Osman & Samek, CLEVR-XAI: A benchmark dataset for the ground truth evaluation of "
        "neural network explanations, Information Fusion 81, 2022, arXiv:2003.07258"
    )
    order = 20
    needs = ("mask",)
    better = "higher"
    perfect = "1: nothing is outside the object"
    chance = "the object's share of the picture"
    of_zeros = 0.0
    sensitive = (
        "How channels become one map, and what happens to negative values (here: left out). A weak "
        "haze over a large background weighs as much as a strong spot."
    )

    def score(self, case: Case) -> Score:
        """Compute the paper's R_within / R_total."""
        assert case.mask is not None
        return Score(float(case.heatmap[case.mask].sum() / case.heatmap.sum()))
