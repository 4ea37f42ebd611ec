"""MobileNet V2 (Sandler et al., CVPR 2018), out of Keras Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.preprocessing import centred
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.weights import WeightFile

if TYPE_CHECKING:
    import keras


class MobileNetV2(FetchedArchitecture):
    """Seventeen inverted residual blocks with ReLU6, at full width."""

    name = "mobilenet_v2"
    title = "MobileNet V2"
    paper = (
        "Sandler, Howard, Zhu, Zhmoginov & Chen, MobileNetV2: Inverted Residuals and Linear "
        "Bottlenecks, CVPR 2018, arXiv:1801.04381"
    )
    note = "ImageNet; inverted residual blocks with ReLU6"
    order = 50
    parameters = 3_538_984
    input_shape = (224, 224, 3)
    file = WeightFile(
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/",
        size=14_536_120,
        # Keras publishes no checksum for this one
    )

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to -1..1."""
        return centred(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        import keras

        return keras.applications.MobileNetV2(weights=None)
