"""Gradient × input: each pixel's contribution to the neuron if the network were linear."""

from __future__ import annotations

import numpy as np

from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.one_pass import OnePass


class GradientInput(OnePass):
    """x · ∂a/∂x, with x the preprocessed input; the heatmap is the sum over the channels.

    In a network of ReLUs and pooling without biases it adds up to the neuron's value, and ε-LRP
    with ε → 0 is the same. It is integrated gradients with one step from an input of zeros.
    """

    name = "gradient_input"
    title = "Gradient × input"
    summary = "what each pixel adds to the neuron, were the network linear"
    paper = (
        "Shrikumar, Greenside, Shcherbina & Kundaje, Not Just a Black Box: Learning Important "
        "Features Through Propagating Activation Differences, 2016, arXiv:1605.01713"
    )
    section = "not in the thesis"
    order = 92
    gradient_based = True
    resolution = "high"
    weaknesses = (
        "Pixels whose preprocessed value is 0 (often grey, sometimes black) get nothing however "
        "much they matter; as noisy as the gradient, and as blind to what is saturated."
    )
    signed = True
    unit = "activation"
    quick = True

    def passes(self, question: Question) -> tuple[Pass, ...]:
        """One, to the picture."""
        return (Pass(INPUT),)

    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """The derivative times the input."""
        return Answer(
            backward.unit,
            float(backward.value[0]),
            question.network.coverage(question.neuron),
            question.input * backward.gradients[0][0],
        )

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The sum over the channels."""
        return attribution.sum(axis=-1)
