"""Watch a Keras model's forward pass: which layers are called, on what, with what result.

Keras keeps no record of the layers inside a subclassed model, and a nested model hides its own. So
nothing is read from the model's description: while TensorFlow traces the model's call, every
`keras.layers.Layer.__call__` of this thread is noted. Functional, Sequential, subclassed and
nested models are then all the same, and the model itself is not touched.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from cnnvis_widgets.backend.graph.batchnorm_folding import folded
from cnnvis_widgets.backend.relu_rules import is_gate

_LOCK = threading.RLock()  # the hook is the class's, so one trace at a time in the process
_THREAD = threading.local()


@dataclass(frozen=True)
class Call:
    """One call of one layer within a traced forward pass.

    Attributes:
        path: the names of the enclosing models and layers and of the layer itself, joined by "/";
            a layer called again has "#2", "#3" … at its end.
        kind: the layer's class name.
        output: the symbolic result.
        operations: where in the graph's list of operations those of this call stand.
        listed: false for a container that only hands on what its last layer returned.
        layer: the layer itself; None for a ReLU that is no layer's.
        parameters: how many numbers it holds, trained or not; those of layers within it, and of
            the same layer called before, are counted there.
        window: of a convolution: kernel, strides, dilation, padding, as the layer declares them.
            (With groups its operation is a function's call that does not tell.)
    """

    path: str
    kind: str
    output: tf.Tensor
    operations: range
    listed: bool
    layer: keras.layers.Layer | None = None
    parameters: int = 0
    window: tuple[Any, Any, Any, str] | None = None


@dataclass(frozen=True)
class Forward:
    """A traced forward pass, alive within its graph."""

    pixels: tf.Tensor
    output: Any
    calls: tuple[Call, ...]


class _Recorder:
    def __init__(self, root: keras.Model, graph: Any, fold: bool) -> None:
        self.root, self.graph, self.fold = root, graph, fold
        self.stack: list[str] = []
        self.calls: list[Call] = []
        self.seen: Counter[str] = Counter()
        self.counted: set[int] = set()

    def parameters(self, layer: keras.layers.Layer) -> int:
        """The numbers in those of a layer's weights that no call before has counted."""
        new = {id(w): math.prod(w.shape) for w in layer.weights if id(w) not in self.counted}
        self.counted |= set(new)
        return sum(new.values())

    def record(self, layer: keras.layers.Layer, call: Any, args: Any, kwargs: Any) -> Any:
        if layer is self.root:
            return call(layer, *args, **kwargs)
        graph, path = self.graph, "/".join([*self.stack, layer.name])
        self.seen[path] += 1
        name = layer.name if self.seen[path] == 1 else f"{layer.name}#{self.seen[path]}"
        self.stack.append(name)
        path, before, first = "/".join(self.stack), len(self.calls), graph.version
        try:
            quicker = folded(layer, args, kwargs) if self.fold else None
            output = call(layer, *args, **kwargs) if quicker is None else quicker
        finally:
            self.stack.pop()
        # A call inside another function's graph (a tf.function of the user's) cannot be reached.
        if isinstance(output, tf.Tensor) and getattr(output, "graph", None) is self.graph:
            listed = all(output is not inner.output for inner in self.calls[before:])
            operations = range(first, graph.version)
            kind, count = type(layer).__name__, self.parameters(layer)
            window = _declared_window(layer)
            self.calls.append(Call(path, kind, output, operations, listed, layer, count, window))
        return output


def trace(model: keras.Model, pixels: tf.Tensor, fold: bool = False) -> Forward:
    """Call `model` in inference mode inside the current graph and note every layer's call.

    Args:
        model: any Keras model with one image input.
        pixels: symbolic float32 (batch, rows, columns, channels).
        fold: BatchNorm after a convolution becomes part of it, see `folding.py`.
    """
    recorder = _Recorder(model, pixels.graph, fold)
    with _recording(recorder):
        output = model(_as_given(model, pixels), training=False)
    return Forward(pixels, output, _with_gates_between(recorder))


def _with_gates_between(recorder: _Recorder) -> tuple[Call, ...]:
    """The calls, and those ReLUs between them that are no layer's result.

    `x = tf.nn.relu(self.bn(x))` in a model's call is as much a layer as any: published methods
    mean the map after it. It is listed as "relu", "relu#2" … within its model.
    """
    calls = recorder.calls
    leaves = {i for call in calls if not _contains_calls(call, calls) for i in call.operations}
    known = {call.output.name for call in calls}
    between = []
    for i, op in enumerate(recorder.graph.get_operations()):
        if i not in leaves and is_gate(op) and op.outputs[0].name not in known:
            around = [call.path for call in calls if i in call.operations]
            path = "/".join([*around[:1], op.type.lower()])  # the innermost stands first
            recorder.seen[path] += 1
            if recorder.seen[path] > 1:
                path = f"{path}#{recorder.seen[path]}"
            between.append(Call(path, op.type, op.outputs[0], range(i, i + 1), True))
    return tuple(sorted([*between, *calls], key=lambda call: call.operations.stop))


def _declared_window(layer: keras.layers.Layer) -> tuple[Any, Any, Any, str] | None:
    names = ("kernel_size", "strides", "dilation_rate", "padding")
    if not all(hasattr(layer, name) for name in names) or len(layer.kernel_size) != 2:
        return None
    return layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding


def _contains_calls(outer: Call, calls: list[Call]) -> bool:
    return any(call.path.startswith(f"{outer.path}/") for call in calls)


def _as_given(model: keras.Model, pixels: tf.Tensor) -> Any:
    """The pixels in the list or dictionary that `keras.Model({"image": x}, …)` asks for."""
    try:
        return keras.tree.pack_sequence_as(model.input, [pixels])
    except (AttributeError, ValueError):  # subclassed
        return pixels


@contextmanager
def _recording(recorder: _Recorder) -> Iterator[None]:
    with _LOCK:
        original = keras.layers.Layer.__call__

        def __call__(self: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
            mine: _Recorder | None = getattr(_THREAD, "recorder", None)
            if mine is None:  # another thread's model: none of our business
                return original(self, *args, **kwargs)
            return mine.record(self, original, args, kwargs)

        _THREAD.recorder = recorder
        keras.layers.Layer.__call__ = __call__
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = original
            _THREAD.recorder = None
