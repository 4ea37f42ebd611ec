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
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from cnnvis_widgets.backend.graph.batchnorm_folding import folded
from cnnvis_widgets.backend.graph.derivatives import follow_the_operations
from cnnvis_widgets.backend.graph.function_inlining import inlined_functions
from cnnvis_widgets.backend.graph.held_inputs import held_inputs
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
        operations: where those of this call are in the graph's list of operations.
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
    """A traced forward pass, alive within its graph.

    Attributes:
        pixels: the input.
        output: whatever the model returns.
        calls: of its layers, in the order in which they answer.
        others: what stands in for layers' results (`substitution.py`), signals as the pixels are.
        opened: whether a function of the model's own was traced as part of it.
        half: whether the model computes in half precision, and was traced in float32.
    """

    pixels: tf.Tensor
    output: Any
    calls: tuple[Call, ...]
    opened: bool = False
    half: bool = False
    others: tuple[tf.Tensor, ...] = ()


class _Mark(NamedTuple):
    """A position in a trace."""

    version: int
    calls: int
    stack: tuple[str, ...]
    seen: Counter[str]
    counted: frozenset[int]


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
        self.seen: Counter[str] = Counter()
        self.counted: set[int] = set()
        self.given_up: list[range] = []  # operations of what was tried and failed
        self.bodies: list[range] = []  # copied out of functions, whose layers nobody saw
        self.opened = False

    def mark(self) -> _Mark:
        """The current position in the trace."""
        seen, counted = Counter(self.seen), frozenset(self.counted)
        return _Mark(self.graph.version, len(self.calls), tuple(self.stack), seen, counted)

    def rewind(self, mark: _Mark) -> None:
        """Forget what was noted since."""
        self.given_up.append(range(mark.version, self.graph.version))
        del self.calls[mark.calls :]
        self.stack[:], self.seen, self.counted = mark.stack, mark.seen, set(mark.counted)

    def named(self, path: str) -> str:
        """A path that no call has yet."""
        self.seen[path] += 1
        return path if self.seen[path] == 1 else f"{path}#{self.seen[path]}"

    def copied(self, mark: _Mark) -> None:
        """What was traced since is the body of a function."""
        self.bodies.append(range(mark.version, self.graph.version))
        self.opened = True

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
            if quicker is not None:
                output = quicker
            elif self.relevance and rounds_its_input(layer):
                output = call(not_rounding(layer), *args, **kwargs)
            else:
                output = call(layer, *args, **kwargs)
        finally:
            self.stack.pop()
        if exchanged := substitution():
            output = exchanged.instead(path, output)
        # A call inside another function's graph (a tf.function of the user's) cannot be reached.
        if isinstance(output, tf.Tensor) and getattr(output, "graph", None) is self.graph:
            listed = all(output is not inner.output for inner in self.calls[before:])
            operations = range(first, graph.version)
            kind, count = type(layer).__name__, self.parameters(layer)
            window = _declared_window(layer)
            self.calls.append(Call(path, kind, output, operations, listed, layer, count, window))
        return output


def trace(
    model: keras.Model, pixels: tf.Tensor, fold: bool = False, relevance: bool = False
) -> Forward:
    """Call `model` in inference mode inside the current graph and note every layer's call.

    Args:
        model: any Keras model with one image input.
        pixels: symbolic float32 (batch, rows, columns, channels).
        fold: BatchNorm after a convolution becomes part of it, see `batchnorm_folding.py`.
        relevance: every operation hands on what it is given, whatever derivative is declared for
            it, and quantised layers take their input as it is, not rounded.
    """
    single = is_half(model)
    first = pixels.graph.version
    recorder = _Recorder(model, pixels.graph, fold, single, relevance)
    try:
        output = _called(recorder, pixels)
    except Exception:
        if not single:
            raise
        recorder = _Recorder(
            model, pixels.graph, fold, False, relevance
        )  # it mixes in numbers of its own precision
        recorder.given_up.append(range(first, pixels.graph.version))
        output = _called(recorder, pixels)
    follow_the_operations(pixels.graph.get_operations()[first:], always=relevance)
    calls = _with_unlisted(recorder)
    exchanged = substitution()
    others = (exchanged.value,) if exchanged else ()
    return Forward(pixels, output, calls, recorder.opened, recorder.single, others)


def _called(recorder: _Recorder, pixels: tf.Tensor) -> Any:
    with (
        _recording(recorder),
        inlined_functions(_watching),
        in_single_precision(lambda: recorder.single and _watching() is recorder),
    ):
        return recorder.root(_as_given(recorder.root, pixels), training=False)


def _watching() -> _Recorder | None:
    """Who notes what is called on this thread."""
    return getattr(_THREAD, "recorder", None)


def _with_unlisted(recorder: _Recorder) -> tuple[Call, ...]:
    """The calls, and those ReLUs between them that are no layer's result.

    `x = tf.nn.relu(self.bn(x))` in a model's call is as much a layer as any: published methods
    mean the map after it. It is listed as "relu", "relu#2" … within its model.
    """
    calls = [*recorder.calls, *_in_bodies(recorder)]
    leaves = {i for call in calls if not _contains_calls(call, calls) for i in call.operations}
    leaves |= {i for tried in recorder.given_up for i in tried}
    leaves -= {i for body in recorder.bodies for i in body}
    known = {call.output.name for call in calls}
    between = []
    for i, op in enumerate(recorder.graph.get_operations()):
        if i not in leaves and is_gate(op) and op.outputs[0].name not in known:
            around = [call.path for call in calls if i in call.operations]
            path = recorder.named("/".join([*around[:1], op.type.lower()]))  # innermost first
            between.append(Call(path, op.type, op.outputs[0], range(i, i + 1), True))
    return tuple(sorted([*between, *calls], key=lambda call: call.operations.stop))


def _in_bodies(recorder: _Recorder) -> list[Call]:
    """The layers of functions whose layers nobody saw, told apart by their operations' names."""
    operations = recorder.graph.get_operations()
    calls: list[Call] = []
    for body in recorder.bodies:
        around = [call.path for call in recorder.calls if body.start in call.operations]
        ends: dict[str, int] = {}
        for i in body:
            op = operations[i]
            result = op.outputs[0] if len(op.outputs) == 1 else None
            if result is None or not result.dtype.is_floating or op.type == "ReadVariableOp":
                continue
            if result.shape.rank and result.shape.rank > 1 and result.shape[0] is None:
                ends[op.name.rpartition("/")[0]] = i
        for scope, i in ends.items():
            path = recorder.named("/".join([*around[:1], scope.rpartition("/")[2] or "function"]))
            inside = [k for k in body if k <= i and operations[k].name.startswith(f"{scope}/")]
            span = range(min(inside, default=i), i + 1)
            calls.append(Call(path, "Function", operations[i].outputs[0], span, True))
    return calls


def _declared_window(layer: keras.layers.Layer) -> tuple[Any, Any, Any, str] | None:
    names = ("kernel_size", "strides", "dilation_rate", "padding")
    if not all(hasattr(layer, name) for name in names) or len(layer.kernel_size) != 2:
        return None
    return layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding


def _contains_calls(outer: Call, calls: list[Call]) -> bool:
    return any(call.path.startswith(f"{outer.path}/") for call in calls)


def _as_given(model: keras.Model, pixels: tf.Tensor) -> Any:
    """The pixels in the list or dictionary that `keras.Model({"image": x}, …)` asks for."""
    if held := held_inputs():
        return held.beside(pixels)
    try:
        return keras.tree.pack_sequence_as(model.input, [pixels])
    except (AttributeError, ValueError):  # subclassed: as it was called when it was built
        known = (model.get_build_config() or {}).get("input_shape")
    if isinstance(known, dict) and len(known) == 1:
        return {next(iter(known)): pixels}
    return [pixels] if isinstance(known, list) and len(known) == 1 else pixels


@contextmanager
def _recording(recorder: _Recorder) -> Iterator[None]:
    with _LOCK:
        original = keras.layers.Layer.__call__

        def __call__(self: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
            mine = _watching()
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
