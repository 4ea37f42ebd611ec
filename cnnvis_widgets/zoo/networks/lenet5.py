"""LeNet-5 (LeCun, Bottou, Bengio & Haffner, Proceedings of the IEEE 86, 1998), for digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.zoo.bundled_weights import TrainedHere

if TYPE_CHECKING:
    import keras


class LeNet5(TrainedHere):
    """The layer sizes of 1998 with modern operations.

    Changed: ReLU in place of the scaled tanh (guided methods need ReLUs), plain average pooling
    without weights, every map of C3 connected to all of S2, softmax in place of the distances to
    fixed patterns.
    """

    name = "lenet5"
    title = "LeNet-5"
    paper = (
        "LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition, "
        "Proceedings of the IEEE 86, 1998; trained here on scikit-learn's handwritten digits"
    )
    note = "handwritten digits, included; greyscale, 1998"
    order = 90
    parameters = 61_706
    input_shape = (32, 32, 1)
    labels = "digits"
    trained_on = "1347 of scikit-learn's 1797 handwritten digits"

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to 0..1."""
        return pixels / np.float32(255)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        inputs: Any = Input(self.input_shape, name="image")
        x = layers.Conv2D(6, 5, activation="relu", name="C1")(inputs)
        x = layers.AveragePooling2D(2, name="S2")(x)
        x = layers.Conv2D(16, 5, activation="relu", name="C3")(x)
        x = layers.AveragePooling2D(2, name="S4")(x)
        # C5's 120 windows of 5 × 5 cover the whole map, which is a dense layer.
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(120, activation="relu", name="C5")(x)
        x = layers.Dense(84, activation="relu", name="F6")(x)
        x = layers.Dense(10, activation="softmax", name="predictions")(x)
        return Model(inputs, x, name=self.name)
