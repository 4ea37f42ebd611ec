"""CAM: the last maps, weighted by the class's own weights (thesis 3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.contract import Answer, Method, Question

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Cam(Method):
    """Σ_k w_k A_k: A the maps that the network averages, w the class's weights of the means.

    Signed, neither rectified nor divided: its mean over rows and columns, and the bias, make the
    class's value before softmax. relu(CAM) is Grad-CAM × (rows · columns).
    """

    name = "cam"
    title = "CAM"
    summary = "what each place adds to the class's value, or takes from it"
    paper = (
        "Zhou, Khosla, Lapedriza, Oliva & Torralba, Learning Deep Features for Discriminative "
        "Localization, CVPR 2016, arXiv:1512.04150"
    )
    section = "3.7"
    order = 37
    neurons = "output"
    gradient_based = False
    resolution = "low"
    model_dependent = True
    networks = "those that end in global average pooling and one dense layer"
    weaknesses = (
        "As coarse as the last maps (7 × 7 for most networks), and only for networks that end in "
        "global average pooling and one dense layer."
    )
    signed = True
    unit = "weighted activation"
    quick = True

    def answer(self, question: Question) -> Answer:
        """One forward pass; the weights are read from the last layer."""
        return self.answers([question])[0]

    def answers(self, questions: Sequence[Question]) -> list[Answer]:
        """The same pass, of all pictures together."""
        from cnnvis_widgets.backend.class_maps import class_maps

        network, neurons = questions[0].network, [question.neuron for question in questions]
        if not all(map(network.is_output, neurons)):
            raise UnsuitableError(
                "CAM explains output units only: a hidden neuron does not weigh the last maps. "
                "grad_cam explains any neuron."
            )
        batch = np.stack([question.input for question in questions])
        return [
            Answer(
                class_map.unit,
                class_map.value,
                Coverage({"the dense layer at the end": "its weights", "all before it": "forward"}),
                (class_map.maps @ class_map.weights)[..., None],
                layer=class_map.layer or None,
            )
            for class_map in class_maps(network, batch, neurons)
        ]

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The map itself."""
        return attribution[..., 0]

    def unsuited(self, network: Network) -> str:
        """Empty where the network ends in global average pooling and one dense layer."""
        from cnnvis_widgets.backend.class_maps import averages_at_its_end

        if averages_at_its_end(network):
            return ""
        return (
            f"CAM needs a network that ends in global average pooling and one dense layer; "
            f"{network.name} does not. grad_cam works on any network, and is the same up to a "
            "constant factor where CAM works."
        )
