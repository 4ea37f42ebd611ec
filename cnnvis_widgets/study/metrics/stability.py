"""Stability: the similarity of maps with different seeds."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Metric, Score
from cnnvis_widgets.study.similarity import spearman


class Stability(Metric):
    """The mean Spearman correlation of the heatmaps of all pairs of seeds.

    A deterministic method scores exactly 1. The picture and the network are not changed.
    """

    name = "stability"
    title = "Stability over seeds"
    summary = "whether the map stays when the method draws its random numbers again"
    paper = (
        "The question is that of Visani, Bagli, Chesani, Poluzzi & Capuzzo, Statistical stability "
        "indices for LIME: obtaining reliable explanations for Machine Learning models, 2020, "
        "arXiv:2001.11757; the correlation over pixels is this project's"
    )
    order = 120
    needs = ("network", "method")
    better = "higher"
    range = (-1.0, 1.0)
    perfect = "1: the seed does not matter"
    chance = "0 for maps that have nothing to do with each other"
    reads = "as it is"
    sensitive = (
        "The method's number of samples. Equal values (superpixels, zeros) are ranks shared, so "
        "that maps in few flat regions correlate more easily."
    )
    parameters = (
        Parameter(
            "seeds", "Seeds", "integer", 5, "how many maps are compared", 2, 100, unit="seeds"
        ),
    )

    def score(self, case: Case) -> Score:
        """Compare the maps of the case's seed and of the following seeds."""
        assert case.explain is not None
        assert case.image is not None
        maps = [case.heatmap]
        for number in range(1, case.parameters["seeds"]):
            explanation = case.explain(case.network, case.image, case.neuron, case.seed + number)
            maps.append(self.read(explanation.heatmap))
            case.progress(number, case.parameters["seeds"] - 1)
        pairs = [
            1.0 if np.array_equal(one, other) else spearman(one, other)
            for one, other in combinations(maps, 2)
        ]
        defined = [pair for pair in pairs if pair is not None]
        if not defined:
            return Score(None, "every map is the same value everywhere: there is no order")
        return Score(float(np.mean(defined)), details={"pairs": defined})
