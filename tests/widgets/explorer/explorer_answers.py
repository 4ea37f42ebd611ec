"""What a made-up engine answers to an explorer, and what the explorer asked of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from engine_double import EngineDouble

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import Field, LayerInfo, Prediction
from cnnvis_widgets.engine.fewest import Fewest, FewestSuperpixels
from cnnvis_widgets.engine.neuron_card import (
    Gallery,
    GalleryPicture,
    NeuronView,
    OneNeuron,
    Peak,
    Push,
)
from cnnvis_widgets.engine.requests import (
    Explain,
    LayerView,
    NetworkFacts,
    NeuronMap,
    Neurons,
    Open,
    PageExplanation,
    Predict,
    Warm,
)
from cnnvis_widgets.engine.touch import (
    Deletion,
    DeletionCurve,
    Fields,
    Occlude,
    OcclusionResult,
    ReceptiveFields,
    Superpixels,
)
from cnnvis_widgets.engine.trust import Check, RandomTopLayer, TrustChecks

LAYERS = (
    LayerInfo("stem_conv", "Conv2D", (5, 7, 4), 4),
    LayerInfo("block1_conv", "Conv2D", (3, 4, 6), 6),
    LayerInfo("predictions", "Dense", (3,), 3),
)
LABELS = ("cat", "cup", "dog")


def made_up(request: Any, unsuited: dict[str, str] | None = None) -> Any:
    """What a worker would answer."""
    if isinstance(request, Open):
        return NetworkFacts("Fake", LAYERS, LABELS, unsuited or {}, "")
    if isinstance(request, Predict):
        return [Prediction(2, "dog", 0.7, 3.0), Prediction(0, "cat", 0.3, 2.0)]
    if isinstance(request, Neurons):
        layer = next(info for info in LAYERS if info.name == request.layer)
        maps = np.ones(layer.output_shape[:-1], np.float32) if layer.units != 3 else None
        neurons = tuple(NeuronMap(u, 9.0 - u, maps) for u in (3, 1, 0))
        return LayerView(layer.units, layer.output_shape[:-1], neurons)
    if isinstance(request, OneNeuron):
        values = np.arange(12, dtype=np.float32).reshape(3, 4) % 6
        peak = Peak(5.0, (1, 2), (1, 3, 6, 8), np.zeros((6, 8, 3), np.uint8))
        return NeuronView(values, 2.5, peak, (Push(2, "dog", 1.5),), (Push(1, "cup", -0.5),), "")
    if isinstance(request, Gallery):
        peak = Peak(5.0, (1, 2), (1, 3, 6, 8), np.zeros((6, 8, 3), np.uint8))
        return tuple(GalleryPicture(name, peak) for name in ("coffee", "cat"))
    if isinstance(request, Fields):
        return ReceptiveFields((3, 4), Field((5, 7), (2, 2), (-1, -1)), (6, 8))
    if isinstance(request, Superpixels):
        return np.arange(48, dtype=np.int16).reshape(6, 8) // 12
    if isinstance(request, Occlude):
        return OcclusionResult(
            (Prediction(1, "cup", 0.6, 4.0), Prediction(2, "dog", 0.2, 1.0)), None, 0.25
        )
    if isinstance(request, FewestSuperpixels):
        return Fewest((1, 2), (0, 3), "dog", 0.6, 3, 9)
    if isinstance(request, DeletionCurve):
        return Deletion((0.0, 1.0), (0.9, 0.1), (0.9, 0.1), (0.3, 0.5), "probability")
    if isinstance(request, TrustChecks):
        return (
            Check("coverage", "good", 0.0, "All layers."),
            Check("edges", "bad", 0.91, "Edges."),
        )
    if isinstance(request, RandomTopLayer):
        return (Check("random_top", "doubtful", 0.62, "Part of it."),)
    if isinstance(request, Explain):
        neuron = request.neuron or Neuron(None, 2)
        heatmap = np.full((6, 8), neuron.unit + 1, np.float32)
        picture = np.zeros((6, 8, 3), np.uint8)
        title = f"{request.method} of {neuron.unit} in {neuron.layer}"
        return PageExplanation(
            title, neuron, 1.0, picture, heatmap, None, False, "u", ("a note",), "", "code"
        )
    assert isinstance(request, Warm)
    return None


def failing(error: Exception) -> Any:
    """Answers in which every explanation fails."""
    return lambda request: error if type(request) is Explain else made_up(request)


def explained(engine: EngineDouble) -> Explain:
    """The last explanation that was asked for, which must be the only one."""
    requests = [r for r in engine.requests if type(r) is Explain]
    assert len(requests) == 1, requests
    return requests[0]
