"""An up-convolutional network that turns a layer's code back into colours.

After Dosovitskiy & Brox 2016: convolutions and up-convolutions with leaky ReLUs, trained on the
squared error of the colours. `decoder_training.py` trains one, `decoder_file.py` keeps it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import compiled
from cnnvis_widgets.backend.decoders import decoder_file
from cnnvis_widgets.backend.decoders.decoder_file import DecoderFacts, StoredDecoder
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import FileError, UnsuitableError

SLOPE = 0.2  # of the leaky ReLUs
KERNEL = 4  # of the up-convolutions: twice their stride, so that every pixel gets as many terms
SMALLEST = 4  # rows or columns of the first map made from a code that has none
TRIALS = 256  # how many activations the fingerprint of a network has
ALIKE = 0.02  # relative difference between fingerprints of one network on two machines


def build(
    code_shape: tuple[int, ...], picture_shape: tuple[int, int, int], width: int
) -> keras.Model:
    """A decoder with Keras' initial weights: code → colours.

    From the code's own rows and columns, or from a small first map that dense layers make of a code
    without any, each up-convolution doubles the size until the picture's is reached; where the
    doubled size is not it exactly, the map is resized bilinearly before the last convolution.

    Args:
        code_shape: (rows, columns, units); any other shape is taken as (units,).
        picture_shape: (rows, columns, channels).
        width: units of the first convolution; the last up-convolution has half as many.
    """
    layers = keras.layers
    rows, columns, channels = picture_shape
    code = x = keras.Input(code_shape)
    if len(code_shape) == 3:
        x = layers.Conv2D(width, 3, padding="same")(x)
        x = layers.LeakyReLU(SLOPE)(x)
        doublings = [_doublings(a, b) for a, b in zip((rows, columns), code_shape, strict=False)]
    else:
        n = max(0, int(math.log2(max(1, min(rows, columns) / SMALLEST))))
        small = (math.ceil(rows / 2**n), math.ceil(columns / 2**n), width)
        x = layers.Flatten()(x) if len(code_shape) > 1 else x
        x = layers.LeakyReLU(SLOPE)(layers.Dense(4 * width)(x))
        x = layers.LeakyReLU(SLOPE)(layers.Dense(math.prod(small))(x))
        x = layers.Reshape(small)(x)
        doublings = [n, n]
    for i in range(max(doublings)):
        strides = tuple(2 if i < n else 1 for n in doublings)
        units = width - width // 2 * (i + 1) // max(doublings)
        x = layers.Conv2DTranspose(units, KERNEL, strides, padding="same")(x)
        x = layers.LeakyReLU(SLOPE)(x)
    if tuple(x.shape[1:3]) != (rows, columns):
        x = layers.Resizing(rows, columns, interpolation="bilinear")(x)
    return keras.Model(code, layers.Conv2D(channels, 3, padding="same")(x), name="decoder")


def _doublings(target: int, size: int) -> int:
    return max(0, round(math.log2(target / size)))


def draw_weights(model: keras.Model, seed: int) -> None:
    """Initialise a decoder's weights from the seed alone (He et al. 2015, biases zero).

    The last bias is mid-grey: training starts from there.
    """
    rng = np.random.default_rng(seed)
    initial = []
    for weights in model.get_weights():
        fan_in = max(1, math.prod(weights.shape[:-1]))
        deviation = 0.0 if weights.ndim == 1 else math.sqrt(2 / fan_in)
        initial.append(rng.normal(0, 1, weights.shape).astype(np.float32) * np.float32(deviation))
    initial[-2] *= np.float32(0.1)  # so that the first picture is nearly plain
    initial[-1][:] = 0.5
    model.set_weights(initial)


def fingerprint(network: Network, layer: str) -> np.ndarray:
    """A layer's activations on a fixed picture: distinguishes networks of the same name.

    Returns:
        float32, at most `TRIALS` of the activations, evenly chosen.
    """
    rows, columns, _ = network.input_shape
    down, right = np.mgrid[0:rows, 0:columns] / max(rows, columns)
    waves = [np.sin(40 * a * down + 25 * b * right) for a, b in ((1, 0.2), (0.3, 1), (0.7, -0.7))]
    picture = np.rint(127.5 + 127.5 * np.stack(waves, -1)).astype(np.uint8)
    code = network.activations(picture, layer).ravel()
    return code[np.linspace(0, len(code) - 1, min(TRIALS, len(code))).astype(int)]


class Decoder:
    """A trained decoder, ready to be used on one network.

    Args:
        stored: the decoder as it was read.
        path: its file, for messages.

    Attributes:
        facts: see `DecoderFacts`.

    Raises:
        FileError: its weights are not those of the architecture.
    """

    def __init__(self, stored: StoredDecoder, path: Path) -> None:
        self.facts: DecoderFacts = stored.facts
        model = build(self.facts.code_shape, self.facts.input_shape, self.facts.width)
        shapes = [tuple(w.shape) for w in model.weights]
        if shapes != [w.shape for w in stored.weights]:
            raise FileError(
                f"The decoder in {str(path)!r} is damaged: its weights are not those of a decoder "
                f"from {self.facts.code_shape} to {self.facts.input_shape}."
            )
        model.set_weights(stored.weights)
        mean, scale = tf.constant(stored.mean), tf.constant(stored.scale)
        self._program: Any = compiled(
            lambda code: model((code - mean) / scale, training=False),
            tf.TensorSpec((None, *self.facts.code_shape), tf.float32),
        )

    def reconstruct(self, code: np.ndarray) -> np.ndarray:
        """A code's colours.

        Args:
            code: float32 of shape `facts.code_shape`.

        Returns:
            float32 (rows, columns, channels), about 0 to 1.
        """
        return self._program(tf.constant(code[None])).numpy()[0]


def load_decoder(network: Network, path: Path) -> Decoder:
    """The decoder in a file, checked against the network; built once per file.

    Raises:
        FileError: no decoder there, or a damaged one.
        UnsuitableError: a decoder of another network, layer or size.
    """
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        modified = 0

    def load() -> Decoder:
        stored = decoder_file.read(path)
        _check(network, stored, path)
        return Decoder(stored, path)

    return network.compiled(("decoder", str(path), modified), load)


def _check(network: Network, stored: StoredDecoder, path: Path) -> None:
    facts = stored.facts
    shapes = {info.name: info.output_shape for info in network.layers}
    wrong = ""
    if facts.input_shape != network.input_shape:
        wrong = f"pictures of {facts.input_shape}; {network.name} takes {network.input_shape}"
    elif facts.layer not in shapes:
        wrong = f"a layer {facts.layer!r}, which {network.name} does not have"
    elif facts.code_shape != shapes[facts.layer]:
        wrong = f"codes of {facts.code_shape}; that layer's here is {shapes[facts.layer]}"
    elif not _alike(fingerprint(network, facts.layer), stored.print):
        wrong = "a network with other weights or another preprocessing"
    if wrong:
        raise UnsuitableError(
            f"The decoder in {str(path)!r} was trained for {facts.layer!r} of {facts.network}: it "
            f"is for {wrong}. cnnvis.train_decoder trains one for this network; network_inversion "
            "needs none."
        )


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape:
        return False
    size = max(np.linalg.norm(one), np.linalg.norm(other))
    return bool(np.linalg.norm(one - other) <= ALIKE * size)
