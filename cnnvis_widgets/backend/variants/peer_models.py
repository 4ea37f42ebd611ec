"""Copies of a network for other libraries: as it is, and ending before its softmax.

Other libraries explain a model's output, and some change the layers of the model. They get copies,
so that the caller's model stays unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.variants.randomization import rebuilt
from cnnvis_widgets.errors import UnsuitableError

TOLERANCE = 1e-3  # of the largest answer; half precision rounds to half of it
_SCORES = ("softmax", "sigmoid", "log_softmax")
_MAX_LAYERS = 12  # layers from the end that are tried as the last one


def as_it_is(network: Network) -> keras.Model:
    """A copy of the network's model, with its own weights.

    Raises:
        UnsuitableError: Keras cannot build it again from its own description.
    """
    model = rebuilt(network)
    model.set_weights(network.model.get_weights())
    inputs = _inputs(network)
    if not _matches(model, inputs, np.asarray(network.model(inputs, training=False), np.float32)):
        raise UnsuitableError(
            f"A copy of {network.name} built from its own description answers differently: its "
            "get_config leaves something out, and the other libraries cannot be asked about it."
        )
    return model


def before_scores(network: Network) -> keras.Model:
    """A copy whose output is the value before softmax or sigmoid, verified numerically.

    The output's activation is replaced by the identity, in a nested model too, or the model ends
    with an earlier layer. It is accepted only if it gives this network's values before the softmax
    on a few inputs.

    Args:
        network: with one output.

    Raises:
        UnsuitableError: the model cannot be copied, or no such end was found.
    """
    model = as_it_is(network)
    if network.structure.output_kind == "linear":
        return model
    inputs = _inputs(network)
    expected = network.outputs(inputs)[0]
    for candidate in _candidates(model):
        if _matches(candidate, inputs, expected):
            return candidate
    raise UnsuitableError(
        f"No copy of {network.name} that ends before its {network.structure.output_kind} could be "
        "made out of its layers: the other libraries are shown the model as it is, and explain its "
        "output. Build the model with a last layer that has no activation to compare the rest."
    )


def _inputs(network: Network) -> np.ndarray:
    """Inputs for testing a copy."""
    return network.probes()[: 1 if network.one_by_one else None]


def _candidates(model: keras.Model) -> Iterator[keras.Model]:
    """The model without one of its last activations, and models that end with an earlier layer."""
    for layer in reversed(list(model._flatten_layers())):
        activation = getattr(layer, "activation", None)
        if getattr(activation, "__name__", "") in _SCORES:
            layer.activation = keras.activations.linear
            yield model
            layer.activation = activation
    for layer in list(reversed(model.layers))[:_MAX_LAYERS]:
        try:
            shorter = keras.Model(model.inputs[0], layer.output)
        except Exception:  # a subclassed model, or a layer that is called several times
            continue
        yield shorter


def _matches(model: keras.Model, inputs: np.ndarray, expected: np.ndarray) -> bool:
    """Whether a model's output agrees with the expected one."""
    try:
        output = np.asarray(model(inputs, training=False), np.float32)
    except Exception:  # whatever a layer raises that now comes last
        return False
    if output.shape != expected.shape:
        return False
    difference = np.abs(output - expected).max()
    return bool(difference <= TOLERANCE * max(1e-6, float(np.abs(expected).max())))
