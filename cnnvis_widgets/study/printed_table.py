"""The thesis' printed Table 1 (section 3.13), to compare it with the methods' declared facts.

David Erroz Arroyo, Visualizando neuronas en Redes Neuronales Convolucionales, Universidad Pública
de Navarra, 2019. Its row "Network Inversion" stands for both inversions (its footnote 21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BOTH = "output and intermediate"
HEADINGS = {
    "perspective": "perspective",
    "acts_on": "acts on",
    "neurons": "neurons of",
    "gradient_based": "gradient-based",
    "resolution": "resolution",
    "needs_training": "needs training",
    "model_dependent": "depends on the model",
}
_INVERSION = ("image", "a layer", BOTH, True, "high", True, False)
_LAST = "the last convolutional layer"
_ROWS = {
    "activation_maximization": ("neuron", "one neuron", BOTH, True, "high", True, False),
    "deconvnet": ("image", "one neuron", "intermediate", False, "high", False, False),
    "saliency": ("image", "one neuron", BOTH, True, "high", False, False),
    "guided_backprop": ("image", "one neuron", BOTH, True, "high", False, False),
    "deep_taylor": ("image", "one neuron", "output", False, "high", False, False),
    "cam": ("image", "one neuron", "output", False, "low", False, True),
    "grad_cam": ("image", "one neuron", BOTH, True, "low", False, False),
    "guided_grad_cam": ("image", "one neuron", BOTH, True, "high", False, False),
    "lime": ("image", "one neuron", "output", False, "low", True, False),
    "visual_backprop": ("image", _LAST, _LAST, False, "high", False, False),
    "network_inversion": _INVERSION,
    "upconvnet": _INVERSION,
}
PRINTED: dict[str, dict[str, Any]] = {
    name: dict(zip(HEADINGS, row, strict=True)) for name, row in _ROWS.items()
}
"""Method → column → the printed value, in the methods' terms."""


def differences(facts: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The pairs (method, column) whose facts differ from the printed ones.

    Args:
        facts: method → its facts.
    """
    return [
        (name, column)
        for name, row in PRINTED.items()
        if name in facts
        for column, value in row.items()
        if facts[name][column] != value
    ]


COMPARED = (*PRINTED, "occlusion", "integrated_gradients", "smoothgrad")
"""The methods of lesson 3.13: the printed ones and three more."""
