"""AlexNet (Krizhevsky, Sutskever & Hinton, NIPS 2012): the architecture, without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.zoo.architecture import Architecture
from cnnvis_widgets.zoo.preprocessing import caffe

if TYPE_CHECKING:
    import keras


class AlexNet(Architecture):
    """Five convolutions and three dense layers, those of 2012 in their sizes.

    On two graphics cards, as published: the second, fourth and fifth convolution see half of the
    maps each (two groups). Local response normalisation is left out; Keras has no such layer.
    """

    name = "alexnet"
    title = "AlexNet"
    paper = (
        "Krizhevsky, Sutskever & Hinton, ImageNet Classification with Deep Convolutional Neural "
        "Networks, NIPS 2012"
    )
    note = "architecture only: random weights, its answers mean nothing"
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

        inputs: Any = Input(self.input_shape, name="image")
        x = layers.Conv2D(96, 11, 4, activation="relu", name="conv1")(inputs)
        x = layers.MaxPooling2D(3, 2, name="pool1")(x)
        x = layers.Conv2D(256, 5, padding="same", groups=2, activation="relu", name="conv2")(x)
        x = layers.MaxPooling2D(3, 2, name="pool2")(x)
        x = layers.Conv2D(384, 3, padding="same", activation="relu", name="conv3")(x)
        x = layers.Conv2D(384, 3, padding="same", groups=2, activation="relu", name="conv4")(x)
        x = layers.Conv2D(256, 3, padding="same", groups=2, activation="relu", name="conv5")(x)
        x = layers.MaxPooling2D(3, 2, name="pool5")(x)
        x = layers.Flatten(name="flatten")(x)
        for name in ("fc6", "fc7"):
            x = layers.Dense(4096, activation="relu", name=name)(x)
            x = layers.Dropout(0.5, name=f"{name}_dropout")(x)
        x = layers.Dense(1000, activation="softmax", name="predictions")(x)
        return Model(inputs, x, name=self.name)
