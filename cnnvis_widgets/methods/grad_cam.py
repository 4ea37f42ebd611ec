"""Grad-CAM: the last maps, each weighted by its mean derivative (thesis 3.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.one_pass import OnePass
from cnnvis_widgets.methods.parameter import Parameter

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

LAYER = Parameter(
    "layer",
    "Layer",
    "layer",
    "",
    "the layer whose maps are weighted; automatic: the last convolutional block before the neuron",
)
SIGN = Parameter(
    "sign",
    "Sign",
    "choice",
    "positive",
    "positive: what raises the neuron, as published; negative: what lowers it, the same map of the "
    "neuron times -1; both: the first minus the second",
    choices=("positive", "negative", "both"),
)


class GradCam(OnePass):
    """relu(Σ_k mean(∂a/∂A_k) A_k), with A the last convolutional block's maps.

    The sum before the ReLU is kept in `details["before_relu"]`, float32 (rows, columns).
    """

    name = "grad_cam"
    title = "Grad-CAM"
    summary = "the regions whose features raise the neuron"
    paper = (
        "Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra, Grad-CAM: Visual Explanations from "
        "Deep Networks via Gradient-Based Localization, ICCV 2017, arXiv:1610.02391"
    )
    section = "3.8"
    order = 40
    gradient_based = True
    resolution = "low"
    weaknesses = (
        "As coarse as the layer (7 × 7 for most networks): fine detail and small objects are lost, "
        "and several instances may merge."
    )
    networks = "any with a layer of rows and columns before the neuron"
    unit = "weighted activation"
    quick = True
    parameters: ClassVar[tuple[Parameter, ...]] = (LAYER, SIGN)

    def passes(self, question: Question) -> tuple[Pass, ...]:
        """One, down to the layer only."""
        return (Pass(chosen_layer(question)),)

    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """The layer's maps, weighed by what the derivative says of them."""
        network, neuron = question.network, question.neuron
        layer = chosen_layer(question)
        maps, gradient = backward.activations[0][0], backward.gradients[0][0]  # type: ignore[index]
        raises, lowers = (self.before_relu(maps, sign * gradient) for sign in (1, -1))
        return Answer(
            backward.unit,
            float(backward.value[0]),
            network.coverage(neuron, down_to=layer),
            _signed_map(raises, lowers, question.parameters["sign"]),
            layer=layer,
            notes=about_tokens(network, layer),
            details={"before_relu": raises},
        )

    def before_relu(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The map whose positive part is shown.

        Args:
            maps: float32 (rows, columns, units), A.
            gradient: ∂a/∂A, the same shape.

        Returns:
            float32 (rows, columns).
        """
        return maps @ self.weights(maps, gradient)

    def weights(self, maps: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The weight of each map: equation 1 of the paper, the mean derivative.

        Args:
            maps: float32 (rows, columns, units), A.
            gradient: ∂a/∂A, the same shape.

        Returns:
            float32 (units,).
        """
        return gradient.mean(axis=(0, 1))

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]


def about_tokens(network: Network, layer: str) -> tuple[str, ...]:
    """A note about a layer of tokens; none for a layer of maps."""
    tokens = network.structure.tokens(layer)
    if tokens is None:
        return ()
    noun = "other tokens" if tokens.first > 1 else "other token"
    omitted = f"; {tokens.first} {noun} before them left out" if tokens.first else ""
    return (
        f"The tokens of {layer}, laid out as {tokens.rows} × {tokens.columns} patches{omitted}. "
        "Attention mixes patches, so that a token may speak for more than its place.",
    )


def chosen_layer(question: Question) -> str:
    """The `layer` parameter, checked, or the last convolutional block before the neuron."""
    layer = question.parameters["layer"]
    if layer:
        return question.network.map_layer(layer, question.neuron)
    return question.network.last_convolution(question.neuron)


def _signed_map(raises: np.ndarray, lowers: np.ndarray, sign: str) -> np.ndarray:
    """The requested sign of the neuron's and its negative's maps: (rows, columns, 1)."""
    positive, negative = np.maximum(raises, 0), np.maximum(lowers, 0)
    maps = {"positive": positive, "negative": negative, "both": positive - negative}
    return maps[sign][..., None]


def weighted_map(maps: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Equation 2 of the paper: the positive part of the weighted sum.

    Args:
        maps: float32 (rows, columns, units), A.
        weights: float32 (units,).

    Returns:
        float32 (rows, columns, 1), nowhere negative.
    """
    return np.maximum(maps @ weights, 0)[..., None]
