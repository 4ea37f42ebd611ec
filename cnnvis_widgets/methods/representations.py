"""A layer's result on a picture, its code: which layer is asked for, and how near another comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.contract import Question

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def asked_layer(question: Question) -> str:
    """The layer that was asked for: by the parameter, else by a neuron that is no output unit.

    Returns:
        Its name; "" where the method is to choose.

    Raises:
        UnknownNameError: no such layer.
    """
    layer, neuron = question.parameters["layer"], question.neuron
    if not layer and neuron is not None and not question.network.is_output(neuron):
        layer = neuron.layer
    return question.network.structure.call(layer).path if layer else ""


def code_of(network: Network, values: np.ndarray, layer: str) -> np.ndarray:
    """A layer's result on an input: float32 (rows, columns, units) or (units,).

    Raises:
        UnsuitableError: it is zero everywhere, so that there is nothing to be matched.
    """
    code = network.activations(values, layer)
    if not code.any():
        raise UnsuitableError(
            f"Every activation of {layer!r} is zero on this picture, so that there is nothing to "
            "invert. Choose another layer or picture."
        )
    return code


def relative_error(code: np.ndarray, wanted: np.ndarray) -> float:
    """‖code - wanted‖² / ‖wanted‖²: 0 where they are equal, 1 where `code` is zero everywhere."""
    wanted = wanted.astype(np.float64)
    return float(np.square(code - wanted).sum() / np.square(wanted).sum())


def about_the_layer(question: Question, layer: str) -> str:
    """A sentence on what a picture made from a layer's code says of the neuron that was chosen."""
    neuron = question.neuron
    if not question.network.is_output(neuron) and neuron is not None and neuron.layer == layer:
        which = f"any of its {question.network.structure.call(layer).output.shape[-1]} neurons"
    else:
        which = "any neuron"
    return (
        f"About {layer} as a whole: {which} gives this picture. activation_maximization makes one "
        "of a single neuron."
    )
