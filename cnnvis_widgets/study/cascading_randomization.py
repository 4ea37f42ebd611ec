"""Maps of a network that forgets, from its last layer down to its first, beside the first ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.study.similarity import spearman

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Forgetting(NamedTuple):
    """What was computed, for none, one, two … all layers made random from the top.

    Attributes:
        layers: the layers with weights, the last one first.
        picture: uint8 (rows, columns, 3), as the network saw it.
        scores: the chosen class's probability after each.
        heatmaps: method → one float32 (rows, columns) each.
        alike: method → Spearman's correlation of the attributions with those of the trained
            network, absolute values summed over the channels; None where a map is zero everywhere.
        alike_signed: the same of the signed values.
    """

    layers: tuple[str, ...]
    picture: np.ndarray
    scores: tuple[float, ...]
    heatmaps: dict[str, list[np.ndarray]]
    alike: dict[str, list[float | None]]
    alike_signed: dict[str, list[float | None]]


def forgetting(
    network: Network, image: np.ndarray, methods: Sequence[str], unit: int, seed: int = 0
) -> Forgetting:
    """Make a copy's layers random one after the other, and explain the same class each time.

    Args:
        network: stays as it is.
        image: uint8 (rows, columns, 3), or the network's own input.
        methods: their names, with their usual parameters.
        unit: the class that is explained throughout.
        seed: of the random weights, and of methods that draw.
    """
    from cnnvis_widgets.backend.variants.randomization import Cascade
    from cnnvis_widgets.engine.explain import explain

    copy = Cascade(network, seed)
    heatmaps: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    alike: dict[str, list[float | None]] = {name: [] for name in methods}
    signed: dict[str, list[float | None]] = {name: [] for name in methods}
    first: dict[str, Any] = {}
    scores: list[float] = []
    for count in range(len(copy.layers) + 1):
        copy.randomise(count)
        answers = copy.network.predict(image, top=copy.network.units)
        scores.append(next(a.score or 0.0 for a in answers if a.unit == unit))
        for name in methods:
            explanation = explain(copy.network, image, name, neuron=unit, seed=seed)
            assert explanation.attribution is not None, "a method that makes a picture has no map"
            one, other = first.setdefault(name, explanation).attribution, explanation.attribution
            there = bool(one.any()) and bool(other.any())
            heatmaps[name].append(explanation.heatmap())
            sizes = (np.abs(one).sum(axis=2), np.abs(other).sum(axis=2))
            alike[name].append(spearman(*sizes) if there else None)
            sums = (one.sum(axis=2), other.sum(axis=2))
            signed[name].append(spearman(*sums) if there else None)
    picture = next(iter(first.values())).picture
    return Forgetting(copy.layers, picture, tuple(scores), heatmaps, alike, signed)
