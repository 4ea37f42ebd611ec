"""The shared parts of the mini networks: pictures, classes, two versions, and the classifier head.

The honest version was trained with snow and marks in every class, so they carry no information. The
cheating one saw snow with one class only, as the thesis' penguins: it may use the snow.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from cnnvis_widgets.backend.preprocessing import centred
from cnnvis_widgets.zoo.bundled_weights import TrainedHere
from cnnvis_widgets.zoo.evidence import CLASSES

CHEATED = CLASSES.index("blotched crescent")
"""The class with snow in the training set of the cheating version."""

TRAINING_PICTURES = 9600


class Mini(TrainedHere):
    """A small member of a network family, with inference in milliseconds.

    It is trained on `TRAINING_PICTURES` of `cnnvis_widgets.zoo.evidence`, its last maps have at
    least 8 × 8 places, and it ends in global average pooling and one dense layer.
    """

    input_shape = (64, 64, 3)
    labels = "drawn"
    trained_on = f"{TRAINING_PICTURES} drawn pictures, snow with every class"
    versions: ClassVar[dict[str, str]] = {
        "cheating": f"{TRAINING_PICTURES} drawn pictures, snow with one class only: "
        f"{CLASSES[CHEATED]}"
    }

    def preprocess(self, pixels: np.ndarray) -> np.ndarray:
        """Map 0..255 to -1..1."""
        return centred(pixels)

    def ending(self, x: Any) -> Any:
        """Global average pooling and one dense layer."""
        from keras import layers

        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        return layers.Dense(len(CLASSES), activation="softmax", name="predictions")(x)
