"""Ablation-CAM: the last maps, each weighted by the neuron's drop without it."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.grad_cam import LAYER, GradCam, about_tokens, chosen_layer, weighted_map


class AblationCam(GradCam):
    """relu(Σ_k w_k A_k) with w_k = a - a_k, where a_k is the neuron with map k set to 0.

    The paper divides by a, which only scales the map, and inverts it if a is negative; this is left
    out. A map that is 0 everywhere changes nothing and is not tried.
    """

    name = "ablation_cam"
    title = "Ablation-CAM"
    summary = "the regions of the features without which the neuron falls, without derivatives"
    paper = (
        "Desai & Ramaswamy, Ablation-CAM: Visual Explanations for Deep Convolutional Network via "
        "Gradient-free Localization, WACV 2020"
    )
    section = "not in the thesis"
    order = 46
    gradient_based = False
    weaknesses = (
        "As coarse as the layer, and slow: the network behind it runs once for each map. What two "
        "maps say alike is missed, since either suffices."
    )
    quick = False
    parameters = (LAYER,)

    def answer(self, question: Question) -> Answer:
        """The network behind the layer once for each map, in batches; stops between two of them."""
        from cnnvis_widgets.backend.layer_tail import values_after

        network = question.network
        layer = chosen_layer(question)
        # The backward pass costs little, and lays tokens out as maps.
        backward = network.backward(question.input[None], question.neuron, Pass(layer))
        neuron = question.neuron or Neuron(None, backward.unit)
        maps, activations = backward.activations[0][0], network.activations(question.input, layer)  # type: ignore[index]
        channels = np.flatnonzero(np.abs(activations).reshape(-1, activations.shape[-1]).max(0))
        weights = np.zeros(maps.shape[-1], np.float32)
        for batch in batches(len(channels), question.input.shape, FORWARD):
            question.progress(batch.start, len(channels))
            units = channels[batch.start : batch.stop]
            ablated = np.repeat(activations[None], len(units) + 1, axis=0)
            for copy, unit in zip(ablated[1:], units, strict=True):
                copy[..., unit] = 0
            pictures = np.repeat(question.input[None], len(ablated), axis=0)
            values = values_after(network, pictures, layer, ablated, neuron)
            # The first is not ablated, in the same batch: a map without effect gets exactly 0.
            weights[units] = values[0] - values[1:]
        question.progress(len(channels), len(channels))
        return Answer(
            backward.unit,
            float(backward.value[0]),
            Coverage({layer: "its maps, one left out at a time", "all layers": "forward"}),
            weighted_map(maps, weights),
            layer=layer,
            notes=about_tokens(network, layer),
            details={"channels": len(channels)},
        )
