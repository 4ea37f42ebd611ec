"""Random small networks out of most of Keras' layers, each with a twin in double precision.

A seed draws the same layers twice: once as a user builds them, in any precision and wrapping, and
once as a `Twin`, whose values, layers and neurons can be read by the tests.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from oracles import random_layers as own
from oracles.random_blocks import Blocks
from oracles.random_layers import L, ops

POLICIES = (
    *("float32", "float32", "float32", "float32", "mixed_float16", "mixed_bfloat16"),
    *("float64", "float16"),
)
PROBABILITIES = ("softmax", "sigmoid")


@dataclass
class Twin:
    """The network in double precision: logits, outputs, and what each layer gives.

    Attributes:
        model: [logits, output] of (picture, …).
        nudges: layer → the `Nudge` behind it.
        attentions: the attention scores' nudges, first to last.
        held: the value of the second input; empty if there is none.
    """

    model: Any
    nudges: dict[str, own.Nudge]
    attentions: list[own.Nudge]
    held: dict[str, np.ndarray]

    def run(self, batch: Any) -> tuple[Any, Any]:
        """Logits and output of a batch, float64."""
        batch = tf.convert_to_tensor(batch, tf.float64)
        more = [tf.repeat(tf.constant(v[None], tf.float64), len(batch), 0) for v in
                self.held.values()]  # fmt: skip
        return self.model([batch, *more] if more else batch, training=False)

    def layer(self, batch: Any, name: str | None) -> Any:
        """What a layer gives for a batch; None: the logits."""
        logits, _ = self.run(batch)
        return logits if name is None else self.nudges[name].seen


@dataclass
class Made:
    """A network as a user brings it.

    Attributes:
        model: the Keras model.
        inputs: what `cnnvis.Network(model, inputs=…)` takes.
        policy: its precision.
        ending: how it ends.
        wrapping: how it is wrapped.
        units: output units.
        several: whether it has several outputs, the explained one being the first.
        tags: kinds of layers in it.
    """

    model: Any
    inputs: dict[str, np.ndarray]
    policy: str
    ending: str
    wrapping: str
    units: int
    several: bool
    tags: set[str] = field(default_factory=set)


def drawn(seed: int) -> tuple[Made, Twin]:
    """The network of a seed, and its twin with the same weights."""
    policy = POLICIES[np.random.default_rng(seed).integers(len(POLICIES))]
    builder = _with_policy(seed, policy, False)
    twin = _with_policy(seed, "float64", True)
    rng = np.random.default_rng(seed + 1)
    builder.model.set_weights([_weight(w, rng) for w in builder.model.weights])
    # Read back, so that what half precision makes of them is the twin's as well.
    twin.inside.set_weights([w.astype(np.float64) for w in builder.model.get_weights()])
    made = Made(
        builder.wrapped(), builder.held, policy, builder.end, builder.wrapping, builder.units,
        builder.several, builder.tags,
    )  # fmt: skip
    return made, Twin(twin.inside, twin.nudges, twin.attentions, twin.held)


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


def _with_policy(seed: int, policy: str, twin: bool) -> Builder:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        return Builder(np.random.default_rng(seed), policy, twin)
    finally:
        keras.config.set_dtype_policy(before)


class Builder(Blocks):
    """Draws a whole network."""

    def __init__(self, rng: np.random.Generator, policy: str, twin: bool) -> None:
        super().__init__(rng, policy, twin)
        rng.integers(9)
        self.held: dict[str, np.ndarray] = {}
        self.several = False
        kinds = ("subclassed", "function", "layer", "savedmodel", "batch of one", "dictionary")
        self.wrapping = kinds[rng.integers(len(kinds))] if self.often(0.3) else "none"
        if self.wrapping == "savedmodel" and self.often(0.6):
            self.wrapping = "none"  # writing one takes a second
        channels = 4 if self.often(0.02) else self.one(3, 3, 3, 1)
        size = (*(int(n) for n in rng.integers(7, 14, 2)), channels)
        batch = 1 if self.wrapping == "batch of one" and not twin else None
        given = keras.Input(size, batch_size=batch, dtype=self.input_dtype, name="picture")
        x = self.front(given)
        for _ in range(rng.integers(1, 5)):
            x = self.block(x)
        inputs = [given]
        head = self.head(x)
        if self.wrapping == "none" and self.often(0.1) and len(head.shape) == 2:
            self.held = {"age": rng.normal(size=3).astype(np.float32)}
            inputs.append(keras.Input((3,), batch_size=batch, dtype=self.input_dtype, name="age"))
            head = self.put(L.Concatenate(), [head, self.put(L.Dense(2), inputs[1])])
        output, logits = self.ending(head)
        outputs = output
        if self.wrapping in ("none", "subclassed") and self.often(0.07):
            other = self.put(L.Dense(2), self.put(L.GlobalAveragePooling2D(), x))
            self.several, outputs = True, [output, other]
        given = inputs if len(inputs) > 1 else inputs[0]
        self.model = None if twin else keras.Model(given, outputs, name="network")
        # The weights of a second output come last, as those of the whole do.
        more = outputs[1:] if self.several else []
        self.inside = keras.Model(given, [logits, output, *more]) if twin else None

    def head(self, x: Any) -> Any:
        if self.often(0.08):
            return x  # a map of answers
        head = self.one(
            L.Flatten(), L.Flatten(), L.GlobalAveragePooling2D(), L.GlobalAveragePooling2D(),
            L.GlobalMaxPooling2D(),
        )  # fmt: skip
        x = self.put(head, x)
        if self.often(0.3):
            x = self.put(L.Dense(6, activation=self.one(self.relu(), "tanh", "gelu")), x)
        if self.often(0.1):
            x = self.put(L.LayerNormalization(), x)
        return x

    def ending(self, x: Any) -> tuple[Any, Any]:
        """The output and what comes before softmax or sigmoid, if anything does."""
        self.units = self.one(4, 4, 4, 4, 3, 1)
        kinds = [k for k in dir(self) if k.startswith("end_")]
        if self.units == 1:
            kinds = ["end_sigmoid", "end_none", "end_fused_sigmoid"]
        elif len(x.shape) == 4:
            kinds = ["end_softmax", "end_fused", "end_none", "end_sigmoid", "end_log_softmax"]
        name = kinds[self.rng.integers(len(kinds))]
        self.end = name.removeprefix("end_")
        logits = L.Dense(self.units) if len(x.shape) == 2 else L.Conv2D(self.units, 1)
        if name.startswith("end_fused") and not self.twin:
            logits.activation = keras.activations.get(PROBABILITIES["sigmoid" in name])
            z = self.put(logits, x)
            return (self.flat_softmax(z) if name == "end_fused_reshaped" else z), z
        z = self.put(logits, x)
        return getattr(self, name)(z)

    def flat_softmax(self, z: Any) -> Any:
        return self.put(L.Flatten(), self.put(L.Reshape((1, 1, self.units)), z))

    def end_softmax(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Softmax(), z), z

    def end_softmax_float32(self, z: Any) -> tuple[Any, Any]:
        kept = None if self.policy == "float64" else "float32"
        return self.put(L.Activation("softmax", dtype=kept), z), z

    def end_fused(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Softmax(), z), z

    def end_fused_reshaped(self, z: Any) -> tuple[Any, Any]:
        return self.flat_softmax(self.put(L.Softmax(), z)), z

    def end_fused_sigmoid(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Activation("sigmoid"), z), z

    def end_lambda(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Lambda(tf.nn.softmax), z), z

    def end_operation(self, z: Any) -> tuple[Any, Any]:
        return ops.softmax(z), z

    def end_hand(self, z: Any) -> tuple[Any, Any]:
        return self.put(own.Hand(), z), z

    def end_function(self, z: Any) -> tuple[Any, Any]:
        return self.put(own.SoftmaxInAFunction(), z), z

    def end_between_reshapes(self, z: Any) -> tuple[Any, Any]:
        shaped = self.put(L.Softmax(), self.put(L.Reshape((1, 1, self.units)), z))
        return self.put(L.Flatten(), shaped), z

    def end_nested(self, z: Any) -> tuple[Any, Any]:
        given = keras.Input(z.shape[1:], dtype=self.input_dtype)
        self.count += 1
        return keras.Model(given, L.Softmax()(given), name=f"end_{self.count}")(z), z

    def end_temperature(self, z: Any) -> tuple[Any, Any]:
        z = self.put(L.Rescaling(0.5), z)
        return self.put(L.Softmax(), z), z

    def end_clipped(self, z: Any) -> tuple[Any, Any]:
        return ops.clip(self.put(L.Softmax(), z), 1e-7, 1), z

    def end_dropout(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Dropout(0.5), self.put(L.Softmax(), z)), z

    def end_log_softmax(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Activation("log_softmax"), z), z

    def end_sigmoid(self, z: Any) -> tuple[Any, Any]:
        return self.put(L.Activation("sigmoid"), z), z

    def end_none(self, z: Any) -> tuple[Any, Any]:
        return z, z

    def end_hard_sigmoid(self, z: Any) -> tuple[Any, Any]:
        z = self.put(L.Activation("hard_sigmoid"), z)
        return z, z

    def end_tanh(self, z: Any) -> tuple[Any, Any]:
        z = self.put(L.Activation("tanh"), z)
        return z, z

    def end_normalised(self, z: Any) -> tuple[Any, Any]:
        z = self.put(L.UnitNormalization(), z)
        return z, z

    def end_averaged(self, z: Any) -> tuple[Any, Any]:
        other = self.put(L.Softmax(), self.put(L.Dense(self.units), z))
        y = self.put(L.Average(), [self.put(L.Softmax(), z), other])
        return y, y

    def wrapped(self) -> Any:
        """The model as the user brings it."""
        if self.wrapping in ("none", "batch of one"):
            return self.model
        if self.wrapping == "savedmodel":
            with tempfile.TemporaryDirectory() as folder:
                self.model.export(folder, verbose=False)
                dtype = self.model.inputs[0].dtype
                layer = L.TFSMLayer(folder, call_endpoint="serve", dtype=dtype)
            return _around(self.model, layer)
        if self.wrapping == "layer":
            return _around(self.model, _Calling(self.model))
        model = {"subclassed": Subclassed, "function": InFunction, "dictionary": Dictionary}[
            self.wrapping
        ](self.model)
        model(np.zeros((1, *self.model.input_shape[1:]), self.model.inputs[0].dtype))
        return model


class Subclassed(keras.Model):
    """A model whose `call` is Python."""

    def __init__(self, inner: Any) -> None:
        super().__init__(dtype=inner.dtype_policy, name="wrapped")
        self.inner = inner

    def call(self, x: Any) -> Any:
        return self.inner(x)


class InFunction(Subclassed):
    """A model whose `call` is a tf.function."""

    @tf.function
    def call(self, x: Any) -> Any:
        return self.inner(x)


class Dictionary(Subclassed):
    """A model that answers with a dictionary."""

    def call(self, x: Any) -> Any:
        return {"answer": self.inner(x)}


class _Calling(L.Layer):
    """A layer that calls a model within a tf.function."""

    def __init__(self, inner: Any) -> None:
        super().__init__(dtype=inner.dtype_policy, name="calling")
        self.inner = inner
        self.function = tf.function(lambda x: inner(x))

    def call(self, x: Any) -> Any:
        return self.function(x)

    def compute_output_shape(self, shape: Any) -> Any:
        return self.inner.compute_output_shape(shape)


def _around(model: Any, layer: Any) -> Any:
    given = keras.Input(model.input_shape[1:], dtype=model.inputs[0].dtype)
    return keras.Model(given, layer(given), name="around")
