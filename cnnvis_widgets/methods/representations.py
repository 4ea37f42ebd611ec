"""Codes (a layer's result on a picture): the requested layer, and the error between codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.methods.contract import Question

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def asked_layer(question: Question) -> str:
    """The requested layer: by the parameter, else by a neuron that is not an output unit.

    Returns:
        Its name; "" if the method is to choose.

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
        UnsuitableError: it is zero everywhere, so there is nothing to match.
    """
    code = network.activations(values, layer)
    if not code.any():
        raise UnsuitableError(
            f"Every activation of {layer!r} is zero on this picture, so that there is nothing to "
            "invert. Choose another layer or picture."
        )
    return code


def relative_error(code: np.ndarray, target: np.ndarray) -> float:
    """‖code - wanted‖² / ‖wanted‖²: 0 where they are equal, 1 where `code` is zero everywhere."""
    target = target.astype(np.float64)
    return float(np.square(code - target).sum() / np.square(target).sum())


def about_the_layer(question: Question, layer: str) -> str:
    """A note on what a picture made from a layer's code shows about the chosen neuron."""
    neuron = question.neuron
    if not question.network.is_output(neuron) and neuron is not None and neuron.layer == layer:
        which = f"any of its {question.network.structure.call(layer).output.shape[-1]} neurons"
    else:
        which = "any neuron"
    return (
        f"About {layer} as a whole: {which} gives this picture. activation_maximization makes one "
        "of a single neuron."
    )
