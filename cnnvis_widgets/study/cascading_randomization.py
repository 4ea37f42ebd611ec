"""Cascading randomisation: maps while layers become random, the last first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.study.similarity import spearman

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Forgetting(NamedTuple):
    """The results for 0, 1, 2, … all layers randomised from the top.

    Attributes:
        layers: the layers with weights, the last first.
        picture: uint8 (rows, columns, 3), the network's input as a picture.
        scores: the class's probability for each number of layers.
        heatmaps: method → float32 (rows, columns) for each number of layers.
        alike: method → Spearman's correlation with the attributions of the trained network, with
            absolute values summed over the channels; None if a map is zero everywhere.
        alike_signed: the same with signed values.
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
    """Randomise a copy's layers one after the other, and explain the same class each time.

    Args:
        network: it is not changed.
        image: uint8 (rows, columns, 3), or the network's input.
        methods: names; all with default parameters.
        unit: the explained class.
        seed: of the random weights and the methods.
    """
    from cnnvis_widgets.backend.variants.randomization import Cascade
    from cnnvis_widgets.engine.explain import explain

    copy = Cascade(network, seed)
    heatmaps: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    alike: dict[str, list[float | None]] = {name: [] for name in methods}
    signed: dict[str, list[float | None]] = {name: [] for name in methods}
    original: dict[str, Any] = {}
    scores: list[float] = []
    for count in range(len(copy.layers) + 1):
        copy.randomise(count)
        answers = copy.network.predict(image, top=copy.network.units)
        scores.append(next(a.score or 0.0 for a in answers if a.unit == unit))
        for name in methods:
            explanation = explain(copy.network, image, name, neuron=unit, seed=seed)
            assert explanation.attribution is not None, "a method that makes a picture has no map"
            trained, randomised = (
                original.setdefault(name, explanation).attribution,
                explanation.attribution,
            )
            both_nonzero = bool(trained.any()) and bool(randomised.any())
            heatmaps[name].append(explanation.heatmap())
            sizes = (np.abs(trained).sum(axis=2), np.abs(randomised).sum(axis=2))
            alike[name].append(spearman(*sizes) if both_nonzero else None)
            sums = (trained.sum(axis=2), randomised.sum(axis=2))
            signed[name].append(spearman(*sums) if both_nonzero else None)
    picture = next(iter(original.values())).picture
    return Forgetting(copy.layers, picture, tuple(scores), heatmaps, alike, signed)
