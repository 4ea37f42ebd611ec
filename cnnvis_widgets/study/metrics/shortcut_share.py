"""Shortcut's share: the shortcut's part of the map on shortcut and object."""

from __future__ import annotations

from cnnvis_widgets.study.contract import Case, Metric, Score


class ShortcutShare(Metric):
    """Σ on the shortcut / (Σ on the shortcut + Σ on the object)."""

    name = "shortcut_share"
    title = "Shortcut's share"
    summary = "how much of the map is on the shortcut rather than on the object"
    paper = (
        "After the penguin and its snow in Erroz Arroyo, Visualizando neuronas en Redes Neuronales "
        "Convolucionales, Universidad Pública de Navarra 2019; the formula is this project's"
    )
    order = 60
    needs = ("mask", "shortcut")
    better = "neither"
    perfect = "1 for a network that looks at nothing but the shortcut, 0 for one that is honest"
    chance = "the shortcut's share of the pixels of both"
    sensitive = "The shortcut's size: a whole background has more room for a haze than a mark."

    def score(self, case: Case) -> Score:
        """Compute the share; undefined if the map is zero on both."""
        assert case.mask is not None
        assert case.shortcut is not None
        shortcut = float(case.heatmap[case.shortcut & ~case.mask].sum())
        total = shortcut + float(case.heatmap[case.mask].sum())
        if total == 0:
            return Score(None, "the map is zero on the shortcut and on the object")
        return Score(shortcut / total)
