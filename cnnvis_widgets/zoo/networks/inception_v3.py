"""Inception V3 (Szegedy et al., CVPR 2016), out of Keras Applications."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnvis_widgets.backend.preprocessing import centred
from cnnvis_widgets.zoo.architecture import FetchedArchitecture
from cnnvis_widgets.zoo.weights import WeightFile

if TYPE_CHECKING:
    import keras


class InceptionV3(FetchedArchitecture):
    """Blocks of parallel branches whose results are put side by side."""

    name = "inception_v3"
    title = "Inception V3"
    paper = (
        "Szegedy, Vanhoucke, Ioffe, Shlens & Wojna, Rethinking the Inception Architecture "
        "for Computer Vision, CVPR 2016, arXiv:1512.00567"
    )
    note = "ImageNet; parallel branches of several kernel sizes"
    order = 20
    parameters = 23_851_784
    input_shape = (299, 299, 3)
    file = WeightFile(
        "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
        "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/",
        size=96_112_376,
        md5="9a0d58056eeedaa3f26cb7ebd46da564",
    )

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to -1..1."""
        return centred(pixels)

    def build(self) -> keras.Model:
        """Return the network with Keras' initial weights."""
        import keras

        return keras.applications.InceptionV3(weights=None)
