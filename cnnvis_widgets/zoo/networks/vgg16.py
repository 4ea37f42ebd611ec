"""VGG-16 (Simonyan & Zisserman, ICLR 2015), out of Keras Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.preprocessing import caffe
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.weights import WeightFile

if TYPE_CHECKING:
    import keras


class VGG16(FetchedArchitecture):
    """Thirteen 3 × 3 convolutions in five blocks, then three dense layers."""

    name = "vgg16"
    title = "VGG-16"
    paper = (
        "Simonyan & Zisserman, Very Deep Convolutional Networks for Large-Scale Image "
        "Recognition, ICLR 2015, arXiv:1409.1556"
    )
    note = "ImageNet; plain stacks of 3 × 3 convolutions"
    order = 10
    parameters = 138_357_544
    input_shape = (224, 224, 3)
    file = WeightFile(
        "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/",
        size=553_467_096,
        md5="64373286793e3c8b2b4e3219cbf3544b",
    )

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to blue green red about ImageNet's mean colour."""
        return caffe(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        import keras

        return keras.applications.VGG16(weights=None)
