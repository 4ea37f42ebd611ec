"""A small network of Xception's kind (Chollet, CVPR 2017): separable convolutions, residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.zoo.minis import Mini

if TYPE_CHECKING:
    import keras


class MiniXception(Mini):
    """A stem, two blocks that halve the map, one that keeps it, and a separable convolution.

    The ReLU comes before a separable convolution and BatchNorm after it, as published.
    """

    name = "mini_xception"
    title = "Mini Xception"
    paper = "the family: Chollet, CVPR 2017, arXiv:1610.02357; trained here"
    note = "8 synthetic classes, included; separable convolutions with residuals"
    order = 102
    parameters = 88_696

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        def normalise(x: Any, name: str) -> Any:
            return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)

        def activate(x: Any, name: str) -> Any:
            return layers.Activation("relu", name=f"{name}_act")(x)

        def separable(x: Any, units: int, name: str) -> Any:
            x = layers.SeparableConv2D(units, 3, padding="same", use_bias=False, name=name)(x)
            return normalise(x, name)

        inputs: Any = Input(self.input_shape, name="image")
        x: Any = inputs
        for index, (units, stride) in enumerate(((16, 2), (32, 1)), start=1):
            name = f"block1_conv{index}"
            x = layers.Conv2D(units, 3, stride, padding="same", use_bias=False, name=name)(x)
            x = activate(normalise(x, name), name)
        for number, units in ((2, 64), (3, 96)):
            name = f"block{number}"
            shortcut = layers.Conv2D(units, 1, 2, use_bias=False, name=f"{name}_shortcut")(x)
            shortcut = normalise(shortcut, f"{name}_shortcut")
            if number > 2:
                x = activate(x, f"{name}_sepconv1")
            x = separable(x, units, f"{name}_sepconv1")
            x = separable(activate(x, f"{name}_sepconv2"), units, f"{name}_sepconv2")
            x = layers.MaxPooling2D(3, 2, padding="same", name=f"{name}_pool")(x)
            x = layers.Add(name=f"{name}_add")([x, shortcut])
        entry = x
        for index in (1, 2, 3):
            x = separable(activate(x, f"block4_sepconv{index}"), 96, f"block4_sepconv{index}")
        x = layers.Add(name="block4_add")([x, entry])
        x = activate(separable(x, 160, "block5_sepconv1"), "block5_sepconv1")
        return Model(inputs, self.ending(x), name=self.name)
