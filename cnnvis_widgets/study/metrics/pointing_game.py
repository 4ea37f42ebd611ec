"""The pointing game: whether the map's largest value is on the object."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Metric, Score


class PointingGame(Metric):
    """1 if the largest value is on the object, else 0; for ties the share that is.

    Maps of superpixels and saturated maps have ties. Taking the first one would favour the upper
    left corner.
    """

    name = "pointing_game"
    title = "Pointing game"
    summary = "whether the largest value is on the object"
    paper = (
        "Zhang, Bargal, Lin, Brandt, Shen & Sclaroff, Top-Down Neural Attention by Excitation "
        "Backprop, International Journal of Computer Vision 2018, arXiv:1608.00507"
    )
    order = 10
    needs = ("mask",)
    better = "higher"
    perfect = "1"
    chance = (
        "the object's share of the picture; the baseline to beat is `centre`, because objects "
        "are in the middle of pictures more often than not"
    )
    of_zeros = 0.0
    hit = True
    sensitive = (
        "The tolerance: the paper grants 15 pixels in pictures of some 500. One pixel decides, so "
        "that noise in a fine map counts for more than in a coarse one."
    )
    parameters = (
        Parameter(
            "tolerance",
            "Tolerance",
            "float",
            0.0,
            "how far from the object the largest value may be",
            0.0,
            500.0,
            1.0,
            unit="pixels",
        ),
    )

    def score(self, case: Case) -> Score:
        """Compare the positions of the largest value with the mask, dilated by the tolerance."""
        assert case.mask is not None
        near, tolerance = case.mask, case.parameters["tolerance"]
        if tolerance:
            from skimage.morphology import isotropic_dilation

            near = isotropic_dilation(near, tolerance)
        largest = case.heatmap == case.heatmap.max()
        return Score(float(np.mean(near[largest])))
