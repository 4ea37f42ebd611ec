"""How the networks of Keras Applications were fed when they were trained. No TensorFlow here."""

from __future__ import annotations

import numpy as np

# Mean blue, green and red of ImageNet's training pictures, as published with the Caffe models.
BLUE_GREEN_RED = np.array([103.939, 116.779, 123.68], np.float32)


def centred(pixels: np.ndarray) -> np.ndarray:
    """Map float32 0..255 to -1..1 (Keras' mode "tf")."""
    scaled = pixels / np.float32(127.5)
    scaled -= np.float32(1)
    return scaled


def caffe(pixels: np.ndarray) -> np.ndarray:
    """Swap red and blue, and take ImageNet's mean colour off (Keras' mode "caffe").

    Args:
        pixels: float32 (…, 3) of 0..255, red green blue.

    Returns:
        The same shape, blue green red, about -124..151.
    """
    return pixels[..., ::-1] - BLUE_GREEN_RED
