"""Random small networks out of much of Keras, with what they end in known to whoever asks."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

L, ops = keras.layers, keras.ops
POLICIES = ("float32", "float32", "float32", "mixed_float16", "mixed_bfloat16", "float64")
ACTIVATIONS = (
    *("relu", "relu6", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus", "softsign"),
    *("leaky_relu", "hard_sigmoid", "hard_silu", "mish", "celu", "exponential_off", "glu_off"),
)


class InAFunction(L.Layer):
    """A layer whose call is a tf.function."""

    @tf.function
    def call(self, x: Any) -> Any:
        return tf.nn.relu(x) + x / 3


class Reversal(L.Layer):
    """The identity, with a gradient that says otherwise."""

    def call(self, x: Any) -> Any:
        return tf.custom_gradient(lambda y: (tf.identity(y), lambda dy: -2 * dy))(x)


class Stopped(L.Layer):
    """x times its own sigmoid, whose gradient is stopped."""

    def call(self, x: Any) -> Any:
        return x * tf.stop_gradient(tf.sigmoid(x))


class ByTheBatch(L.Layer):
    """Flattens and unflattens by the size of the batch that it is given."""

    def call(self, x: Any) -> Any:
        return tf.reshape(tf.reshape(x, (tf.shape(x)[0], -1)), (-1, *x.shape[1:]))


class Hand(L.Layer):
    """A softmax by hand."""

    def call(self, x: Any) -> Any:
        powers = tf.exp(x - tf.reduce_max(x, -1, keepdims=True))
        return powers / tf.reduce_sum(powers, -1, keepdims=True)


class Made(NamedTuple):
    """A network, and a model of what lies in it: logits and the results of some layers."""

    model: keras.Model
    inside: keras.Model
    layers: tuple[str, ...]
    policy: str


def drawn(seed: int) -> tuple[Made, Made]:
    """The network of a seed, and its twin of the same weights in double precision."""
    policy = POLICIES[np.random.default_rng(seed).integers(len(POLICIES))]
    made = _with_policy(seed, policy)
    twin = _with_policy(seed, "float64")
    rng = np.random.default_rng(seed + 1)
    weights = [_weight(w, rng) for w in made.model.weights]
    for one in (made, twin):
        one.model.set_weights(weights)
    return made, twin


def _weight(variable: Any, rng: np.random.Generator) -> np.ndarray:
    shape, path = variable.shape, variable.path
    if "seed" in path or "int" in str(variable.dtype):
        return np.asarray(variable)
    if "variance" in path:
        return rng.uniform(0.5, 2, shape).astype(np.float32)
    if len(shape) < 2:
        return rng.normal(0.3 if "gamma" in path else 0, 0.5, shape).astype(np.float32)
    fan = max(np.prod(shape[:-1]), 1)
    return rng.normal(0, 1.5 / np.sqrt(fan), shape).astype(np.float32)


def _with_policy(seed: int, policy: str) -> Made:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return _Builder(np.random.default_rng(seed), policy).made()
    finally:
        keras.config.set_dtype_policy(before)


class _Builder:
    """Draws a network; the same numbers draw the same one, whatever the policy."""

    def __init__(self, rng: np.random.Generator, policy: str) -> None:
        rng.integers(9)
        self.rng, self.policy, self.count = rng, policy, 0
        self.spots: list[tuple[str, Any]] = []

    def one(self, *things: Any) -> Any:
        return things[self.rng.integers(len(things))]

    def named(self, layer: str) -> str:
        self.count += 1
        return f"{layer}{self.count}"

    def made(self) -> Made:
        rows, columns = (int(n) for n in self.rng.integers(8, 13, 2))
        dtype = "float64" if self.policy == "float64" else "float32"
        inputs = keras.Input((rows, columns, 3), dtype=dtype)
        x = self.front(inputs)
        for _ in range(self.rng.integers(1, 5)):
            x = self.block(x)
        model, logits = self.ending(inputs, x)
        names = tuple(name for name, _ in self.spots)
        inside = keras.Model(inputs, [logits, *(x for _, x in self.spots)])
        return Made(model, inside, names, self.policy)

    def spot(self, layer: Any, x: Any) -> Any:
        x = layer(x)
        self.spots.append((layer.name, x))
        return x

    def front(self, x: Any) -> Any:
        kind = self.rng.integers(5)
        if kind == 0:
            x = L.Rescaling(1 / 2, -0.1)(x)
        elif kind == 1:
            x = L.Lambda(lambda t: t[..., ::-1] - 0.2)(x)
        elif kind == 2:
            x = L.Permute((2, 1, 3))(x)
        elif kind == 3:
            x = L.ZeroPadding2D(((1, 0), (0, 2)))(x)
        return self.spot(L.Conv2D(self.one(4, 6), 3, padding="same", name=self.named("first")), x)

    def activation(self, x: Any) -> Any:
        name = self.one(*(a for a in ACTIVATIONS if not a.endswith("_off")))
        kind = self.rng.integers(8)
        if kind == 0:
            return L.PReLU(shared_axes=[1, 2])(x)
        if kind == 1:
            return L.ReLU(self.one(None, 3.0, 6.0))(x)
        if kind == 2:
            return InAFunction()(x)
        if kind == 3:
            return L.Lambda(self.one(ops.square, lambda t: t * ops.sigmoid(t), ops.abs))(x)
        if kind == 4:
            return self.one(Reversal, Stopped, ByTheBatch)()(x)
        return L.Activation(name, name=self.named("activation"))(x)

    def block(self, x: Any) -> Any:
        units = x.shape[-1]
        kind = self.rng.integers(13)
        conv = self.named("conv")
        if kind == 0:
            x = self.spot(L.Conv2D(6, self.one(1, (2, 3)), padding="same", name=conv), x)
        elif kind == 1:
            x = self.spot(L.Conv2D(6, 3, padding="same", dilation_rate=2, name=conv), x)
        elif kind == 2:
            x = L.Conv2D(4, 1)(x)
            x = self.spot(L.Conv2D(6, 3, groups=2, padding="same", name=conv), x)
        elif kind == 3:
            x = self.spot(L.DepthwiseConv2D(3, padding="same", name=conv), x)
        elif kind == 4:
            x = self.spot(L.SeparableConv2D(5, 3, padding="same", name=conv), x)
        elif kind == 5:
            x = L.Conv2DTranspose(4, 3, strides=self.one(1, 2), padding="same")(x)
            x = L.AveragePooling2D(2, padding="same")(x)
        elif kind == 6:
            y = self.activation(L.Conv2D(units, 3, padding="same")(x))
            x = self.one(L.Add, L.Multiply, L.Maximum, L.Average, L.Subtract)()([x, y])
        elif kind == 7:
            x = L.Concatenate()([self.activation(x), L.Conv2D(3, 1)(x)])
        elif kind == 8:
            gate = L.Dense(units, activation="sigmoid")(L.GlobalAveragePooling2D(keepdims=True)(x))
            x = L.Multiply()([x, gate])
        elif kind == 9:
            shared = L.Conv2D(units, 3, padding="same", name=conv)
            x = shared(self.activation(shared(x)))
        elif kind == 10:
            x = self.nested(x)
        elif kind == 11:
            x = self.attention(x)
        else:
            x = L.UpSampling2D(2, interpolation=self.one("nearest", "bilinear"))(x)
            x = L.MaxPooling2D(2)(x)
        if self.rng.random() < 0.4:
            norm = self.one(L.BatchNormalization, L.LayerNormalization, L.UnitNormalization)
            x = norm()(x)
        if self.rng.random() < 0.8:
            x = self.activation(x)
        if self.rng.random() < 0.3:
            pool = self.one(L.MaxPooling2D, L.AveragePooling2D)
            x = pool(self.one(2, 3), strides=2, padding="same")(x)
        if self.rng.random() < 0.2:
            x = self.one(L.Dropout, L.SpatialDropout2D, L.GaussianNoise)(0.3)(x)
        return x

    def nested(self, x: Any) -> Any:
        shape = x.shape[1:]
        if self.rng.random() < 0.5:
            inner = keras.Sequential(
                [keras.Input(shape), L.Conv2D(5, 3, padding="same"), L.ReLU()],
                name=self.named("inner"),
            )
        else:
            given = keras.Input(shape)
            inner = keras.Model(given, self.block(given), name=self.named("inner"))
            self.spots = [s for s in self.spots if s[0] not in {i.name for i in inner.layers}]
        return inner(x)

    def attention(self, x: Any) -> Any:
        rows, columns, units = x.shape[1:]
        t = L.Reshape((rows * columns, units))(x)
        t = L.Add()([t, L.MultiHeadAttention(2, 3)(L.LayerNormalization()(t), t)])
        return L.Reshape((rows, columns, units))(t)

    def ending(self, inputs: Any, x: Any) -> tuple[keras.Model, Any]:
        head = self.one(L.Flatten, L.GlobalAveragePooling2D, L.GlobalMaxPooling2D)()(x)
        if self.rng.random() < 0.3:
            head = L.Dense(6, activation="relu")(head)
        end = self.rng.integers(9)
        if end == 0:
            logits = L.Conv2D(4, 1)(L.GlobalAveragePooling2D(keepdims=True)(x))
            logits = L.Flatten()(logits)
            return keras.Model(inputs, L.Softmax()(logits)), logits
        logits = L.Dense(4, name="logits")(head)
        ends = {
            1: lambda z: L.Softmax()(z),
            2: lambda z: L.Activation("softmax", dtype="float32")(z),
            3: lambda z: L.Lambda(tf.nn.softmax)(z),
            4: lambda z: Hand()(z),
            5: lambda z: L.Flatten()(L.Softmax()(L.Reshape((1, 1, 4))(z))),
            6: lambda z: L.Activation("sigmoid")(z),
            7: lambda z: L.Activation("log_softmax")(z),
            8: lambda z: z,
        }
        return keras.Model(inputs, ends[int(end)](logits)), logits
