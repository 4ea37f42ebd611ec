"""ResNet-50 (He et al., CVPR 2016), out of Keras Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.preprocessing import caffe
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.weights import WeightFile

if TYPE_CHECKING:
    import keras


class ResNet50(FetchedArchitecture):
    """Sixteen residual blocks of three convolutions each."""

    name = "resnet50"
    title = "ResNet-50"
    paper = (
        "He, Zhang, Ren & Sun, Deep Residual Learning for Image Recognition, CVPR 2016, "
        "arXiv:1512.03385"
    )
    note = "ImageNet; residual blocks"
    order = 40
    parameters = 25_636_712
    input_shape = (224, 224, 3)
    file = WeightFile(
        "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/resnet/",
        size=102_967_424,
        md5="2cb95161c43110f7111970584f804107",
    )

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to blue green red about ImageNet's mean colour."""
        return caffe(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        import keras

        return keras.applications.ResNet50(weights=None)
