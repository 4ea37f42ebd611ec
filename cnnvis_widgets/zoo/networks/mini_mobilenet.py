"""A small network of MobileNet V2's kind (Sandler et al., CVPR 2018): inverted residuals, ReLU6."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.zoo.minis import Mini

if TYPE_CHECKING:
    import keras

STAGES = ((1, 12, 1, 1), (4, 20, 2, 2), (4, 32, 2, 2), (4, 48, 2, 1))
"""As published: expansion, units, blocks, stride of the first."""


class MiniMobileNet(Mini):
    """Blocks that widen, filter each channel by itself, and narrow again; the sum is not rectified.

    ReLU6 after widening and filtering, nothing after narrowing, as published.
    """

    name = "mini_mobilenet"
    title = "Mini MobileNet"
    paper = "the family: Sandler et al., CVPR 2018, arXiv:1801.04381; trained here"
    note = "8 synthetic classes, included; inverted residual blocks with ReLU6"
    order = 104
    parameters = 68_264

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        def normalise(x: Any, name: str) -> Any:
            return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)

        def activate(x: Any, name: str) -> Any:
            return layers.ReLU(6.0, name=f"{name}_relu")(normalise(x, name))

        def convolve(x: Any, units: int, kernel: int, name: str, stride: int = 1) -> Any:
            return layers.Conv2D(units, kernel, stride, padding="same", use_bias=False, name=name)(
                x
            )

        inputs: Any = Input(self.input_shape, name="image")
        x: Any = inputs
        x = activate(convolve(x, 16, 3, "conv1", stride=2), "conv1")
        width, number = 16, 0
        for expansion, units, blocks, first_stride in STAGES:
            for repeat in range(blocks):
                name, stride = f"block_{number}", first_stride if repeat == 0 else 1
                entry = x
                if expansion > 1:
                    x = activate(
                        convolve(x, expansion * width, 1, f"{name}_expand"), f"{name}_expand"
                    )
                x = layers.DepthwiseConv2D(
                    3, stride, padding="same", use_bias=False, name=f"{name}_depthwise"
                )(x)
                x = activate(x, f"{name}_depthwise")
                x = normalise(convolve(x, units, 1, f"{name}_project"), f"{name}_project")
                if stride == 1 and width == units:
                    x = layers.Add(name=f"{name}_add")([entry, x])
                width, number = units, number + 1
        x = activate(convolve(x, 160, 1, "conv_last"), "conv_last")
        return Model(inputs, self.ending(x), name=self.name)
