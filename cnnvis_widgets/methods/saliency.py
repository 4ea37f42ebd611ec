"""Saliency maps: the gradient of the neuron with respect to the pixels (thesis 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.one_pass import OnePass

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Saliency(OnePass):
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

    def passes(self, question: Question) -> tuple[Pass, ...]:
        """One, under the class's rule for the ReLUs."""
        return (Pass(INPUT, self.rule),)

    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """The derivative itself."""
        return Answer(
            backward.unit,
            float(backward.value[0]),
            question.network.coverage(question.neuron, self.rule),
            backward.gradients[0][0],
        )

    def unsuited(self, network: Network) -> str:
        """A message for a ReLU rule on a network with attention; else empty."""
        if self.rule == "gradient":
            return ""
        from cnnvis_widgets.backend.attention import has_attention

        if not has_attention(network):
            return ""
        return (
            f"{self.title} has no rule for attention, where signals multiply one another, and "
            f"{network.name} has some. saliency, grad_cam and attention_rollout work on it."
        )
