"""Model randomisation: whether the map changes when layers are randomised from the top down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.study.contract import Case, Maps, Metric, Score
from cnnvis_widgets.study.similarity import spearman, ssim

if TYPE_CHECKING:
    from cnnvis_widgets.backend.variants.randomization import Cascade

MEASURES = ("spearman_absolute", "spearman_signed", "ssim")


class Randomisation(Metric):
    """The mean similarity of the map to those of copies with random upper layers.

    Each stage randomises more layers, from the output down. A map that stays the same does not
    depend on the weights of these layers. The explained unit stays the same.

    Stages with a map of zeros (Deep Taylor's, if the random neuron is below zero) are left out and
    noted.
    """

    name = "randomisation"
    title = "Model randomisation"
    summary = "whether the map stays when the network forgets, from the top layer down"
    paper = (
        "Adebayo, Gilmer, Muelly, Goodfellow, Hardt & Kim, Sanity Checks for Saliency Maps, NeurIPS"
        " 2018, arXiv:1810.03292"
    )
    order = 110
    needs = ("network", "method")
    better = "lower"
    range = (-1.0, 1.0)
    perfect = "0: nothing of the map outlives the network's knowledge"
    chance = (
        "1 for a map that does not look at the network, such as the edges of the picture, which is "
        "the worst"
    )
    reads = "as it is"
    sensitive = (
        "The measure: SSIM is high for sparse maps that share nothing. The random weights: Keras' "
        "initial ones can switch a whole network off, and its maps are then zero. Where in the "
        "cascade one looks."
    )
    parameters = (
        Parameter(
            "measure",
            "Similarity",
            "choice",
            "spearman_absolute",
            "Spearman's correlation of the absolute values or of the signed ones (both summed over "
            "the channels, at the method's own resolution), or SSIM of the heatmaps",
            choices=MEASURES,
        ),
        Parameter(
            "stages",
            "Stages",
            "integer",
            6,
            "how many copies: the first forgets the top layer, the last everything",
            1,
            500,
            unit="stages",
        ),
        Parameter(
            "how",
            "Random weights",
            "choice",
            "initialise",
            "Keras' initial weights (as published), or the layer's own ones shuffled",
            choices=("initialise", "shuffle"),
        ),
    )

    def score(self, case: Case) -> Score:
        """Compute an explanation for each stage; the details have all three measures."""
        assert case.explain is not None
        assert case.image is not None
        original = case.explain(case.network, case.image, case.neuron, case.seed)
        copy = self._copy(case)
        counts = stages(len(copy.layers), case.parameters["stages"])
        curves: dict[str, list[float | None]] = {measure: [] for measure in MEASURES}
        try:
            for stage, count in enumerate(counts, start=1):
                copy.randomise(count)
                explanation = case.explain(copy.network, case.image, case.neuron, case.seed)
                is_nonzero = bool(explanation.attribution.any())
                for measure, value in similarities(original, explanation).items():
                    curves[measure].append(value if is_nonzero else None)
                case.progress(stage, len(counts))
        finally:
            copy.randomise(0)
        defined = [v for v in curves[case.parameters["measure"]] if v is not None]
        details = {"layers": [copy.layers[count - 1] for count in counts], **curves}
        if not defined:
            return Score(None, "every copy's map is zero, or the same value everywhere", details)
        excluded = len(counts) - len(defined)
        note = (
            f"{excluded} of {len(counts)} stages left out: their maps are zero" if excluded else ""
        )
        return Score(float(np.mean(defined)), note, details)

    def _copy(self, case: Case) -> Cascade:
        """The copy, which is shared by all cases of a network, so that it is compiled once."""
        from cnnvis_widgets.backend.variants.randomization import Cascade

        assert case.network is not None
        key = (self.name, case.parameters["how"], case.seed)
        if key not in case.cache:
            case.cache[key] = Cascade(case.network, case.seed, case.parameters["how"])
        return case.cache[key]


def stages(layers: int, count: int) -> list[int]:
    """The numbers of random layers at each stage, evenly spaced from 1 to all."""
    steps = np.linspace(1, layers, count) if count > 1 else np.array([layers])
    return sorted({round(float(step)) for step in steps})


def similarities(one: Maps, other: Maps) -> dict[str, float | None]:
    """The three measures for two explanations of the same method; see `similarity.py`.

    Spearman's correlation is 0 if exactly one map is constant.
    """
    signed = [explanation.attribution.sum(-1, dtype=np.float64) for explanation in (one, other)]
    absolute = [
        np.abs(explanation.attribution).sum(-1, dtype=np.float64) for explanation in (one, other)
    ]
    return {
        "spearman_absolute": spearman(*absolute),
        "spearman_signed": spearman(*signed),
        "ssim": ssim(np.abs(one.heatmap), np.abs(other.heatmap)),
    }
