"""A small network of VGG's kind (Simonyan & Zisserman, ICLR 2015): stacks of 3 × 3 convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.zoo.minis import Mini

if TYPE_CHECKING:
    import keras

BLOCKS = ((12,), (16, 16), (32, 32), (64, 64))  # units of each convolution


class MiniVGG(Mini):
    """Seven 3 × 3 convolutions in four blocks with max-pooling between, no BatchNorm.

    VGG ends in pooling and three dense layers; this one in global average pooling and one, so that
    CAM works.
    """

    name = "mini_vgg"
    title = "Mini VGG"
    paper = "the family: Simonyan & Zisserman, ICLR 2015, arXiv:1409.1556; trained here"
    note = "8 synthetic classes, included; stacks of 3 × 3 convolutions"
    order = 100
    parameters = 74_232

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        inputs: Any = Input(self.input_shape, name="image")
        x: Any = inputs
        for number, block in enumerate(BLOCKS, start=1):
            if number > 1:
                x = layers.MaxPooling2D(name=f"block{number - 1}_pool")(x)
            for index, units in enumerate(block, start=1):
                x = layers.Conv2D(
                    units,
                    3,
                    padding="same",
                    activation="relu",
                    kernel_initializer="he_normal",
                    name=f"block{number}_conv{index}",
                )(x)
        return Model(inputs, self.ending(x), name=self.name)
