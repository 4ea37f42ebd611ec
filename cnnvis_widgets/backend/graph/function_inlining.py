"""Functions that a network calls, traced as part of it instead of hidden behind one operation.

A `tf.function` within a model, and every function of a SavedModel, is one "PartitionedCall" in the
graph of its caller: its operations are hidden, no rule applies to them, and a softmax at its end is
not recognised. Within `inlined_functions` the Python function itself is called if there is one, so
that its layers are visible. If that fails (control flow that AutoGraph must convert) or there is
none (a SavedModel), the operations of the traced function are copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import tensorflow as tf

try:  # not public: without them functions stay opaque, and coverage says so
    from tensorflow.python.eager import context
    from tensorflow.python.eager.polymorphic_function import concrete_function
    from tensorflow.python.framework import function_def_to_graph
except ImportError:  # pragma: no cover
    concrete_function = None

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
THROUGH = "CnnvisThrough"
"""The name of the identity gradient, see `derivatives.py`."""
_OMITTED = ("_output_shapes", "_class", "_XlaMustCompile", "_gradient_op_type")


class Watcher(Protocol):
    """The recorder of a traced forward pass."""

    graph: Any
    inlined: bool

    def mark(self) -> Any:
        """The current position in the trace."""

    def rewind(self, mark: Any) -> None:
        """Forget what was traced since."""

    def copied(self, mark: Any) -> None:
        """Mark what was traced since as the body of a function."""


def copy_operation(operation: tf.Operation, inputs: list[tf.Tensor]) -> list[tf.Tensor]:
    """Copy an operation into the current graph with other inputs, and return its results.

    Args:
        operation: of any graph.
        inputs: as many as the operation has, of the same types.
    """
    definition = operation.node_def
    attributes = {k: v for k, v in definition.attr.items() if k not in _OMITTED}
    copy = tf.compat.v1.get_default_graph()._create_op_internal(
        operation.type,
        inputs,
        [x.dtype for x in operation.outputs],
        name=operation.name,
        attrs=attributes,
        op_def=operation.op_def,
    )
    if "_gradient_op_type" in definition.attr and operation.type == "IdentityN":
        # A custom gradient refers to tensors of its original graph.
        copy._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=THROUGH.encode()))
    for result, original in zip(copy.outputs, operation.outputs, strict=True):
        if result.shape.rank is None:
            result.set_shape(original.shape)
    return list(copy.outputs)


def copy_body(body: Any, arguments: list[tf.Tensor]) -> list[tf.Tensor]:
    """Copy a traced function's operations into the current graph, and return its results.

    Args:
        body: the function's graph.
        arguments: its arguments, captured tensors last.
    """
    graph = tf.compat.v1.get_default_graph()
    for function in body._functions.values():
        graph._add_function_recursive(function)
    copies = {
        parameter.ref(): argument
        for parameter, argument in zip(body.inputs, arguments, strict=True)
    }
    for operation in body.get_operations():
        if operation.type == "NoOp" or any(x.ref() in copies for x in operation.outputs):
            continue  # an argument
        inputs = [copies[x.ref()] for x in operation.inputs]
        if operation.type in CALLS:
            results = copy_body(_body_of(operation), inputs)
        else:
            results = copy_operation(operation, inputs)
        copies.update(zip((x.ref() for x in operation.outputs), results, strict=True))
    return [copies[x.ref()] for x in body.outputs]


def _body_of(operation: tf.Operation) -> Any:
    name = operation.get_attr("f").name
    function = operation.graph._get_function(name)
    definition = (
        function.cached_definition if function else context.context().get_function_def(name)
    )
    return function_def_to_graph.function_def_to_graph(definition, propagate_device_spec=False)


@contextmanager
def inlined_functions(watching: Callable[[], Watcher | None]) -> Iterator[None]:
    """Within this, functions that are called in a watched graph become part of it.

    Args:
        watching: returns the recorder of this thread, or None.
    """
    if concrete_function is None:  # pragma: no cover
        yield
        return
    plain, traced = type(tf.function(lambda: None)), concrete_function.ConcreteFunction
    call, call_flat = plain.__call__, traced._call_flat

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        watcher = _watcher(watching)
        if watcher is None:
            return call(self, *args, **kwargs)
        mark = watcher.mark()
        try:
            result = self.python_function(*args, **kwargs)
            # Keras has its own functions, around grouped convolutions.
            watcher.inlined |= not str(self.python_function.__module__).startswith("keras.")
            return result
        except Exception:  # "if tensor:", which AutoGraph must convert: use the traced function
            watcher.rewind(mark)
            return call(self, *args, **kwargs)

    def _call_flat(self: Any, tensor_inputs: Any, captured_inputs: Any) -> Any:
        watcher = _watcher(watching)
        if watcher is None:
            return call_flat(self, tensor_inputs, captured_inputs)
        mark = watcher.mark()
        try:
            results = copy_body(self.graph, [*tensor_inputs, *captured_inputs])
        except Exception:  # an operation that cannot be copied: the function stays opaque
            watcher.rewind(mark)
            return call_flat(self, tensor_inputs, captured_inputs)
        watcher.copied(mark)
        return self.function_type.pack_output(results)

    plain.__call__, traced._call_flat = __call__, _call_flat
    try:
        yield
    finally:
        plain.__call__, traced._call_flat = call, call_flat


def _watcher(watching: Callable[[], Watcher | None]) -> Watcher | None:
    watcher = watching()
    in_its_graph = watcher is not None and tf.compat.v1.get_default_graph() is watcher.graph
    return watcher if in_its_graph else None
