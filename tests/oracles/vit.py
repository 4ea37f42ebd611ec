"""A small vision transformer in Keras, and the same in NumPy float64 from its weights.

A stem (a convolution with a ReLU), patches, a class token or none, blocks of attention and a dense
layer with residual ways, a head on the class token or on the mean of the tokens.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from oracles import tape

UNITS, HEADS, KEY, BLOCKS, EPSILON = 8, 2, 3, 3, 1e-3


class Tokens(keras.layers.Layer):
    """Patches in a line, behind a class token if wanted, plus what tells the places apart."""

    def __init__(self, class_token: bool, own_length: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.class_token, self.own_length = class_token, own_length

    def build(self, shape: Any) -> None:
        self.first = self.add_weight(shape=(1, 1, shape[-1]), name="first")
        many = shape[1] * shape[2] + int(self.class_token)
        self.places = self.add_weight(shape=(1, many, shape[-1]), name="places")
        super().build(shape)

    def call(self, x: Any) -> Any:
        batch, (rows, columns, units) = tf.shape(x)[0], x.shape[1:]
        if self.own_length:  # as keras-hub writes it: TensorFlow knows no length of this
            x = tf.reshape(x, [batch, -1, units])
        else:
            x = tf.reshape(x, [-1, rows * columns, units])
        if self.class_token:
            x = tf.concat([tf.tile(self.first, [batch, 1, 1]), x], 1)
        return x + self.places


def vit(
    shape: tuple[int, int, int], class_token: bool, name: str = "vit", own_length: bool = False
) -> keras.Model:
    """Patches of 4 × 5 pixels; the stem is "c1", the patches "c2", the last layer "head"."""
    layers = keras.layers
    inputs = keras.Input(shape)
    x = layers.Conv2D(5, 3, padding="same", activation="relu", name="c1")(inputs)
    x = layers.Conv2D(UNITS, (4, 5), strides=(4, 5), name="c2")(x)
    x = Tokens(class_token, own_length, name="tokens")(x)
    for n in range(BLOCKS):
        y = layers.LayerNormalization(epsilon=EPSILON, name=f"norm{n}")(x)
        x = layers.Add()([x, layers.MultiHeadAttention(HEADS, KEY, name=f"attention{n}")(y, y)])
        y = layers.Dense(UNITS, activation="relu", name=f"dense{n}")(x)
        x = layers.Add(name=f"block{n}")([x, y])
    x = x[:, 0] if class_token else layers.GlobalAveragePooling1D()(x)
    model = keras.Model(inputs, layers.Dense(4, name="head")(x), name=name)
    rng = np.random.default_rng(23)
    model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
    return model


def attention_by_hand(model: keras.Model, pixels: np.ndarray) -> list[np.ndarray]:
    """(heads, tokens, tokens) for each block, of one picture."""

    def of(name: str) -> list[np.ndarray]:
        return [w.astype(np.float64) for w in model.get_layer(name).get_weights()]

    x = np.maximum(tape.convolution(tape.Value(pixels[None]), *of("c1")).array[0], 0)
    kernel, bias = of("c2")
    rows, columns = x.shape[0] // 4, x.shape[1] // 5
    patches = [
        np.einsum("ijk,ijkl->l", x[4 * r : 4 * r + 4, 5 * c : 5 * c + 5], kernel) + bias
        for r in range(rows)
        for c in range(columns)
    ]
    first, places = of("tokens")
    tokens = np.array(patches)
    if len(places[0]) > len(tokens):
        tokens = np.concatenate([first[0], tokens])
    tokens = tokens + places[0]
    attention = []
    for n in range(BLOCKS):
        scale, shift = of(f"norm{n}")
        spread = np.sqrt(tokens.var(1, keepdims=True) + EPSILON)
        y = (tokens - tokens.mean(1, keepdims=True)) / spread * scale + shift
        q, q0, k, k0, v, v0, out, out0 = of(f"attention{n}")
        maps, added = [], np.zeros_like(tokens) + out0
        for h in range(HEADS):
            scores = (y @ q[:, h] + q0[h]) @ (y @ k[:, h] + k0[h]).T / np.sqrt(KEY)
            raised = np.exp(scores - scores.max(1, keepdims=True))
            maps.append(raised / raised.sum(1, keepdims=True))
            added += maps[-1] @ (y @ v[:, h] + v0[h]) @ out[h]
        attention.append(np.array(maps))
        tokens = tokens + added
        kernel, bias = of(f"dense{n}")
        tokens = tokens + np.maximum(tokens @ kernel + bias, 0)
    return attention
