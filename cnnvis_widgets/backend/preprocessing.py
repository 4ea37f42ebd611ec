"""The preprocessing of the networks of Keras Applications. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

# Mean blue, green and red of ImageNet's training pictures, as published with the Caffe models.
BLUE_GREEN_RED = np.array([103.939, 116.779, 123.68], np.float32)


def centred(pixels: np.ndarray) -> np.ndarray:
    """Map float32 0..255 to -1..1 (Keras' mode "tf")."""
    scaled = pixels / np.float32(127.5)
    scaled -= np.float32(1)
    return scaled


def caffe(pixels: np.ndarray) -> np.ndarray:
    """Swap red and blue, and subtract ImageNet's mean colour (Keras' mode "caffe").

    Args:
        pixels: float32 (…, 3) of 0..255, red green blue.

    Returns:
        The same shape, blue green red, about -124..151.
    """
    return pixels[..., ::-1] - BLUE_GREEN_RED


MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)
"""ImageNet's mean and standard deviation of red, green and blue in 0..1, as in torchvision."""


def standardised(pixels: np.ndarray) -> np.ndarray:
    """Scale to 0..1, subtract ImageNet's mean, divide by its deviation (Keras' mode "torch").

    Args:
        pixels: float32 (…, 3) of 0..255, red green blue.

    Returns:
        The same shape, about -2.1..2.6.
    """
    return (pixels / np.float32(255) - MEAN) / DEVIATION


def unit_range(pixels: np.ndarray) -> np.ndarray:
    """Map float32 0..255 to 0..1."""
    return pixels / np.float32(255)


def unchanged(pixels: np.ndarray) -> np.ndarray:
    """Keep 0..255: the network scales its own input."""
    return pixels


_MODES = {
    "-1..1": centred,
    "0..1": unit_range,
    "0..255": unchanged,
    "caffe": caffe,
    "torch": standardised,
}
# Which of them each module of Keras Applications has as its `preprocess_input`, from its source.
_APPLICATIONS = {
    "-1..1": "mobilenet mobilenet_v2 inception_v3 inception_resnet_v2 xception nasnet "
    "nasnet_mobile nasnet_large resnet_v2 resnet50_v2 resnet101_v2 resnet152_v2",
    "caffe": "vgg16 vgg19 resnet resnet50 resnet101 resnet152",
    "torch": "densenet densenet121 densenet169 densenet201",
    "0..255": "efficientnet efficientnet_v2 mobilenet_v3 convnext "
    + " ".join(f"efficientnet_b{n}" for n in range(8)),
}
NAMED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **_MODES,
    **{name: _MODES[mode] for mode, names in _APPLICATIONS.items() for name in names.split()},
}
"""The names for `preprocess=`: a range, Caffe's or PyTorch's, or a Keras Applications name."""


def preprocessing(preprocess: Any) -> Callable[[np.ndarray], np.ndarray] | None:
    """The function of a name; functions and None are returned unchanged.

    Args:
        preprocess: a key of `NAMED`, a function of float32 pixels 0..255, or None.

    Raises:
        UnknownNameError: no such name.
        InvalidValueError: neither a name nor a function.

    Example:
        >>> preprocessing("-1..1")(np.float32([0, 255]))
        array([-1.,  1.], dtype=float32)
    """
    if isinstance(preprocess, str):
        if preprocess not in NAMED:
            raise UnknownNameError.of("preprocessing", preprocess, NAMED)
        return NAMED[preprocess]
    if preprocess is not None and not callable(preprocess):
        raise InvalidValueError(
            f"preprocess is a function of pixels or one of {', '.join(_MODES)}, mobilenet_v2, "
            f"vgg16, …; got {preprocess!r}."
        )
    return preprocess
