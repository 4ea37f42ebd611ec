"""Intersection over union of the object and the thresholded map, at the best threshold."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.study.contract import Case, Metric, Score


class BestIou(Metric):
    """max over t > 0 of |{map ≥ t} ∩ object| / |{map ≥ t} ∪ object|.

    The threshold is optimised for each picture: the metric is whether the map has the object's
    shape at any threshold, not whether a fixed threshold would find it.
    """

    name = "best_iou"
    title = "Intersection over union at the best threshold"
    summary = "how well a region cut out of the map fits the object"
    paper = (
        "After Choe, Oh, Lee, Chun, Akata & Shim, Evaluating Weakly Supervised Object Localization "
        "Methods Right, CVPR 2020, arXiv:2001.07437, who choose the threshold for a whole data "
        "set; here it is chosen for each picture"
    )
    order = 40
    needs = ("mask",)
    better = "higher"
    perfect = "1: at some height the map has exactly the object's outline"
    chance = "at least the object's share of the picture where no value is zero"
    of_zeros = 0.0
    sensitive = (
        "Favours smooth maps: a sharp map of edges is full of holes and loses, however well it "
        "lies. The best threshold is an upper bound that nobody without the mask can reach."
    )

    def score(self, case: Case) -> Score:
        """Compute all thresholds in one pass over the sorted values."""
        assert case.mask is not None
        order = np.argsort(-case.heatmap, axis=None, kind="stable")
        values, inside = case.heatmap.ravel()[order], case.mask.ravel()[order]
        common = np.cumsum(inside)
        union = np.arange(1, len(values) + 1) + case.mask.sum() - common
        # Only the last of equal values is a threshold
        ends = np.append(values[:-1] != values[1:], True) & (values > 0)
        scores = np.where(ends, common / union, 0)
        best = int(scores.argmax())
        return Score(float(scores[best]), details={"threshold": float(values[best])})
