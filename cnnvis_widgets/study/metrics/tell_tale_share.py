"""Where the cheater looks: the tell-tale's share of what lies on tell-tale and object."""

from __future__ import annotations

from cnnvis_widgets.study.contract import Case, Metric, Score


class TellTaleShare(Metric):
    """Σ on the tell-tale / (Σ on the tell-tale + Σ on the object)."""

    name = "tell_tale_share"
    title = "Tell-tale's share"
    summary = "how much of the map lies on the tell-tale rather than on the object"
    paper = (
        "After the penguin and its snow in Erroz Arroyo, Visualizando neuronas en Redes Neuronales "
        "Convolucionales, Universidad Pública de Navarra 2019; the formula is this project's"
    )
    order = 60
    needs = ("mask", "tell-tale")
    better = "neither"
    perfect = "1 for a network that looks at nothing but the tell-tale, 0 for one that is honest"
    chance = "the tell-tale's share of the pixels of both"
    sensitive = "The tell-tale's size: a whole background has more room for a haze than a mark."

    def score(self, case: Case) -> Score:
        """Not defined where the map touches neither."""
        assert case.mask is not None
        assert case.tell_tale is not None
        tell_tale = float(case.heatmap[case.tell_tale & ~case.mask].sum())
        total = tell_tale + float(case.heatmap[case.mask].sum())
        if total == 0:
            return Score(None, "the map is zero on the tell-tale and on the object")
        return Score(tell_tale / total)
