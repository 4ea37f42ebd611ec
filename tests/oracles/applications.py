"""A network of Keras Applications with random weights, and its twin in double precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from oracles.random_layers import Nudge, relu
from oracles.random_networks import Twin

from cnnvis_widgets.backend.variants.randomization import seeded

CLASSES = 5
SOFTMAX, LINEAR = keras.activations.softmax, keras.activations.linear


def settled(family: str, shape: tuple[int, int, int], seed: int = 7) -> keras.Model:
    """A network whose signal neither fades nor grows on its way, as after some training.

    Batch normalisation takes the statistics of sixteen random inputs; what training moves away from
    0 or 1 (biases, shifts, the scales of ConvNeXt's layers) is drawn anew.

    Args:
        family: of `keras.applications`.
        shape: rows, columns, channels of its input.
        seed: of the weights.

    Returns:
        The network, with `CLASSES` classes behind a softmax.
    """
    make = getattr(keras.applications, family)
    options = {"weights": None, "input_shape": shape, "classes": CLASSES}
    model = seeded(lambda: make(**options), seed)
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        for weight in layer.trainable_weights:
            if weight.name in ("bias", "beta"):
                weight.assign(rng.normal(0, 0.1, weight.shape))
            elif weight.name == "gamma":
                weight.assign(rng.uniform(0.8, 1.2, weight.shape))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    model(rng.uniform(*around(model), (16, *shape)).astype(np.float32), training=True)
    return model


def around(model: keras.Model) -> tuple[float, float]:
    """The range of values of an input of the network: it may prepare pixels by itself."""
    inside = any(isinstance(x, keras.layers.Rescaling) for x in model.layers[:4])
    return (0.0, 255.0) if inside else (-1.0, 1.0)


def twin(model: keras.Model) -> Twin:
    """The same network in double precision, whose ReLUs follow `relu_rule`.

    Args:
        model: with a softmax as its last activation.
    """
    last = next(x for x in reversed(model.layers) if getattr(x, "activation", None) is SOFTMAX)
    nudges: dict[str, Nudge] = {}

    def exact(layer: Any) -> Any:
        config = layer.get_config() | {"dtype": "float64"}
        if isinstance(layer, keras.layers.ReLU):
            return keras.layers.Activation(
                _as_function(relu(layer.max_value)), name=layer.name, dtype="float64"
            )
        copy = type(layer).from_config(config)
        if layer is last:
            copy.activation = LINEAR
        elif getattr(layer, "activation", None) is keras.activations.relu:
            copy.activation = _as_function(relu())
        return copy

    def called(layer: Any, *given: Any, **options: Any) -> Any:
        result = layer(*given, **options)
        if layer.name == last.name or not isinstance(result, keras.KerasTensor):
            return result
        nudges[layer.name] = Nudge(dtype="float64")
        return nudges[layer.name](result)

    inputs = keras.Input(model.input_shape[1:], dtype="float64")
    clone = keras.models.clone_model(
        model, input_tensors=inputs, clone_function=exact, call_function=called
    )
    clone.set_weights([w.astype(np.float64) for w in model.get_weights()])
    logits = clone.output
    outputs = [logits, keras.layers.Activation("softmax", dtype="float64")(logits)]
    return Twin(keras.Model(clone.input, outputs), nudges, [], {})


def _as_function(gate: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keras traces activations symbolically as well, where a custom gradient has no shape."""

    def activation(x: Any) -> Any:
        return keras.ops.relu(x) if isinstance(x, keras.KerasTensor) else gate(x)

    return activation
