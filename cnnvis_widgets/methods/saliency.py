"""Saliency maps: how much each pixel would change the neuron (thesis 3.4)."""

from __future__ import annotations

from typing import ClassVar

from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.methods.contract import Answer, Method, Question


class Saliency(Method):
    """∂a/∂input; the heatmap is the largest absolute value over the channels."""

    name = "saliency"
    title = "Saliency map"
    summary = "which pixels would change the neuron most if they changed a little"
    paper = (
        "Simonyan, Vedaldi & Zisserman, Deep Inside Convolutional Networks: Visualising Image "
        "Classification Models and Saliency Maps, ICLR workshop 2014, arXiv:1312.6034"
    )
    section = "3.4"
    order = 10
    gradient_based = True
    resolution = "high"
    weaknesses = (
        "Noisy, and blind to what is saturated: a pixel on which the neuron depends but no longer "
        "reacts has no gradient."
    )
    unit = "activation per unit of input"
    quick = True
    rule: ClassVar[str] = "gradient"

    def answer(self, question: Question) -> Answer:
        """One backward pass, under the class's rule for the ReLUs."""
        network, neuron = question.network, question.neuron
        found = network.backward(question.input[None], neuron, Pass(INPUT, self.rule))
        return Answer(
            found.unit,
            float(found.value[0]),
            network.coverage(neuron, self.rule),
            found.gradients[0][0],
        )
