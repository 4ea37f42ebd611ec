"""Xception (Chollet, CVPR 2017), out of Keras Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.preprocessing import centred
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.weights import WeightFile

if TYPE_CHECKING:
    import keras


class Xception(FetchedArchitecture):
    """Separable convolutions with shortcuts, in fourteen blocks."""

    name = "xception"
    title = "Xception"
    paper = (
        "Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, CVPR 2017, "
        "arXiv:1610.02357"
    )
    note = "ImageNet; depthwise separable convolutions"
    order = 30
    parameters = 22_910_480
    input_shape = (299, 299, 3)
    file = WeightFile(
        "xception_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/xception/",
        size=91_884_032,
        md5="0a58e3b7378bc2990ea3b43d5981f1f6",
    )

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to -1..1."""
        return centred(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        import keras

        return keras.applications.Xception(weights=None)
