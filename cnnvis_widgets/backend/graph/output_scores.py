"""How a network's output becomes scores: the values before softmax, wherever they can be proven.

They are read off the graph where only moves follow the softmax (a Flatten, a cast, another
order). Where it is made of other operations it is found by numbers: on a few pictures the softmax
of the right tensor is the output. Where neither succeeds and the output looks like probabilities,
that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.graph.derivatives import PYTHON, WEIGHTED
from cnnvis_widgets.backend.graph.function_inlining import CALLS, copy_operation

OUTPUT_KINDS = {"Softmax": "softmax", "LogSoftmax": "log-softmax", "Sigmoid": "sigmoid"}
UNCHANGED = ("Identity", "Cast", "StopGradient", "CheckNumerics", "PreventGradient", "Snapshot")
_MOVES = (
    *("Reshape", "Squeeze", "ExpandDims", "Transpose", "StridedSlice", "Slice", "GatherV2"),
    *("ConcatV2", "Pack", "ReverseV2", "Unpack", "Split", "SplitV", "EnsureShape", "GatherNd"),
)
_CLIPS = ("Maximum", "Minimum", "ClipByValue")
# With one of these before it, an output may be made of a softmax that is not seen.
_TELLING = frozenset(
    [
        *("Softmax", "LogSoftmax", "Sigmoid", "Exp", "Tanh", "Softplus", "Pow", *CALLS, *PYTHON),
        *("If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase", "XlaLaunch"),
    ]
)
_MOST = 40  # tensors that are tried
_LEAST_SCORE = 1e-30  # below it float32 has lost the digits

Way = tuple[int, ...]
"""From the output back to a tensor: which input of which operation."""


class Proven(NamedTuple):
    """What was found by numbers.

    Attributes:
        kind: softmax, log-softmax or sigmoid.
        way: to the values before it.
    """

    kind: str
    way: Way


_proven: ContextVar[Proven | None] = ContextVar("proven", default=None)


@contextmanager
def proven_scores(proven: Proven | None) -> Iterator[None]:
    """Within this, forward passes are read with what was found by numbers."""
    token = _proven.set(proven)
    try:
        yield
    finally:
        _proven.reset(token)


class Before(NamedTuple):
    """A tensor before its softmax or sigmoid.

    Attributes:
        tensor: of the shape of the one after it.
        kind: a value of `OUTPUT_KINDS`.
        passed: the operations behind the softmax, and itself.
    """

    tensor: tf.Tensor
    kind: str
    passed: frozenset[tf.Operation]


def before_scores(
    tensor: tf.Tensor, kinds: Iterable[str], dependent: set[tf.Operation]
) -> Before | None:
    """The values before a softmax behind which there are only moves; None where there is none.

    Args:
        tensor: the scores. Moves of the values before are made in its graph.
        kinds: types of operations, keys of `OUTPUT_KINDS`.
        dependent: the operations that depend on the picture.
    """
    kinds = tuple(kinds)
    op = tensor.op
    if op.type in kinds:
        return Before(op.inputs[0], OUTPUT_KINDS[op.type], frozenset([op]))
    if op.type == "IdentityN":
        inputs = [op.inputs[tensor.value_index]]
    else:
        inputs = [x for x in op.inputs if x.op in dependent]
    moves = op.type in _MOVES
    same = op.type in (*UNCHANGED, "IdentityN", "Log", *_CLIPS)
    if not inputs or not (moves or same) or (same and len(inputs) != 1):
        return None
    before = [before_scores(x, kinds, dependent) for x in inputs]
    known = [one for one in before if one is not None]
    if len(known) < len(before) or len({one.kind for one in known}) != 1:
        return None
    kind, passed = known[0].kind, frozenset([op]).union(*(one.passed for one in known))
    if op.type == "Log":
        return known[0]._replace(kind="log-softmax", passed=passed) if kind == "softmax" else None
    if op.type in _CLIPS and kind == "log-softmax":
        return None
    if same:
        return known[0]._replace(passed=passed)
    others = iter(known)
    given = [next(others).tensor if x.op in dependent else x for x in op.inputs]
    if len({x.dtype for x in given if x.dtype.is_floating}) > 1:  # a cast was left out
        given = [tf.cast(x, tf.float32) if x.dtype.is_floating else x for x in given]
    if any(x.dtype != y.dtype for x, y in zip(given, op.inputs, strict=True)):
        given = [tf.cast(x, y.dtype) for x, y in zip(given, op.inputs, strict=True)]
    with tensor.graph.as_default():
        made = copy_operation(op, given)
    return Before(made[tensor.value_index], kind, passed)


def by_proof(output: tf.Tensor) -> Before | None:
    """The values before the scores as they were found by numbers; None where they were not."""
    proven = _proven.get()
    if proven is None:
        return None
    tensor, passed = output, []
    for number in proven.way:
        passed.append(tensor.op)
        if number >= len(tensor.op.inputs):
            return None
        tensor = tensor.op.inputs[number]
    if tensor.shape.as_list() != output.shape.as_list():
        if tensor.shape[1:].num_elements() != output.shape[1:].num_elements():
            return None
        with output.graph.as_default():
            size = tf.shape(output)
            tensor = tf.reshape(tensor, size)
    return Before(tensor, proven.kind, frozenset(passed))


def candidates(output: tf.Tensor, path: set[tf.Operation]) -> list[tuple[Way, tf.Tensor]] | None:
    """What could be the values before an output's scores, the nearest first.

    Args:
        output: whose softmax was not read off.
        path: the operations between the picture and the output.

    Returns:
        Ways and tensors with as many numbers for each picture as the output; None where nothing
        before the output makes scores.
    """
    if not any(op.type in _TELLING for op in path):
        return None
    whole = output.shape[1:].num_elements()
    possible: list[tuple[Way, tf.Tensor]] = []
    seen = {output.ref()}
    queue: list[tuple[Way, tf.Tensor]] = [((), output)]
    while queue and len(possible) < _MOST:
        way, tensor = queue.pop(0)
        for number, x in enumerate(tensor.op.inputs):
            if x.op not in path or x.ref() in seen or not x.dtype.is_floating:
                continue
            seen.add(x.ref())
            if len(way) < _MOST:
                queue.append(((*way, number), x))
            sizes = x.shape.rank is not None and x.shape[1:].num_elements()
            if whole is not None and sizes == whole:
                possible.append(((*way, number), x))
    return possible


def proof(
    output: np.ndarray, tried: Sequence[tuple[Way, tf.Tensor]], values: Sequence[np.ndarray]
) -> Proven | None:
    """Which of the candidates the output is the softmax, its logarithm or the sigmoid of.

    Args:
        output: (pictures, …, units).
        tried: the candidates.
        values: theirs on the same pictures.
    """
    scores = output.astype(np.float64)
    for kind in ("softmax", "log-softmax", "sigmoid"):
        wanted = _logarithm(scores, kind)
        if wanted is None:
            continue
        right = []
        for number, value in enumerate(values):
            if value.size != scores.size:  # rows of places, as a dense layer on maps lays them out
                continue
            given = value.astype(np.float64).reshape(scores.shape)
            if np.isfinite(given).all() and _agree(wanted, _logarithm_of(given, kind)):
                right.append(number)
        if right:
            return Proven(kind, tried[_first_biased(tried, right)][0])
    return None


def ends_in_scores(output: tf.Tensor, path: set[tf.Operation]) -> bool:
    """Whether something that may make scores follows the last weighted layer."""
    seen: set[tf.Operation] = set()
    queue = [output.op]
    while queue:
        op = queue.pop()
        if op in seen or op not in path or op.type in WEIGHTED:
            continue
        seen.add(op)
        queue.extend(x.op for x in op.inputs)
    return any(op.type in _TELLING for op in seen)


def _first_biased(tried: Sequence[tuple[Way, tf.Tensor]], right: list[int]) -> int:
    """The earliest of those that are right, with the bias that is added to it (it may be 0)."""
    order = {op.name: i for i, op in enumerate(tried[0][1].graph.get_operations())}
    chosen = min(right, key=lambda number: order[tried[number][1].op.name])
    names = {tried[number][1].name: number for number in right}
    while True:
        after = [
            names[op.outputs[0].name]
            for op in tried[chosen][1].consumers()
            if op.type in ("BiasAdd", "Add", "AddV2") and op.outputs[0].name in names
        ]
        if not after or after[0] == chosen:
            return chosen
        chosen = after[0]


def _logarithm(scores: np.ndarray, kind: str) -> np.ndarray | None:
    """Log p of what could be scores of that kind (NaN where it is not known); None: it is not."""
    if not np.isfinite(scores).all() or scores.size == 0 or np.ptp(scores) < 1e-6:
        return None
    if kind == "log-softmax":
        sums = np.exp(np.minimum(scores, 1)).sum(-1)
        return scores if scores.max() <= 1e-4 and np.allclose(sums, 1, atol=1e-3) else None
    if scores.min() < 0:
        return None
    if kind == "softmax":
        whole = scores.sum(-1).mean()  # 100, where they are percentages
        scores = scores / whole
        if scores.shape[-1] < 2 or not np.allclose(scores.sum(-1), 1, atol=2e-3):
            return None
        known = scores > _LEAST_SCORE
        return np.where(known, np.log(np.where(known, scores, 1)), np.nan)
    if scores.max() > 1 + 1e-4:
        return None
    known = (scores > _LEAST_SCORE) & (scores < 1 - 1e-5)
    return np.where(known, np.log(np.where(known, scores, 1)), np.nan)


def _logarithm_of(values: np.ndarray, kind: str) -> np.ndarray:
    """Log softmax or log sigmoid of values."""
    if kind == "sigmoid":
        return -np.logaddexp(0, -values)
    return values - np.logaddexp.reduce(values, -1, keepdims=True)


def _agree(wanted: np.ndarray, given: np.ndarray) -> bool:
    known = np.isfinite(wanted)
    # A score of 1 agrees with anything that is large enough: what is small must agree as well.
    if (known & (wanted < -1e-4)).sum() < 2:
        return False
    away = np.abs(wanted - given)[known]
    return bool((away < 2e-3 + 1e-3 * np.abs(wanted[known])).all())


def doubt(output: np.ndarray, ends: bool) -> str:
    """What to tell of an output that looks like scores and whose values before are not known.

    Args:
        output: (pictures, …, units).
        ends: whether something that makes scores follows the last weighted layer.
    """
    scores = output.astype(np.float64)
    told = (
        "The value before {} could not be found in this network: what is explained is the {} "
        "itself, whose derivative vanishes where the network is sure."
    )
    if _logarithm(scores, "softmax") is not None:
        return told.format("softmax", "probability")
    if _logarithm(scores, "log-softmax") is not None:
        return told.format("softmax", "logarithm of a probability")
    if ends and _logarithm(scores, "sigmoid") is not None:
        return told.format("sigmoid", "score between 0 and 1")
    return ""
