"""The structure of a traced forward pass: layers, logits, outputs, and which depends on which."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import keras
import tensorflow as tf

from cnnvis_widgets.backend.graph.derivatives import WEIGHTED
from cnnvis_widgets.backend.graph.output_scores import (
    OUTPUT_KINDS,
    UNCHANGED,
    InputPath,
    ScoreInput,
    candidates,
    ends_in_scores,
    found_score_input,
    score_input,
)
from cnnvis_widgets.backend.graph.precision import half_operations
from cnnvis_widgets.backend.graph.tokens import Layout, layout, patches_are_read
from cnnvis_widgets.backend.graph.tracing import Call, Forward
from cnnvis_widgets.backend.records import LayerInfo
from cnnvis_widgets.backend.target import OUTPUT
from cnnvis_widgets.errors import UnknownNameError, UnsuitableError

# Layers that only pool, reshape or resize their input: Grad-CAM takes a layer before them.
_POOLING = frozenset(
    [
        "MaxPool",
        "AvgPool",
        "Pad",
        "PadV2",
        "MirrorPad",
        "Reshape",
        "Squeeze",
        "Mean",
        "Max",
        "ResizeBilinear",
        "ResizeNearestNeighbor",
        "Transpose",
        "StridedSlice",
    ]
)
# Their results depend on a tensor's shape only.
_SIZES = frozenset(["Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"])


class Structure:
    """A traced forward pass and its graph."""

    def __init__(self, forward: Forward) -> None:
        self.forward = forward
        self._calls = {call.path: call for call in forward.calls}
        self._convolutions: dict[str | None, str] = {}
        self._layouts: dict[str, Layout | None] = {}
        self._targets: dict[str, tf.Tensor] = {}

    @property
    def calls(self) -> tuple[Call, ...]:
        """All calls, containers' included."""
        return self.forward.calls

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The layers in the order in which they return."""
        return tuple(
            LayerInfo(call.path, call.kind, tuple(call.output.shape[1:]), call.output.shape[-1])
            for call in self.forward.calls
            if call.listed and call.output.shape.rank and call.output.shape[-1] is not None
        )

    @cached_property
    def output(self) -> tf.Tensor:
        """The network's one output.

        Raises:
            UnsuitableError: there are several; a `Neuron` of a layer can be chosen all the same.
        """
        outputs = tf.nest.flatten(self.forward.output)
        if len(outputs) != 1 or outputs[0].shape.rank is None or outputs[0].shape.rank < 2:
            shapes = ", ".join(str(tuple(o.shape)) for o in outputs)
            raise UnsuitableError(
                "Expected a network with one output of shape (batch, …, units); "
                f"this one has {len(outputs)}: {shapes}. Choose a Neuron(layer, unit) or "
                "a Target(unit, output=0) instead."
            )
        return outputs[0]

    @cached_property
    def scores(self) -> ScoreInput | None:
        """The values before the output's softmax or sigmoid; None: not found, or there is none."""
        return score_input(self.output, OUTPUT_KINDS, self.dependent) or found_score_input(
            self.output
        )

    @property
    def output_kind(self) -> str:
        """What the network ends in: softmax, log-softmax, sigmoid or linear."""
        return self.scores.kind if self.scores else "linear"

    @property
    def logits(self) -> tf.Tensor:
        """The output before softmax or sigmoid, if these were found."""
        return self.scores.tensor if self.scores else self.output

    def candidates(self) -> list[tuple[InputPath, tf.Tensor]] | None:
        """Candidates for the values before the output's scores; None if there are none."""
        try:
            output = self.output
        except UnsuitableError:  # several outputs
            return None
        if self.scores is not None:
            return None
        return candidates(output, before_target(output) & self.dependent)

    @property
    def ends_in_scores(self) -> bool:
        """Whether something that may make scores follows the last weighted layer."""
        return ends_in_scores(self.output, before_target(self.output) & self.dependent)

    def call(self, layer: str) -> Call:
        """The call of that name, containers included."""
        if layer not in self._calls:
            raise UnknownNameError.of("layer", layer, [info.name for info in self.layers])
        return self._calls[layer]

    def target(self, layer: str | None) -> tf.Tensor:
        """The tensor whose units can be explained: a layer's result, before any softmax."""
        if layer is None:
            return self.logits
        if layer not in self._targets:
            is_output = layer.startswith(OUTPUT) and layer not in self._calls
            tensor = self._output(layer) if is_output else self._target(self.call(layer).output)
            self._targets[layer] = tensor
        return self._targets[layer]

    @cached_property
    def half_operations(self) -> tuple[str, ...]:
        """The types of operations between picture and output that compute in half precision."""
        outputs = self.named_outputs.values()
        path = set().union(*(before_target(output) for output in outputs)) & self.dependent
        return half_operations(path)

    def precedes(self, layer: str) -> bool:
        """Whether a neuron of the layer is a value before its softmax or sigmoid."""
        return layer in self._calls and self.target(layer) is not self._calls[layer].output

    @cached_property
    def named_outputs(self) -> dict[str, tf.Tensor]:
        """The outputs by the keys of a dictionary, or numbered; one alone is "0"."""
        paths = keras.tree.flatten_with_path(self.forward.output)
        return {"/".join(map(str, path)) or "0": output for path, output in paths}

    def _output(self, layer: str) -> tf.Tensor:
        """One of the outputs, before its softmax or sigmoid, with an axis of units."""
        name, outputs = layer.removeprefix(OUTPUT), self.named_outputs
        if name not in outputs:
            raise UnknownNameError.of("output", name, outputs)
        output = outputs[name]
        if output.shape.rank is None or not output.dtype.is_floating:
            raise UnsuitableError(
                f"Output {name} of the network cannot be explained: expected floating point of a "
                f"known number of axes; it is {output.dtype.name} {output.shape}."
            )
        before = score_input(output, OUTPUT_KINDS, self.dependent)
        if before is None and len(outputs) == 1:
            before = self.scores
        output = before.tensor if before else output
        if output.shape.rank > 1:
            return output
        with output.graph.as_default():
            return output[..., None]

    def _target(self, tensor: tf.Tensor) -> tf.Tensor:
        outputs = tf.nest.flatten(self.forward.output)
        ends = [score_input(out, OUTPUT_KINDS, self.dependent) for out in outputs]
        if len(outputs) == 1:
            ends = [self.scores]
        if any(_source(tensor).op is _source(x).op for x in outputs) and ends[0] and len(ends) == 1:
            return ends[0].tensor
        in_scores = any(end is not None and _source(tensor).op in end.passed for end in ends)
        kinds = OUTPUT_KINDS if in_scores else ("Softmax", "LogSoftmax")
        before = score_input(tensor, kinds, self.dependent)
        return tensor if before is None else before.tensor

    @cached_property
    def mixes_the_batch(self) -> bool:
        """Whether something is computed from all pictures of a batch, or only for a batch of one.

        The pixels have an axis of unknown length, the batch: a tensor without such an axis belongs
        to no single picture.
        """
        if self.forward.pixels.shape[0] is not None:
            return False
        ends = tf.nest.flatten(self.forward.output)
        path = set().union(*(before_target(end) for end in ends)) & self.dependent
        results = [x for op in path for x in op.outputs if x.dtype.is_floating]
        return any(x.shape.rank is None or None not in x.shape.as_list() for x in results)

    def last_convolution(self, layer: str | None) -> str:
        """Grad-CAM's A: the last map that every path from the picture to the neuron passes.

        Of the layers with rows and columns that come before the neuron's own weights, the last one
        through which every path from the picture leads (so a block's sum and not its branch), and
        which does not merely pool or pad. A neuron of the first convolution has none (a layer that
        only rescales the picture is none): its own layer's map is taken.

        Raises:
            UnsuitableError: no layer with rows and columns comes before the neuron.
        """
        if layer not in self._convolutions:
            self._convolutions[layer] = self._last_convolution(layer)
        return self._convolutions[layer]

    def _last_convolution(self, layer: str | None) -> str:
        target = self.target(layer)
        first_calls: dict[int, Call] = {}
        for call in self.forward.calls:  # dropout returns the same tensor: the first call counts
            first_calls.setdefault(id(call.output), call)
        parallel: list[str] = []
        for call in reversed(first_calls.values()):
            if not self._is_spatial(call) or call.output.op.type in _POOLING:
                continue
            between = before_target(target, stop=call.output)
            later = between - {call.output.op}
            if call.output.op not in between or not self._has_weights(later):
                continue
            if not self._has_weights(before_target(call.output)):
                continue
            if self.forward.pixels.op in between:
                parallel.append(call.path)
            elif not self.tokens(call.path) or self._reads_patches(call.output, target, later):
                return call.path
        if layer is not None and (is_map(target) or self.tokens(layer)):
            return layer
        if parallel:
            raise UnsuitableError(
                "Grad-CAM weighs the last maps through which all that the neuron sees passes; here "
                "several ways lead past one another (an ensemble, or branches). Name the layer: "
                f"layer={parallel[0]!r}, for one, or another of {self._ends_of_branches(parallel)}."
            )
        raise UnsuitableError(
            "Grad-CAM needs a layer with rows and columns before the neuron; this network has "
            "none there. saliency works on any network."
        )

    def _ends_of_branches(self, paths: list[str]) -> str:
        """The last layer of each branch: those from which no other of them is reached."""
        before: set[tf.Operation] = set()
        ends = []
        for path in paths:  # the last first
            output = self.call(path).output
            if output.op not in before:
                ends.append(path)
                before |= before_target(output)
        return ", ".join(map(repr, ends[:6]))

    def _is_spatial(self, call: Call) -> bool:
        return is_map(call.output) or self.tokens(call.path) is not None

    def _reads_patches(
        self, tokens: tf.Tensor, target: tf.Tensor, later: set[tf.Operation]
    ) -> bool:
        return patches_are_read(tokens, target, later, lambda op: len(self.sources(op)))

    def tokens(self, layer: str) -> Layout | None:
        """How a layer's tokens are arranged in rows and columns; None if it has none."""
        if layer not in self._layouts:
            if layer.startswith(OUTPUT) and layer not in self._calls:
                return None
            output, tokens = self.call(layer).output, None
            if output.shape.rank == 3:
                tokens = layout(output, before_target(output) & self.dependent)
            self._layouts[layer] = tokens
        return self._layouts[layer]

    def _has_weights(self, operations: set[tf.Operation]) -> bool:
        """Whether a convolution or dense layer of a signal is among the operations."""
        return any(op.type in WEIGHTED and op in self.dependent for op in operations)

    def map_before(self, layer: str, neuron_layer: str | None) -> str:
        """Check that `layer` has rows and columns and that the neuron depends on it.

        Raises:
            UnknownNameError: no such layer.
            UnsuitableError: no rows and columns, or not before the neuron.
        """
        call = self.call(layer)
        if call.output.shape.rank != 4 and not self.tokens(layer):
            raise UnsuitableError(
                f"Expected a layer with rows and columns; {layer!r} ({call.kind}) gives "
                f"{tuple(call.output.shape[1:])}. The last one before the neuron is "
                f"{self.last_convolution(neuron_layer)!r}."
            )
        target = self.target(neuron_layer)
        if call.output.op not in before_target(target):
            raise UnsuitableError(f"The neuron does not depend on layer {layer!r}.")
        return call.path

    def layer_of(self, tensor: tf.Tensor) -> str:
        """The innermost layer that gives this result; "" if none does."""
        source = _source(tensor).name
        paths = (call.path for call in self.forward.calls if _source(call.output).name == source)
        return next(paths, "")

    def sources(self, operation: tf.Operation) -> list[tf.Tensor]:
        """The inputs of an operation that depend on the picture, not only on its shape."""
        return [x for x in operation.inputs if x.op in self.dependent]

    @cached_property
    def dependent(self) -> set[tf.Operation]:
        """All operations that depend on the picture, not only on its shape."""

        def following(op: tf.Operation) -> Iterable[tf.Operation]:
            consumers = (c for o in op.outputs for c in o.consumers())
            return (c for c in consumers if c.type not in _SIZES)

        signals = (self.forward.pixels, *self.forward.substitutes)
        return _closure([signal.op for signal in signals], following)


def _source(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor itself, before casts and identities."""
    while tensor.op.type in UNCHANGED or (
        tensor.op.type == "Reshape"
        and tensor.op.inputs[0].shape.as_list() == tensor.shape.as_list()
    ):
        tensor = tensor.op.inputs[0]
    return tensor


def is_map(tensor: tf.Tensor) -> bool:
    """Whether a result has rows and columns, and more than one position."""
    return tensor.shape.rank == 4 and tuple(tensor.shape[1:3]) != (1, 1)


def before_target(target: tf.Tensor, stop: tf.Tensor | None = None) -> set[tf.Operation]:
    """The operations that `target` is computed from, not beyond `stop`."""
    end = None if stop is None else stop.op

    def preceding(op: tf.Operation) -> Iterable[tf.Operation]:
        return () if op is end or op.type in _SIZES else (x.op for x in op.inputs)

    return _closure([target.op], preceding)


def _closure(start: list[tf.Operation], following: object) -> set[tf.Operation]:
    visited, queue = set(start), list(start)
    while queue:
        for op in following(queue.pop()):  # type: ignore[operator]
            if op not in visited:
                visited.add(op)
                queue.append(op)
    return visited
