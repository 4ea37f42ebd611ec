"""Networks whose right explanation is known on paper, for the metrics that ask a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.study.contract import Maps


def linear(weights: np.ndarray, softmax: bool = False, bias: Any = None) -> Network:
    """Every output unit a weighted sum of the pixels.

    Args:
        weights: (rows, columns, channels, units).
        softmax: whether a softmax follows.
        bias: (units,); zeros by default.
    """
    import keras

    inputs = keras.Input(weights.shape[:3])
    activation = "softmax" if softmax else None
    dense = keras.layers.Dense(weights.shape[3], activation)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(inputs)), name="linear")
    units = weights.shape[3]
    dense.set_weights([weights.reshape(-1, units), np.zeros(units) if bias is None else bias])
    return Network(model)


def convolutional(shape: tuple[int, int, int] = (12, 10, 3), seed: int = 1) -> Network:
    """Two convolutions with ReLUs, average pooling, three units; weights from a seed."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c1"),
            layers.Conv2D(8, 3, padding="same", activation="relu", name="c2"),
            layers.GlobalAveragePooling2D(name="gap"),
            layers.Dense(3, name="head"),
        ],
        name="convolutional",
    )
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0.02, 0.3, w.shape) for w in model.get_weights()]
    weights[-2:] = [np.abs(w) for w in weights[-2:]]  # so that every unit is above zero
    model.set_weights(weights)
    return Network(model, lambda p: p / 255)


class Fixed:
    """A method that answers the same map whatever it is asked."""

    def __init__(self, heatmap: np.ndarray) -> None:
        self.heatmap = heatmap

    def __call__(self, network: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        return Maps(self.heatmap, self.heatmap[..., None])


class Noise:
    """A method that answers noise, drawn from the seed and (if told) from the weights too."""

    def __init__(self, shape: tuple[int, int], of_weights: bool = False) -> None:
        self.shape, self.of_weights = shape, of_weights

    def __call__(self, network: Any, image: Any, neuron: Any, seed: int, layer: Any = None) -> Maps:
        drawn = [seed]
        if self.of_weights:
            sums = [abs(float(w.sum())) * 1e4 for w in network.model.get_weights()]
            drawn += [int(s) for s in sums]
        heatmap = np.random.default_rng(drawn).normal(size=self.shape)
        return Maps(heatmap, heatmap[..., None])
