"""AlexNet (Krizhevsky, Sutskever & Hinton, NIPS 2012): the architecture, without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.preprocessing import caffe
from cnnvis_widgets.zoo.architecture import Architecture

if TYPE_CHECKING:
    import keras


class AlexNet(Architecture):
    """Five convolutions and three dense layers with the sizes of 2012.

    In two halves, as it was split between two graphics cards: each half reads its own maps, except
    in the third convolution, which reads all. The picture has 227 × 227 pixels; the paper says 224,
    but its own sizes do not follow from that. Local response normalisation is left out: Keras has
    no such layer.
    """

    name = "alexnet"
    title = "AlexNet"
    paper = (
        "Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep Convolutional Neural "
        "Networks, NIPS 2012"
    )
    note = "architecture only, untrained: predictions are meaningless"
    order = 60
    weights = "none"
    parameters = 60_965_224
    input_shape = (227, 227, 3)

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to blue green red about ImageNet's mean colour."""
        return caffe(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        def convolve(x: Any, units: int, kernel: int, name: str, **options: Any) -> Any:
            return layers.Conv2D(units, kernel, activation="relu", name=name, **options)(x)

        def join(halves: list[Any], name: str) -> Any:
            return layers.Concatenate(name=name)(halves)

        inputs: Any = Input(self.input_shape, name="image")
        halves = []
        for half in ("upper", "lower"):
            x = convolve(inputs, 48, 11, f"conv1_{half}", strides=4)
            x = layers.MaxPooling2D(3, 2, name=f"pool1_{half}")(x)
            x = convolve(x, 128, 5, f"conv2_{half}", padding="same")
            halves.append(layers.MaxPooling2D(3, 2, name=f"pool2_{half}")(x))
        joined = join(halves, "pool2")
        halves = []
        for half in ("upper", "lower"):
            x = convolve(joined, 192, 3, f"conv3_{half}", padding="same")
            x = convolve(x, 192, 3, f"conv4_{half}", padding="same")
            halves.append(convolve(x, 128, 3, f"conv5_{half}", padding="same"))
        x = layers.MaxPooling2D(3, 2, name="pool5")(join(halves, "conv5"))
        x = layers.Flatten(name="flatten")(x)
        for name in ("fc6", "fc7"):
            x = layers.Dense(4096, activation="relu", name=name)(x)
            x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
        x = layers.Dense(1000, activation="softmax", name="predictions")(x)
        return Model(inputs, x, name=self.name)
