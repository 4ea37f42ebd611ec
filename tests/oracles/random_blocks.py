"""Blocks of random layers: what is between the input and the head of a random network."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from oracles import random_layers as own
from oracles.random_layers import ACTIVATIONS, L, ops


class Blocks:
    """Draws layers; the same numbers draw the same ones, whatever the policy.

    Attributes:
        nudges: in a twin, layer's name → the `Nudge` behind it.
        attentions: in a twin, the attention scores' `Nudge`s.
        tags: kinds of layers that were drawn.
    """

    def __init__(self, rng: np.random.Generator, policy: str, twin: bool) -> None:
        self.rng, self.policy, self.twin = rng, policy, twin
        self.count, self.scope = 0, ""
        self.nudges: dict[str, own.Nudge] = {}
        self.attentions: list[own.Nudge] = []
        self.tags: set[str] = set()
        self.calls: dict[str, int] = {}
        self.line: list[Any] = []

    @property
    def input_dtype(self) -> str:
        """What pictures and maps come in, however the layers compute."""
        return "float64" if self.policy == "float64" else "float32"

    def one(self, *things: Any) -> Any:
        return things[self.rng.integers(len(things))]

    def often(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def put(
        self, layer: Any, x: Any, kind: str = "", *, again: bool = False, call: Any = None
    ) -> Any:
        """A layer's result, named and (in a twin) with a nudge behind it."""
        kind = kind or type(layer).__name__
        if not again:
            self.count += 1
            layer.name = f"a_{kind.lower()}_{self.count}"
        self.tags.add(kind)
        path = f"{self.scope}{layer.name}"
        self.calls[path] = self.calls.get(path, 0) + 1
        if self.calls[path] > 1:
            path = f"{path}#{self.calls[path]}"
        if "softmax" in layer.name or "softmax" in _activation(layer):
            x = self.nudged(f"{path} before", x)  # what the product explains of such a layer
        y = call(layer, x) if call else layer(x)
        self.line.append(layer)
        return self.nudged(path, y)

    def nudged(self, path: str, y: Any) -> Any:
        """In a twin, what a nudge of that name lets by."""
        if not self.twin:
            return y
        nudge = self.nudges[path] = own.Nudge()
        self.line.append(nudge)
        return nudge(y)

    def relu(self, top: float | None = None) -> Any:
        """What an `activation=` takes."""
        if self.twin:
            return own.relu(top)
        return {None: "relu", 6.0: "relu6"}[top]

    def conv(self, units: int, kernel: Any = 3, **options: Any) -> Any:
        options = {"padding": "same", **options}
        if self.often(0.3):
            options["activation"] = self.relu()
        return L.Conv2D(units, kernel, **options)

    def front(self, x: Any) -> Any:
        kind = self.rng.integers(8)
        if kind == 0:
            x = self.put(L.Rescaling(1 / 2, -0.1), x)
        elif kind == 1:
            x = self.put(L.Lambda(lambda t: t[..., ::-1] - 0.25), x)
        elif kind == 2:
            x = self.put(L.Permute((2, 1, 3)), x)
        elif kind == 3:
            x = self.put(L.ZeroPadding2D(((1, 0), (0, 2))), x)
        elif kind == 4:
            x = self.put(L.Normalization(mean=0.125, variance=0.25), x)
        elif kind == 5:
            x = self.put(L.Cropping2D(((1, 0), (0, 1))), x)
        units = self.one(4, 6)
        first = self.one(
            L.Conv2D(units, 3, padding="same"),
            L.Conv2D(units, (3, 2), strides=self.one(1, 2), activation=self.relu()),
            L.SeparableConv2D(units, 3, padding="same"),
            L.Conv2D(units, 2, strides=2, padding="same", use_bias=False),
        )
        return self.put(first, x)

    def activation(self, x: Any) -> Any:
        name = self.one(*ACTIVATIONS)
        kind = self.rng.integers(14)
        slope, top = self.one(0.0, 0.25), self.one(None, 3.0, 6.0)
        own_kind = self.one(own.Reversal, own.Stopped, own.InAFunction)
        if kind == 0:
            return self.put(L.PReLU(shared_axes=self.one(None, [1, 2])), x)
        if kind == 1:
            return self.put(L.Activation(own.relu(top)) if self.twin else L.ReLU(top), x, "ReLU")
        if kind == 2:
            return self.put(L.ReLU(negative_slope=0.125 + slope, threshold=self.one(0, 0.5)), x)
        if kind == 3:
            return self.put(own_kind(self.twin), x)
        if kind == 4:
            made = self.one(ops.square, lambda t: t * ops.sigmoid(t), ops.abs, ops.sin)
            return self.put(L.Lambda(made), x)
        if kind == 5:
            self.line.append(None)  # an operation between layers
            return L.Activation(own.relu())(x) if self.twin else ops.relu(x)
        if kind == 6:
            return self.put(own.ByTheBatch() if self.often(0.6) else own.Rounded(), x)
        if kind == 7:
            return self.put(L.Softmax() if self.often(0.3) else L.LeakyReLU(slope + 0.1), x)
        self.tags.add(name)
        if self.twin and name in ("relu", "relu6"):
            return self.put(L.Activation(own.relu(6.0 if name == "relu6" else None)), x)
        return self.put(L.Activation(name), x)

    def normalisation(self, x: Any) -> Any:
        units = x.shape[-1]
        layer = self.one(
            L.RMSNormalization(),
            L.BatchNormalization(),
            L.BatchNormalization(),
            L.LayerNormalization(),
            L.GroupNormalization(groups=2 if units % 2 == 0 else 1),
            L.UnitNormalization(),
            L.BatchNormalization(scale=False),
        )
        return self.put(layer, x)

    def block(self, x: Any, depth: int = 0) -> Any:
        small = min(x.shape[1:3]) < 3
        makers = (
            *(self.plain, self.plain, self.odd_convolution, self.transposed, self.branches),
            *(self.concatenated, self.gated, self.shared, self.attention, self.resized),
            *(self.moved, self.dense, self.subclassed, self.operations, self.unusual),
        )
        kind = self.rng.integers(len(makers) + 2)
        if kind >= len(makers) and depth < 2:
            x = self.nested(x, depth)
        elif not small:
            x = makers[kind % len(makers)](x)
        else:
            x = self.put(self.conv(4, 1), x)
        if self.often(0.35):
            x = self.normalisation(x)
        if self.often(0.75):
            x = self.activation(x)
        if self.often(0.3) and min(x.shape[1:3]) >= 3:
            pool = self.one(L.MaxPooling2D, L.AveragePooling2D)
            x = self.put(pool(self.one(2, 3), strides=self.one(2, 1), padding="same"), x)
        if self.often(0.15):
            noise = self.one(L.Dropout, L.SpatialDropout2D, L.GaussianNoise, L.GaussianDropout)
            x = self.put(noise(0.3), x)
        return x

    def plain(self, x: Any) -> Any:
        return self.put(self.conv(self.one(4, 6), self.one(1, 3, (2, 3))), x)

    def odd_convolution(self, x: Any) -> Any:
        kind = self.rng.integers(5)
        if kind == 0:
            return self.put(L.Conv2D(6, 3, padding="same", dilation_rate=2), x)
        if kind == 1:
            x = self.put(L.Conv2D(4, 1), x)
            return self.put(L.Conv2D(6, 3, groups=2, padding="same"), x)
        if kind == 2:
            return self.put(
                L.DepthwiseConv2D(3, padding="same", depth_multiplier=self.one(1, 2)), x
            )
        if kind == 3:
            return self.put(L.SeparableConv2D(5, 3, padding="same", activation=self.relu()), x)
        return self.put(L.Conv2D(5, 3, strides=2, padding="same"), x)

    def transposed(self, x: Any) -> Any:
        x = self.put(L.Conv2DTranspose(4, 3, strides=self.one(1, 2), padding="same"), x)
        return self.put(L.AveragePooling2D(2, padding="same"), x)

    def branches(self, x: Any) -> Any:
        units = x.shape[-1]
        y = self.activation(self.put(L.Conv2D(units, 3, padding="same"), x))
        merge = self.one(L.Add, L.Add, L.Multiply, L.Maximum, L.Minimum, L.Average, L.Subtract)
        return self.put(merge(), [x, y])

    def concatenated(self, x: Any) -> Any:
        other = self.put(self.conv(3, 1), x)
        return self.put(L.Concatenate(), [self.activation(x), other])

    def gated(self, x: Any) -> Any:
        units = x.shape[-1]
        gate = self.put(L.GlobalAveragePooling2D(keepdims=True), x)
        gate = self.put(L.Dense(3, activation=self.relu()), gate)
        gate = self.put(L.Dense(units, activation=self.one("sigmoid", "hard_sigmoid")), gate)
        return self.put(L.Multiply(), [x, gate])

    def shared(self, x: Any) -> Any:
        layer = L.Conv2D(x.shape[-1], 3, padding="same")
        x = self.put(layer, x)
        return self.put(layer, self.activation(x), again=True)

    def attention(self, x: Any) -> Any:
        rows, columns, units = x.shape[1:]
        tokens = self.put(L.Reshape((rows * columns, units)), x)
        normal = self.put(L.LayerNormalization(), tokens)
        mixed = self.put(L.MultiHeadAttention(2, 3), normal, call=self.attend)
        tokens = self.put(L.Add(), [tokens, mixed])
        if self.often(0.5):
            more = self.put(L.EinsumDense("btu,uv->btv", (None, units), bias_axes="v"), tokens)
            tokens = self.put(L.Add(), [tokens, self.activation(more)])
        return self.put(L.Reshape((rows, columns, units)), tokens)

    def attend(self, layer: Any, x: Any) -> Any:
        """Self-attention; in a twin, its scores pass a nudge and count for nothing."""
        given = ([x, x],) if isinstance(layer, L.Attention) else (x, x)
        if not self.twin:
            return layer(*given)
        mixed, scores = layer(*given, return_attention_scores=True)
        scores = scores if len(scores.shape) == 4 else scores[:, None]
        self.attentions.append(own.Nudge())
        return mixed + 0 * ops.sum(self.attentions[-1](scores))

    def resized(self, x: Any) -> Any:
        rows, columns = x.shape[1:3]
        kind = self.rng.integers(4)
        if kind == 0:
            x = self.put(L.UpSampling2D(2), x)
            return self.put(L.MaxPooling2D(2), x)
        if kind == 1:
            size = 2 * rows, 2 * columns
            up = L.UpSampling2D(2, interpolation="bilinear")
            x = self.put(own.Bilinear(*size) if self.twin else up, x, "UpSampling2D")
            return self.put(L.AveragePooling2D(2), x)
        size = rows + 1, max(columns - 1, 2)
        if kind == 2:
            layer = own.Bilinear(*size) if self.twin else L.Resizing(*size)
            return self.put(layer, x, "Resizing")
        return self.put(L.CenterCrop(max(rows - 1, 2), max(columns - 1, 2)), x)

    def moved(self, x: Any) -> Any:
        rows, columns, units = x.shape[1:]
        kind = self.rng.integers(4)
        if kind == 0:
            return self.put(L.Permute((2, 1, 3)), x)
        if kind == 1:
            x = self.put(L.Reshape((columns * rows, units)), x)
            x = self.put(L.Conv1D(units, 3, padding="same"), x)
            return self.put(L.Reshape((rows, columns, units)), x)
        if kind == 2:
            x = self.put(L.ZeroPadding2D(((0, 1), (1, 0))), x)
            return self.put(L.Cropping2D(((1, 0), (0, 1))), x)
        return self.put(L.Lambda(lambda t: tf.roll(t, 1, axis=2)), x)

    def dense(self, x: Any) -> Any:
        if self.often(0.5):
            return self.put(L.Dense(self.one(4, 5), activation=self.relu(self.one(None, 6.0))), x)
        shape = (*x.shape[1:3], 5)
        return self.put(L.EinsumDense("bijc,cd->bijd", shape, bias_axes="d"), x)

    def unusual(self, x: Any) -> Any:
        """Layers that are made for sequences, volumes or training, in the midst of pictures."""
        rows, columns, units = x.shape[1:]
        kind = self.rng.integers(9)
        if kind == 0:
            tokens = self.put(L.Reshape((rows * columns, units)), x)
            recurrent = self.one(L.GRU, L.LSTM, L.SimpleRNN)(5, return_sequences=True)
            return self.put(L.Reshape((rows, columns, 5)), self.put(recurrent, tokens))
        if kind == 1:
            return self.put(L.TimeDistributed(L.Conv1D(5, 3, padding="same")), x)
        if kind == 2:
            x = self.put(L.Reshape((rows, columns, units, 1)), x)
            x = self.put(L.Conv3D(2, 3, padding="same", activation=self.relu()), x)
            return self.put(L.Reshape((rows, columns, 2 * units)), x)
        if kind == 3:
            tokens = self.put(L.Reshape((rows * columns, units)), x)
            mixed = self.put(L.Attention(use_scale=True), tokens, call=self.attend)
            tokens = self.put(L.Average(), [tokens, mixed])
            return self.put(L.Reshape((rows, columns, units)), tokens)
        if kind == 4:
            gate = self.put(L.GlobalMaxPooling2D(), x)
            tokens = self.put(L.Reshape((rows * columns, units)), x)
            likeness = self.put(L.Dot((2, 1), normalize=self.often(0.5)), [tokens, gate])
            likeness = self.put(L.Reshape((rows, columns, 1)), likeness)
            return self.put(L.Multiply(), [x, likeness])
        if kind == 5:
            x = self.put(self.one(L.RandomFlip(), L.RandomRotation(0.2), L.AlphaDropout(0.2)), x)
            return self.put(L.Identity(), self.put(L.RMSNormalization(), x))
        if kind == 6:
            x = self.put(L.Reshape((rows, columns * units)), x)
            x = self.put(L.MaxPooling1D(2, padding="same"), x)
            return self.put(L.Reshape((-(-rows // 2), columns, units)), x)
        if kind == 7:
            mean = self.put(L.RepeatVector(rows * columns), self.put(L.Dense(2), self.pooled(x)))
            return self.put(L.Concatenate(), [x, self.put(L.Reshape((rows, columns, 2)), mean)])
        return self.put(L.LayerNormalization(axis=[1, 2, 3]), x)

    def pooled(self, x: Any) -> Any:
        return self.put(self.one(L.GlobalAveragePooling2D, L.GlobalMaxPooling2D)(), x)

    def subclassed(self, x: Any) -> Any:
        return self.put(own.Unit(self.one(4, 5), own.relu() if self.twin else L.ReLU()), x)

    def operations(self, x: Any) -> Any:
        kind = self.rng.integers(5)
        self.line.append(None)
        if kind == 0:
            return ops.concatenate([x, -x], -1) / 2
        if kind == 1:
            return x - ops.mean(x, axis=(1, 2), keepdims=True)
        if kind == 2:
            return ops.maximum(x, x / 4)
        if kind == 3:
            return x[:, 1:, :-1] + 0.125
        return ops.sqrt(ops.square(x) + 0.5) - 0.75

    def nested(self, x: Any, depth: int) -> Any:
        """A model within the model: functional or Sequential, once or twice."""
        shape, twice, line = x.shape[1:], self.often(0.25), self.often(0.5)
        self.count += 1
        name, scope, before = f"inner_{self.count}", self.scope, self.line
        self.scope, self.line, known = f"{scope}{name}/", [], set(self.nudges)
        given = keras.Input(shape, dtype=self.input_dtype)
        if line or twice:
            y = self.put(L.Conv2D(shape[-1], 3, padding="same"), given)
            y = self.activation(self.put(L.BatchNormalization(), y))
        else:
            y = self.block(given, depth + 1)
        if line and None not in self.line:  # no Sequential could hold what is between layers
            model = keras.Sequential(
                [keras.Input(shape, dtype=self.input_dtype), *self.line], name=name
            )
        else:
            model = keras.Model(given, y, name=name)
        self.scope, self.line = scope, before
        self.tags.add(type(model).__name__)
        x = self._whole(model, x)
        if twice:
            for path in set(self.nudges) - known:  # one nudge would see two calls
                if path != f"{scope}{name}":
                    del self.nudges[path]
            x = self._whole(model, x)
        return x

    def _whole(self, model: Any, x: Any) -> Any:
        name = f"{self.scope}{model.name}"
        self.calls[name] = self.calls.get(name, 0) + 1
        path = name if self.calls[name] == 1 else f"{name}#{self.calls[name]}"
        y = model(x)
        self.line.append(model)
        return self.nudged(path, y)


def _activation(layer: Any) -> str:
    return getattr(getattr(layer, "activation", None), "__name__", "")
