"""A small network of Inception's kind (Szegedy et al., CVPR 2016): branches side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.zoo.minis import Mini

if TYPE_CHECKING:
    import keras


class MiniInception(Mini):
    """A stem and four blocks whose branches see windows of several sizes, joined by Concatenate.

    As in Inception V3 a 5 × 5 window is two 3 × 3 convolutions, a larger one a row and a column,
    and BatchNorm without a scale follows each convolution.
    """

    name = "mini_inception"
    title = "Mini Inception"
    paper = "the family: Szegedy et al., CVPR 2016, arXiv:1512.00567; trained here"
    note = "8 synthetic classes, included; parallel branches"
    order = 101
    parameters = 74_456

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        def convolve(x: Any, units: int, kernel: Any, name: str, stride: int = 1) -> Any:
            x = layers.Conv2D(
                units, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
            )(x)
            x = layers.BatchNormalization(scale=False, momentum=0.9, name=f"{name}_bn")(x)
            return layers.Activation("relu", name=name)(x)

        def block(x: Any, number: int, kernels: Any) -> Any:
            """Four branches; `kernels` are the two kernels of the third."""
            name = f"mixed{number}"
            pointwise = convolve(x, 16, 1, f"{name}_1x1")
            square = convolve(x, 12, 1, f"{name}_3x3_reduce")
            square = convolve(square, 24, 3, f"{name}_3x3")
            wide = convolve(x, 12, 1, f"{name}_wide_reduce")
            wide = convolve(wide, 16, kernels[0], f"{name}_wide_first")
            wide = convolve(wide, 24, kernels[1], f"{name}_wide")
            pool = layers.AveragePooling2D(3, 1, padding="same", name=f"{name}_pool")(x)
            pool = convolve(pool, 16, 1, f"{name}_project")
            return layers.Concatenate(name=name)([pointwise, square, wide, pool])

        inputs: Any = Input(self.input_shape, name="image")
        x: Any = inputs
        x = convolve(x, 16, 3, "stem1", stride=2)
        x = convolve(x, 24, 3, "stem2")
        x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
        x = block(x, 0, (3, 3))
        x = block(x, 1, (3, 3))
        narrower = convolve(x, 48, 3, "mixed2_3x3", stride=2)
        pool = layers.MaxPooling2D(3, 2, padding="same", name="mixed2_pool")(x)
        x = layers.Concatenate(name="mixed2")([narrower, pool])
        x = block(x, 3, ((1, 5), (5, 1)))
        return Model(inputs, self.ending(x), name=self.name)
