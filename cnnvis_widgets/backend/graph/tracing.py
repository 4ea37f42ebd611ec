"""Record a Keras model's forward pass: every call of a layer, and its result.

Keras keeps no record of the layers inside a subclassed model, and a nested model hides its own. So
while TensorFlow traces the model's call, every `keras.layers.Layer.__call__` of this thread is
recorded. This works for functional, Sequential, subclassed and nested models alike, and does not
change the model.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from cnnvis_widgets.backend.graph.batchnorm_folding import folded
from cnnvis_widgets.backend.graph.derivatives import override_custom_gradients
from cnnvis_widgets.backend.graph.fixed_inputs import fixed_inputs
from cnnvis_widgets.backend.graph.function_inlining import inlined_functions
from cnnvis_widgets.backend.graph.precision import (
    in_single_precision,
    is_half,
    not_rounding,
    rounds_its_input,
)
from cnnvis_widgets.backend.graph.substitution import substitution
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
        operations: the indices of this call's operations in the graph's list.
        listed: false for a container that only returns its last layer's result.
        layer: the layer itself; None for a ReLU outside any layer.
        parameters: the number of its weights, trainable or not, without those of inner layers and
            of earlier calls.
        window: of a convolution: kernel, strides, dilation, padding, as the layer declares them.
            (A grouped convolution's operation is a function call without these attributes.)
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
    """A traced forward pass within its graph.

    Attributes:
        pixels: the input.
        output: what the model returns.
        calls: of its layers, in the order in which they return.
        substitutes: tensors that replace layers' results (`substitution.py`), signals as the
            pixels are.
        inlined: whether a function of the model was traced as part of it.
        half: whether the model computes in half precision, and was traced in float32.
    """

    pixels: tf.Tensor
    output: Any
    calls: tuple[Call, ...]
    inlined: bool = False
    half: bool = False
    substitutes: tuple[tf.Tensor, ...] = ()


class _Mark(NamedTuple):
    """A position in a trace."""

    version: int
    calls: int
    stack: tuple[str, ...]
    path_counts: Counter[str]
    counted_weights: frozenset[int]


class _Recorder:
    def __init__(
        self,
        root: keras.Model,
        graph: Any,
        fold: bool = False,
        single: bool = False,
        relevance: bool = False,
    ) -> None:
        self.root, self.graph, self.fold, self.single = root, graph, fold, single
        self.relevance = relevance
        self.stack: list[str] = []
        self.calls: list[Call] = []
        self.path_counts: Counter[str] = Counter()
        self.counted_weights: set[int] = set()
        self.discarded: list[range] = []  # operations of failed attempts
        self.bodies: list[
            range
        ] = []  # operations copied from functions, whose layers were not called
        self.inlined = False

    def mark(self) -> _Mark:
        """The current position in the trace."""
        path_counts, counted_weights = Counter(self.path_counts), frozenset(self.counted_weights)
        return _Mark(
            self.graph.version, len(self.calls), tuple(self.stack), path_counts, counted_weights
        )

    def rewind(self, mark: _Mark) -> None:
        """Discard what was recorded since."""
        self.discarded.append(range(mark.version, self.graph.version))
        del self.calls[mark.calls :]
        self.stack[:], self.path_counts, self.counted_weights = (
            mark.stack,
            mark.path_counts,
            set(mark.counted_weights),
        )

    def unique_path(self, path: str) -> str:
        """The path, with a number if it is in use."""
        self.path_counts[path] += 1
        return path if self.path_counts[path] == 1 else f"{path}#{self.path_counts[path]}"

    def copied(self, mark: _Mark) -> None:
        """Mark what was traced since as the body of a function."""
        self.bodies.append(range(mark.version, self.graph.version))
        self.inlined = True

    def parameters(self, layer: keras.layers.Layer) -> int:
        """The number of a layer's weights that no earlier call has counted."""
        uncounted = {
            id(w): math.prod(w.shape) for w in layer.weights if id(w) not in self.counted_weights
        }
        self.counted_weights |= set(uncounted)
        return sum(uncounted.values())

    def record(self, layer: keras.layers.Layer, call: Any, args: Any, kwargs: Any) -> Any:
        if layer is self.root:
            return call(layer, *args, **kwargs)
        graph, path = self.graph, "/".join([*self.stack, layer.name])
        self.path_counts[path] += 1
        name = (
            layer.name if self.path_counts[path] == 1 else f"{layer.name}#{self.path_counts[path]}"
        )
        self.stack.append(name)
        path, calls_before, first_version = "/".join(self.stack), len(self.calls), graph.version
        try:
            folded_result = folded(layer, args, kwargs) if self.fold else None
            if folded_result is not None:
                output = folded_result
            elif self.relevance and rounds_its_input(layer):
                output = call(not_rounding(layer), *args, **kwargs)
            else:
                output = call(layer, *args, **kwargs)
        finally:
            self.stack.pop()
        if substitute := substitution():
            output = substitute.instead(path, output)
        # A call inside another function's graph (a tf.function of the user's) is not accessible.
        if isinstance(output, tf.Tensor) and getattr(output, "graph", None) is self.graph:
            listed = all(output is not inner.output for inner in self.calls[calls_before:])
            operations = range(first_version, graph.version)
            kind, count = type(layer).__name__, self.parameters(layer)
            window = _declared_window(layer)
            self.calls.append(Call(path, kind, output, operations, listed, layer, count, window))
        return output


def trace(
    model: keras.Model, pixels: tf.Tensor, fold: bool = False, relevance: bool = False
) -> Forward:
    """Call `model` in inference mode inside the current graph and record every layer's call.

    Args:
        model: any Keras model with one image input.
        pixels: symbolic float32 (batch, rows, columns, channels).
        fold: BatchNorm after a convolution becomes part of it, see `batchnorm_folding.py`.
        relevance: for relevance propagation: declared gradients are overridden, and quantised
            layers do not round their input.
    """
    single = is_half(model)
    first_version = pixels.graph.version
    recorder = _Recorder(model, pixels.graph, fold, single, relevance)
    try:
        output = _called(recorder, pixels)
    except Exception:
        if not single:
            raise
        recorder = _Recorder(
            model, pixels.graph, fold, False, relevance
        )  # it contains tensors of half precision
        recorder.discarded.append(range(first_version, pixels.graph.version))
        output = _called(recorder, pixels)
    override_custom_gradients(pixels.graph.get_operations()[first_version:], always=relevance)
    calls = _with_unlisted(recorder)
    substitute = substitution()
    substitutes = (substitute.value,) if substitute else ()
    return Forward(pixels, output, calls, recorder.inlined, recorder.single, substitutes)


def _called(recorder: _Recorder, pixels: tf.Tensor) -> Any:
    with (
        _recording(recorder),
        inlined_functions(_watching),
        in_single_precision(lambda: recorder.single and _watching() is recorder),
    ):
        return recorder.root(_model_input(recorder.root, pixels), training=False)


def _watching() -> _Recorder | None:
    """The recorder of this thread, if any."""
    return getattr(_THREAD, "recorder", None)


def _with_unlisted(recorder: _Recorder) -> tuple[Call, ...]:
    """The calls, and the ReLUs between them that are not a layer's result.

    `x = tf.nn.relu(self.bn(x))` in a model's call counts as a layer: published methods refer to
    the map after it. It is listed as "relu", "relu#2" … within its model.
    """
    calls = [*recorder.calls, *_in_bodies(recorder)]
    leaves = {i for call in calls if not _contains_calls(call, calls) for i in call.operations}
    leaves |= {i for discarded in recorder.discarded for i in discarded}
    leaves -= {i for body in recorder.bodies for i in body}
    layer_outputs = {call.output.name for call in calls}
    between = []
    for i, op in enumerate(recorder.graph.get_operations()):
        if i not in leaves and is_gate(op) and op.outputs[0].name not in layer_outputs:
            enclosing = [call.path for call in calls if i in call.operations]
            name = "/".join([*enclosing[:1], op.type.lower()])  # the innermost call is first
            path = recorder.unique_path(name)
            between.append(Call(path, op.type, op.outputs[0], range(i, i + 1), True))
    return tuple(sorted([*between, *calls], key=lambda call: call.operations.stop))


def _in_bodies(recorder: _Recorder) -> list[Call]:
    """The layers of copied functions, identified by their operations' names."""
    operations = recorder.graph.get_operations()
    calls: list[Call] = []
    for body in recorder.bodies:
        enclosing = [call.path for call in recorder.calls if body.start in call.operations]
        ends: dict[str, int] = {}
        for i in body:
            op = operations[i]
            result = op.outputs[0] if len(op.outputs) == 1 else None
            if result is None or not result.dtype.is_floating or op.type == "ReadVariableOp":
                continue
            if result.shape.rank and result.shape.rank > 1 and result.shape[0] is None:
                ends[op.name.rpartition("/")[0]] = i
        for scope, i in ends.items():
            path = recorder.unique_path(
                "/".join([*enclosing[:1], scope.rpartition("/")[2] or "function"])
            )
            within = [k for k in body if k <= i and operations[k].name.startswith(f"{scope}/")]
            span = range(min(within, default=i), i + 1)
            calls.append(Call(path, "Function", operations[i].outputs[0], span, True))
    return calls


def _declared_window(layer: keras.layers.Layer) -> tuple[Any, Any, Any, str] | None:
    names = ("kernel_size", "strides", "dilation_rate", "padding")
    if not all(hasattr(layer, name) for name in names) or len(layer.kernel_size) != 2:
        return None
    return layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding


def _contains_calls(outer: Call, calls: list[Call]) -> bool:
    return any(call.path.startswith(f"{outer.path}/") for call in calls)


def _model_input(model: keras.Model, pixels: tf.Tensor) -> Any:
    """The pixels in the list or dictionary that `keras.Model({"image": x}, …)` asks for."""
    if fixed := fixed_inputs():
        return fixed.with_pixels(pixels)
    try:
        return keras.tree.pack_sequence_as(model.input, [pixels])
    except (AttributeError, ValueError):  # subclassed: as in the call that built it
        built_shape = (model.get_build_config() or {}).get("input_shape")
    if isinstance(built_shape, dict) and len(built_shape) == 1:
        return {next(iter(built_shape)): pixels}
    return [pixels] if isinstance(built_shape, list) and len(built_shape) == 1 else pixels


@contextmanager
def _recording(recorder: _Recorder) -> Iterator[None]:
    with _LOCK:
        original = keras.layers.Layer.__call__

        def __call__(self: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
            active = _watching()
            if active is None:  # another thread's model
                return original(self, *args, **kwargs)
            return active.record(self, original, args, kwargs)

        _THREAD.recorder = recorder
        keras.layers.Layer.__call__ = __call__
        try:
            yield
        finally:
            keras.layers.Layer.__call__ = original
            _THREAD.recorder = None
