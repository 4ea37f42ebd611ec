"""The networks of Keras Applications, recognised inside a model by their layers' names and shapes.

A model that was exported without its preprocessing accepts any numbers. If its layers are those of
a published network, the range that they were trained on is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from cnnvis_widgets.backend.preprocessing import NAMED


class Backbone(NamedTuple):
    """A published network within a model.

    Attributes:
        title: its name in print.
        preprocess: its name among `preprocessing.NAMED`.
        prepares_pixels: whether layers before its first convolution may already prepare the pixels.
    """

    title: str
    preprocess: str
    prepares_pixels: bool


# Title, preprocessing, required layer names, and the shape of the first convolution's kernel.
_SIGNATURES = (
    ("MobileNetV2", "mobilenet_v2", {"expanded_conv_depthwise", "block_16_project"}, (3, 3, 3)),
    ("MobileNet", "mobilenet", {"conv_dw_1", "conv_pw_13"}, (3, 3, 3)),
    ("Xception", "xception", {"block1_conv2", "block14_sepconv2"}, (3, 3, 3)),
    ("VGG-19", "vgg19", {"block1_conv1", "block5_conv4"}, (3, 3, 3)),
    ("VGG-16", "vgg16", {"block1_conv1", "block5_conv3"}, (3, 3, 3)),
    ("DenseNet", "densenet", {"pool4_conv", "conv5_block16_concat"}, (7, 7, 3)),
    ("ResNet V2", "resnet_v2", {"post_bn", "conv5_block3_out"}, (7, 7, 3)),
    ("ResNet", "resnet", {"conv1_bn", "conv5_block3_out"}, (7, 7, 3)),
    ("Inception-ResNet V2", "inception_resnet_v2", {"mixed_5b", "conv_7b"}, (3, 3, 3)),
    ("Inception V3", "inception_v3", {"mixed0", "mixed10"}, (3, 3, 3)),
    ("NASNet", "nasnet", {"stem_conv1", "normal_conv_1_0"}, (3, 3, 3)),
)
# Layers that keep the pixels' values, or only move pixels.
_HARMLESS = ("InputLayer", "ZeroPadding2D", "Resizing", "CenterCrop", "Functional", "Sequential")


def backbone(model: Any) -> Backbone | None:
    """The network of Keras Applications whose layers these are, or None.

    Args:
        model: a Keras model; nested models are looked into.
    """
    layers = list(_flat(model))
    names = {layer.name for layer in layers}
    signature = next((s for s in _SIGNATURES if s[2] <= names), None)
    first = next((index for index, layer in enumerate(layers) if _kernel(layer)), None)
    if signature is None or first is None or _kernel(layers[first])[:3] != signature[3]:
        return None
    kinds_before = [type(layer).__name__ for layer in layers[:first]]
    prepares_pixels = any(not kind.startswith(("Random", *_HARMLESS)) for kind in kinds_before)
    return Backbone(signature[0], signature[1], prepares_pixels)


def preprocessing_warning(model: Any) -> str:
    """A warning for a published network whose input is not prepared as it was for training.

    Args:
        model: a Keras model that is given pixels of 0..255.

    Returns:
        One or two sentences; "" if no problem is known.
    """
    published = backbone(model)
    if published is None or published.prepares_pixels:
        return ""
    black, white = (NAMED[published.preprocess](np.full(3, x, np.float32)) for x in (0, 255))
    low, high = min(black.min(), white.min()), max(black.max(), white.max())
    return (
        f"The layers of {model.name} are those of {published.title}, which Keras Applications "
        f"trains on inputs of {low:.3g}..{high:.3g}; here it is given 0..255. "
        f'preprocess="{published.preprocess}" prepares pictures as it was trained; '
        'preprocess="0..255" says that this is right.'
    )


class Guess(NamedTuple):
    """How the pictures of a model are most likely prepared.

    Attributes:
        preprocess: a name among `preprocessing.NAMED`.
        why: the reason, in a sentence.
        certain: whether the model itself gives the reason.
    """

    preprocess: str
    why: str
    certain: bool


def guess_preprocessing(model: Any) -> Guess:
    """The preprocessing that a model's layers suggest.

    Args:
        model: a Keras model; nested models are looked into.

    Example:
        >>> rescaling = keras.layers.Rescaling(1 / 255)
        >>> guess_preprocessing(keras.Sequential([keras.Input((8, 8, 3)), rescaling]))[0]
        '0..255'
    """
    published = backbone(model)
    if published is not None and not published.prepares_pixels:
        why = f"Its layers are those of {published.title}, which was trained so."
        return Guess(published.preprocess, why, True)
    for layer in _flat(model):
        kind = type(layer).__name__
        if _kernel(layer):
            break
        if kind == "Rescaling" and np.max(np.abs(layer.scale)) > 0.5:
            return Guess("0..1", "Its first layers (Rescaling) take values of 0 to 1.", True)
        if kind in ("Rescaling", "Normalization"):
            return Guess("0..255", f"Its own first layers ({kind}) prepare the pixels.", True)
    return Guess("0..1", "Nothing in the file says which. 0 to 1 is the most common.", False)


def _flat(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _flat(layer)


def _kernel(layer: Any) -> tuple[int, ...]:
    """The shape of a convolution's kernel; () for any other layer."""
    shape = tuple(getattr(getattr(layer, "kernel", None), "shape", ()))
    return shape if len(shape) == 4 else ()
