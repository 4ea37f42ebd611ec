"""A small network of ResNet's kind (He et al., CVPR 2016): bottlenecks with shortcuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnvis_widgets.zoo.minis import Mini

if TYPE_CHECKING:
    import keras

STAGES = ((12, 1), (20, 2), (32, 2))  # units of the narrow part, stride of the first block
BLOCKS = 2  # of each stage
WIDER = 4  # how much wider a block ends than its narrow part


class MiniResNet(Mini):
    """Six residual blocks of 1 × 1, 3 × 3 and 1 × 1 convolutions, in three stages."""

    name = "mini_resnet"
    title = "Mini ResNet"
    paper = "the family: He, Zhang, Ren & Sun, CVPR 2016, arXiv:1512.03385; trained here"
    note = "8 synthetic classes, included; bottleneck residual blocks"
    order = 103
    parameters = 71_224

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        from keras import Input, Model, layers

        def convolve(x: Any, units: int, kernel: int, name: str, stride: int = 1) -> Any:
            x = layers.Conv2D(
                units, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
            )(x)
            return layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)

        def activate(x: Any, name: str) -> Any:
            return layers.Activation("relu", name=name)(x)

        inputs: Any = Input(self.input_shape, name="image")
        x: Any = inputs
        x = activate(convolve(x, 16, 3, "conv1", stride=2), "conv1_relu")
        for stage, (units, first_stride) in enumerate(STAGES, start=2):
            for number in range(1, BLOCKS + 1):
                name = f"conv{stage}_block{number}"
                stride = first_stride if number == 1 else 1
                shortcut = x
                if number == 1:  # another width: the shortcut is fitted
                    shortcut = convolve(x, WIDER * units, 1, f"{name}_0", stride)
                x = activate(convolve(x, units, 1, f"{name}_1", stride), f"{name}_1_relu")
                x = activate(convolve(x, units, 3, f"{name}_2"), f"{name}_2_relu")
                x = convolve(x, WIDER * units, 1, f"{name}_3")
                x = layers.Add(name=f"{name}_add")([shortcut, x])
                x = activate(x, f"{name}_out")
        return Model(inputs, self.ending(x), name=self.name)
