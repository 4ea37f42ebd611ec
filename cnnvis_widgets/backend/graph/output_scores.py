"""The values before a network's softmax or sigmoid, if they can be found.

They are read from the graph if only reshaping follows the softmax (a Flatten, a cast, another
order). If the softmax is made of other operations, they are found numerically: on test inputs the
softmax of the right tensor equals the output. If neither succeeds and the output looks like
probabilities, there is a warning.
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
_RESHAPING = (
    *("Reshape", "Squeeze", "ExpandDims", "Transpose", "StridedSlice", "Slice", "GatherV2"),
    *("ConcatV2", "Pack", "ReverseV2", "Unpack", "Split", "SplitV", "EnsureShape", "GatherNd"),
)
_CLIPS = ("Maximum", "Minimum", "ClipByValue")
# An output after one of these may contain a hidden softmax.
_TELLING = frozenset(
    [
        *("Softmax", "LogSoftmax", "Sigmoid", "Exp", "Tanh", "Softplus", "Pow", *CALLS, *PYTHON),
        *("If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase", "XlaLaunch"),
    ]
)
_MAX_CANDIDATES = 40  # tensors tested at most
_LEAST_SCORE = 1e-30  # below it float32 has lost its precision

InputPath = tuple[int, ...]
"""From the output back to a tensor: which input of which operation."""


class FoundScores(NamedTuple):
    """Scores whose input was found numerically.

    Attributes:
        kind: softmax, log-softmax or sigmoid.
        path: from the output back to the values before it.
    """

    kind: str
    path: InputPath


_found_scores: ContextVar[FoundScores | None] = ContextVar("found_scores", default=None)


@contextmanager
def using_found_scores(found_scores: FoundScores | None) -> Iterator[None]:
    """Within this, forward passes use the scores that were found numerically."""
    token = _found_scores.set(found_scores)
    try:
        yield
    finally:
        _found_scores.reset(token)


class ScoreInput(NamedTuple):
    """A tensor before its softmax or sigmoid.

    Attributes:
        tensor: the values, of the scores' shape.
        kind: a value of `OUTPUT_KINDS`.
        passed: the softmax and the operations after it.
    """

    tensor: tf.Tensor
    kind: str
    passed: frozenset[tf.Operation]


def score_input(
    tensor: tf.Tensor, kinds: Iterable[str], dependent: set[tf.Operation]
) -> ScoreInput | None:
    """The values before a softmax that only reshaping follows; None if there is none.

    Args:
        tensor: the scores. The values are reshaped in its graph.
        kinds: types of operations, keys of `OUTPUT_KINDS`.
        dependent: the operations that depend on the picture.
    """
    kinds = tuple(kinds)
    op = tensor.op
    if op.type in kinds:
        return ScoreInput(op.inputs[0], OUTPUT_KINDS[op.type], frozenset([op]))
    if op.type == "IdentityN":
        inputs = [op.inputs[tensor.value_index]]
    else:
        inputs = [x for x in op.inputs if x.op in dependent]
    reshapes = op.type in _RESHAPING
    unchanged = op.type in (*UNCHANGED, "IdentityN", "Log", *_CLIPS)
    if not inputs or not (reshapes or unchanged) or (unchanged and len(inputs) != 1):
        return None
    before = [score_input(x, kinds, dependent) for x in inputs]
    found = [item for item in before if item is not None]
    if len(found) < len(before) or len({item.kind for item in found}) != 1:
        return None
    kind, passed = found[0].kind, frozenset([op]).union(*(item.passed for item in found))
    if op.type == "Log":
        return found[0]._replace(kind="log-softmax", passed=passed) if kind == "softmax" else None
    if op.type in _CLIPS and kind == "log-softmax":
        return None
    if unchanged:
        return found[0]._replace(passed=passed)
    values = iter(found)
    operands = [next(values).tensor if x.op in dependent else x for x in op.inputs]
    if len({x.dtype for x in operands if x.dtype.is_floating}) > 1:  # a cast was left out
        operands = [tf.cast(x, tf.float32) if x.dtype.is_floating else x for x in operands]
    if any(x.dtype != y.dtype for x, y in zip(operands, op.inputs, strict=True)):
        operands = [tf.cast(x, y.dtype) for x, y in zip(operands, op.inputs, strict=True)]
    with tensor.graph.as_default():
        results = copy_operation(op, operands)
    return ScoreInput(results[tensor.value_index], kind, passed)


def found_score_input(output: tf.Tensor) -> ScoreInput | None:
    """The values before the scores if they were found numerically; else None."""
    found_scores = _found_scores.get()
    if found_scores is None:
        return None
    tensor, passed = output, []
    for number in found_scores.path:
        passed.append(tensor.op)
        if number >= len(tensor.op.inputs):
            return None
        tensor = tensor.op.inputs[number]
    if tensor.shape.as_list() != output.shape.as_list():
        if tensor.shape[1:].num_elements() != output.shape[1:].num_elements():
            return None
        with output.graph.as_default():
            shape = tf.shape(output)
            tensor = tf.reshape(tensor, shape)
    return ScoreInput(tensor, found_scores.kind, frozenset(passed))


def candidates(
    output: tf.Tensor, path: set[tf.Operation]
) -> list[tuple[InputPath, tf.Tensor]] | None:
    """Candidates for the values before an output's scores, the nearest first.

    Args:
        output: an output whose softmax the graph does not show.
        path: the operations between the picture and the output.

    Returns:
        Paths and tensors with as many numbers per picture as the output; None if no operation
        before the output makes scores.
    """
    if not any(op.type in _TELLING for op in path):
        return None
    size = output.shape[1:].num_elements()
    found: list[tuple[InputPath, tf.Tensor]] = []
    visited = {output.ref()}
    queue: list[tuple[InputPath, tf.Tensor]] = [((), output)]
    while queue and len(found) < _MAX_CANDIDATES:
        route, tensor = queue.pop(0)
        for number, x in enumerate(tensor.op.inputs):
            if x.op not in path or x.ref() in visited or not x.dtype.is_floating:
                continue
            visited.add(x.ref())
            if len(route) < _MAX_CANDIDATES:
                queue.append(((*route, number), x))
            count = x.shape.rank is not None and x.shape[1:].num_elements()
            if size is not None and count == size:
                found.append(((*route, number), x))
    return found


def find_scores(
    output: np.ndarray,
    candidates: Sequence[tuple[InputPath, tf.Tensor]],
    values: Sequence[np.ndarray],
) -> FoundScores | None:
    """The candidate whose softmax, log-softmax or sigmoid is the output; None if there is none.

    Args:
        output: (pictures, …, units).
        candidates: see `candidates`.
        values: the candidates' values on the same pictures.
    """
    scores = output.astype(np.float64)
    for kind in ("softmax", "log-softmax", "sigmoid"):
        expected = _logarithm(scores, kind)
        if expected is None:
            continue
        right = []
        for number, value in enumerate(values):
            if value.size != scores.size:  # rows of places, as a dense layer on maps lays them out
                continue
            logits = value.astype(np.float64).reshape(scores.shape)
            if np.isfinite(logits).all() and _agree(expected, _logarithm_of(logits, kind)):
                right.append(number)
        if right:
            return FoundScores(kind, candidates[_first_biased(candidates, right)][0])
    return None


def ends_in_scores(output: tf.Tensor, path: set[tf.Operation]) -> bool:
    """Whether something that may make scores follows the last weighted layer."""
    visited: set[tf.Operation] = set()
    queue = [output.op]
    while queue:
        op = queue.pop()
        if op in visited or op not in path or op.type in WEIGHTED:
            continue
        visited.add(op)
        queue.extend(x.op for x in op.inputs)
    return any(op.type in _TELLING for op in visited)


def _first_biased(candidates: Sequence[tuple[InputPath, tf.Tensor]], right: list[int]) -> int:
    """The earliest matching candidate, after the bias that is added to it (which may be 0)."""
    order = {op.name: i for i, op in enumerate(candidates[0][1].graph.get_operations())}
    chosen = min(right, key=lambda number: order[candidates[number][1].op.name])
    names = {candidates[number][1].name: number for number in right}
    while True:
        biased = [
            names[op.outputs[0].name]
            for op in candidates[chosen][1].consumers()
            if op.type in ("BiasAdd", "Add", "AddV2") and op.outputs[0].name in names
        ]
        if not biased or biased[0] == chosen:
            return chosen
        chosen = biased[0]


def _logarithm(scores: np.ndarray, kind: str) -> np.ndarray | None:
    """Log p if the values can be scores of that kind (NaN where not measurable); else None."""
    if not np.isfinite(scores).all() or scores.size == 0 or np.ptp(scores) < 1e-6:
        return None
    if kind == "log-softmax":
        sums = np.exp(np.minimum(scores, 1)).sum(-1)
        return scores if scores.max() <= 1e-4 and np.allclose(sums, 1, atol=1e-3) else None
    if scores.min() < 0:
        return None
    if kind == "softmax":
        total = scores.sum(-1).mean()  # 100, where they are percentages
        scores = scores / total
        if scores.shape[-1] < 2 or not np.allclose(scores.sum(-1), 1, atol=2e-3):
            return None
        measurable = scores > _LEAST_SCORE
        return np.where(measurable, np.log(np.where(measurable, scores, 1)), np.nan)
    if scores.max() > 1 + 1e-4:
        return None
    measurable = (scores > _LEAST_SCORE) & (scores < 1 - 1e-5)
    return np.where(measurable, np.log(np.where(measurable, scores, 1)), np.nan)


def _logarithm_of(values: np.ndarray, kind: str) -> np.ndarray:
    """Log softmax or log sigmoid of values."""
    if kind == "sigmoid":
        return -np.logaddexp(0, -values)
    return values - np.logaddexp.reduce(values, -1, keepdims=True)


def _agree(expected: np.ndarray, actual: np.ndarray) -> bool:
    measurable = np.isfinite(expected)
    # A score of 1 agrees with any large value: small scores must agree as well.
    if (measurable & (expected < -1e-4)).sum() < 2:
        return False
    error = np.abs(expected - actual)[measurable]
    return bool((error < 2e-3 + 1e-3 * np.abs(expected[measurable])).all())


def score_warning(output: np.ndarray, ends: bool) -> str:
    """A warning for an output that looks like scores whose input was not found; else empty.

    Args:
        output: (pictures, …, units).
        ends: whether something that makes scores follows the last weighted layer.
    """
    scores = output.astype(np.float64)
    message = (
        "The value before {} could not be found in this network: what is explained is the {} "
        "itself, whose derivative vanishes where the network is sure."
    )
    if _logarithm(scores, "softmax") is not None:
        return message.format("softmax", "probability")
    if _logarithm(scores, "log-softmax") is not None:
        return message.format("softmax", "logarithm of a probability")
    if ends and _logarithm(scores, "sigmoid") is not None:
        return message.format("sigmoid", "score between 0 and 1")
    return ""
