"""Discriminative: whether the maps of two classes are each on their own object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnvis_widgets.study.contract import Case, Metric, Other, Score


class Discriminative(Metric):
    """½ (share of A in the map for A + share of B in the map for B), by mean value on each object.

    Means, not sums, so that the larger object has no advantage. A map that does not depend on the
    neuron scores exactly ½.
    """

    name = "discriminative"
    title = "Discriminative"
    summary = "whether the maps of two classes are each on their own object"
    paper = (
        "The word, and that it matters most, are Erroz Arroyo's: Visualizando neuronas en Redes "
        "Neuronales Convolucionales, Universidad Pública de Navarra 2019, section 4.3; the formula "
        "is this project's"
    )
    order = 50
    needs = ("mask", "other objects", "network", "method")
    better = "higher"
    perfect = "1: each map is zero on the other object"
    chance = "½, exactly, for every map that is the same for both classes"
    of_zeros = None
    sensitive = (
        "Whether the network sees the second object at all: for a class that it gives no evidence, "
        "any map is a guess. What is on neither object does not count."
    )

    def measure(self, case: Case, **parameters: object) -> Score:
        """As `Metric.measure`, but a map of zeros is scored, with a share of ½."""
        if self.lacks(case) or self.read(case.heatmap).any():
            return super().measure(case, **parameters)
        return self.score(replace(case, heatmap=self.read(case.heatmap)))

    def score(self, case: Case) -> Score:
        """Average over the other objects."""
        assert case.neuron is not None
        if not case.neuron.single:
            return Score(None, "it is about single classes; this is a weighted sum of units")
        if case.neuron.layer is not None:
            return Score(None, "the objects have output neurons; this one is of a hidden layer")
        shares = [self._pair(case, other) for other in case.others]
        defined = [share for share in shares if share is not None]
        if not defined:
            return Score(None, "no other object has a class and a place of its own")
        return Score(float(np.mean(defined)), details={"pairs": defined})

    def _pair(self, case: Case, other: Other) -> float | None:
        assert case.mask is not None
        assert case.neuron is not None
        assert case.explain is not None
        assert case.image is not None
        own_region, other_region = case.mask & ~other.mask, other.mask & ~case.mask
        if other.unit == case.neuron.unit or not own_region.any() or not other_region.any():
            return None
        neuron = replace(case.neuron, unit=other.unit)
        heatmap = self.read(case.explain(case.network, case.image, neuron, case.seed).heatmap)
        return (
            _share(case.heatmap, own_region, other_region)
            + _share(heatmap, other_region, own_region)
        ) / 2


def _share(heatmap: np.ndarray, own_region: np.ndarray, other_region: np.ndarray) -> float:
    own_mean, other_mean = float(heatmap[own_region].mean()), float(heatmap[other_region].mean())
    return own_mean / (own_mean + other_mean) if own_mean + other_mean else 0.5
