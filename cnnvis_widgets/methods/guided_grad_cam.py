"""Guided Grad-CAM: guided backpropagation, masked by Grad-CAM (thesis 3.9)."""

from __future__ import annotations

from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.backend.records import BackwardResult
from cnnvis_widgets.methods.contract import Answer, Question
from cnnvis_widgets.methods.grad_cam import LAYER, GradCam, about_tokens, chosen_layer, weighted_map
from cnnvis_widgets.methods.guided_backprop import GuidedBackprop
from cnnvis_widgets.methods.upsampling import at_input_size


class GuidedGradCam(GuidedBackprop):
    """Guided backpropagation × Grad-CAM enlarged bilinearly to the input's size."""

    name = "guided_grad_cam"
    title = "Guided Grad-CAM"
    summary = "the details that spoke for the neuron, inside the regions that raise it"
    paper = (
        "Selvaraju, Cogswell, Das, Vedantam, Parikh & Batra, Grad-CAM: Visual Explanations from "
        "Deep Networks via Gradient-Based Localization, ICCV 2017, arXiv:1610.02391, section 3.2"
    )
    section = "3.9"
    order = 50
    weaknesses = (
        "The detail is guided backpropagation's, which hardly depends on the class: only the place "
        "does."
    )
    networks = "those with rows and columns before the neuron, whose activations are ReLUs"
    unit = "guided signal × weighted activation"
    parameters = (LAYER,)

    def passes(self, question: Question) -> tuple[Pass, ...]:
        """Two, the second only down to Grad-CAM's layer."""
        return Pass(INPUT, self.rule), Pass(chosen_layer(question))

    def read(self, question: Question, backward: BackwardResult) -> Answer:
        """The guided derivative times Grad-CAM's map."""
        network, neuron = question.network, question.neuron
        layer = chosen_layer(question)
        maps, gradient = backward.activations[1][0], backward.gradients[1][0]  # type: ignore[index]
        coarse = weighted_map(maps, GradCam().weights(maps, gradient))[..., 0]
        mask = at_input_size(coarse, question.network.input_shape[:2])
        return Answer(
            backward.unit,
            float(backward.value[0]),
            network.coverage(neuron, self.rule),
            backward.gradients[0][0] * mask[..., None],
            layer=layer,
            notes=about_tokens(network, layer),
        )
