"""Networks in half precision, computed in single precision.

A sum over a map overflows float16 at 65504, and most pixels' derivatives and relevances underflow.
The layers' weights are nearly always float32 anyway (mixed precision), so the network is traced as
if its layers computed in float32: its output agrees with the network's own up to half precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

_HALF = ("float16", "bfloat16")
_CARRYING = ("Cast", "Identity", "Reshape", "Squeeze", "ExpandDims", "Transpose")


def is_half(model: keras.Model) -> bool:
    """Whether any layer of a model computes in float16 or bfloat16."""
    try:
        layers = list(model._flatten_layers())
    except Exception:  # not public
        layers = [model]
    return any(_dtype(layer) in _HALF for layer in layers)


def _dtype(layer: keras.layers.Layer) -> str:
    try:
        return str(layer.compute_dtype)
    except Exception:  # a layer may refuse
        return ""


@contextmanager
def in_single_precision(applies: Callable[[], bool]) -> Iterator[None]:
    """Within this, layers of half precision compute in float32, wherever `applies` says so.

    The model and its policies are not changed: only the policy's property is, on the tracing
    thread.

    Args:
        applies: called on each thread.
    """
    policy = keras.dtype_policies.DTypePolicy
    original = policy.__dict__["compute_dtype"]

    def compute_dtype(self: keras.dtype_policies.DTypePolicy) -> str:
        dtype = original.fget(self)
        return "float32" if dtype in _HALF and applies() else dtype

    policy.compute_dtype = property(compute_dtype)
    try:
        yield
    finally:
        policy.compute_dtype = original


def half_operations(operations: Iterable[tf.Operation]) -> tuple[str, ...]:
    """The types of those operations that compute in half precision, casts left out.

    Layers do not, see above; a graph that is fixed, such as a SavedModel's, may.
    """
    return tuple(
        sorted(
            {
                op.type
                for op in operations
                if op.type not in _CARRYING
                and any(x.dtype in (tf.float16, tf.bfloat16) for x in op.outputs)
            }
        )
    )


def rounds_its_input(layer: keras.layers.Layer) -> bool:
    """Whether a quantised layer also rounds its input."""
    quantised = getattr(layer, "quantization_mode", None) is not None
    return quantised and getattr(layer, "inputs_quantizer", None) is not None


def not_rounding(layer: keras.layers.Layer) -> keras.layers.Layer:
    """The same layer with the same quantised weights, without rounding its input.

    It replaces the layer in relevance propagation, since no relevance passes a rounding. The
    results differ by the rounding, below a hundredth.
    """
    twin = object.__new__(type(layer))  # Keras' own copy would make new weights
    vars(twin).update(vars(layer), inputs_quantizer=None)
    return twin
