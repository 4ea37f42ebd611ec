"""Score-CAM: the last maps, each weighted by the score of the picture masked with it."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.grad_cam import LAYER, GradCam, about_tokens, chosen_layer, weighted_map
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.upsampling import at_input_size

CHANNELS = Parameter(
    "channels",
    "Channels",
    "integer",
    0,
    "how many maps are tried, those with the largest variance first; 0: all, as published. Each "
    "costs a forward pass",
    0,
    4096,
    1,
)


class ScoreCam(GradCam):
    """relu(Σ_k w_k A_k), w = softmax over k of the neuron's value on the input times map k.

    Each map is enlarged bilinearly to the input's size, scaled to 0..1, and multiplied with the
    preprocessed input. The value of the baseline (an input of zeros), which the paper subtracts,
    drops out of the softmax; where no map differs from it, the result is zero. A map that is the
    same everywhere cannot be scaled and gets no weight.
    """

    name = "score_cam"
    title = "Score-CAM"
    summary = "the regions that suffice to raise the neuron, without derivatives"
    paper = (
        "Wang, Wang, Du, Yang, Zhang, Ding, Mardziel & Hu, Score-CAM: Score-Weighted Visual "
        "Explanations for Convolutional Neural Networks, CVPR Workshops 2020, arXiv:1910.01279"
    )
    section = "not in the thesis"
    order = 42
    gradient_based = False
    weaknesses = (
        "As coarse as the layer, and slow: one forward pass for each map. Pictures that are dark "
        "but for a spot are none that the network was trained on. The softmax often leaves one map."
    )
    quick = False
    parameters = (LAYER, CHANNELS)

    def answer(self, question: Question) -> Answer:
        """A forward pass for each map, in batches; stops between two of them."""
        network = question.network
        layer = chosen_layer(question)
        # The backward pass costs little, and lays tokens out as maps.
        backward = network.backward(question.input[None], question.neuron, Pass(layer))
        neuron = question.neuron or Neuron(None, backward.unit)
        maps = backward.activations[0][0]  # type: ignore[index]
        channels = _varying(maps, question.parameters["channels"])
        scores = np.empty(len(channels), np.float64)
        for batch in batches(len(channels), question.input.shape, FORWARD):
            question.progress(batch.start, len(channels))
            masks = [_mask(maps[..., channels[k]], network.input_shape[:2]) for k in batch]
            masked = question.input * np.stack(masks)[..., None]
            scores[batch.start : batch.stop] = network.values(masked, neuron)
        question.progress(len(channels), len(channels))
        baseline = network.values(np.zeros_like(question.input)[None], neuron)[0]
        weights = np.zeros(maps.shape[-1], np.float32)
        if (scores != baseline).any():  # else the neuron does not depend on the masked input
            weights[channels] = _softmax(scores)
        return Answer(
            backward.unit,
            float(backward.value[0]),
            Coverage({layer: "its maps cover the picture", "all layers": "forward"}),
            weighted_map(maps, weights),
            layer=layer,
            notes=about_tokens(network, layer),
            details={"channels": len(channels)},
        )


def _varying(maps: np.ndarray, count: int) -> np.ndarray:
    """The indices of maps that vary, in order; at most `count`, those of largest variance."""
    variance = maps.var(axis=(0, 1), dtype=np.float64)
    order = np.argsort(-variance, kind="stable")[: count or None]
    return np.sort(order[variance[order] > 0])


def _mask(map_: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map at the input's size, 0 at its smallest value and 1 at its largest: float32."""
    large = at_input_size(np.ascontiguousarray(map_), size)
    low, high = float(large.min()), float(large.max())
    return (large - low) / (high - low) if high > low else np.zeros_like(large)


def _softmax(scores: np.ndarray) -> np.ndarray:
    if not scores.size:
        return scores
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()
