"""The `coverage` of a backward pass: what it does at each layer.

It is read from the same graph, with the same tests, that the rules themselves use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import tensorflow as tf

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.backend.graph.derivatives import WEIGHTED, declared, stops
from cnnvis_widgets.backend.graph.input_bounds import is_preprocessing
from cnnvis_widgets.backend.graph.structure import Structure, before_target
from cnnvis_widgets.backend.lrp.canonizers import affine_steps, folded_scales
from cnnvis_widgets.backend.lrp.linear_layers import KINDS, operands
from cnnvis_widgets.backend.lrp.propagation import ROUTING, RULES
from cnnvis_widgets.backend.relu_rules import bound, is_gate, is_redundant_clip, is_upper_clip

BETWEEN_LAYERS = "operations between layers"
OTHER_ACTIVATIONS = {
    "Sigmoid": "sigmoid, swish or another smooth gate",
    "Tanh": "tanh or an approximate GELU",
    "Elu": "ELU",
    "Selu": "SELU",
    "LeakyRelu": "leaky ReLU",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Erf": "GELU",
    "Erfc": "GELU",
    "Relu": "a two-sided ReLU (PReLU)",
    "Relu6": "hard sigmoid or hard swish",
    "Softmax": "softmax inside the network",
    "Exp": "an exponential",
    "Expm1": "an exponential",
    "Log1p": "a logarithm",
    "Sqrt": "a square root",
    "Atan": "an arc tangent",
    "Sin": "a sine",
    "Cos": "a cosine",
    "Abs": "an absolute value",
    "Sign": "a switch",
} | dict.fromkeys(
    ("Select", "SelectV2", "Greater", "GreaterEqual", "Less", "LessEqual"),
    "a ReLU with a threshold, or another switch",
)
_PRODUCTS = ("Mul", "RealDiv", "DivNoNan", "Pow", "SquaredDifference")
# Linear operations and selections: the rules for ReLUs leave their derivatives unchanged.
LINEAR = frozenset(
    [
        *("Add", "AddV2", "AddN", "Sub", "BiasAdd", "Neg", "Mean", "Sum", "Max", "Min", "AvgPool"),
        *("MaxPool", "MaxPoolWithArgmax", "Placeholder", "Cast", "Cumsum", "ClipByValue"),
        *("ResizeBilinear", "ResizeBicubic", "ResizeArea", "ScaleAndTranslate", "CropAndResize"),
        *("FusedBatchNormV3", "FusedBatchNorm", "FusedBatchNormV2", "Maximum", "Minimum"),
        *("ExtractImagePatches", "Fill", "ScatterNd", "TensorScatterUpdate", "Where", "SliceGrad"),
        *(
            "MatrixBandPart",
            "MatrixDiag",
            "MatrixDiagV3",
            "Pack",
            "Unpack",
            "ImageProjectiveTransformV3",
        ),
        *("MirrorPadGrad", "StridedSliceGrad", "IdentityN", "StopGradient", "EnsureShape"),
        *("TensorListStack", "Conv2DBackpropInput", *ROUTING, *WEIGHTED, *KINDS),
    ]
)
OPAQUE = (
    *("PartitionedCall", "StatefulPartitionedCall", "XlaLaunch", "PyFunc", "EagerPyFunc"),
    "PyFuncStateless",
)
CONTROL_FLOW = ("While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase")


def gradient_coverage(
    structure: Structure, layer: str | None, rule: str, down_to: str | None = None
) -> Coverage:
    """What a backward pass under `rule` does to the layers that it goes through.

    Args:
        structure: the traced network.
        layer: the neuron's; None is the output.
        rule: for the ReLUs.
        down_to: the layer where the pass ends; None is the picture.
    """
    kinds: Counter[str] = Counter()
    gates: Counter[str] = Counter()
    untreated: dict[str, str] = {}
    layers = list(_by_layer(structure, layer, down_to))
    bypassed = declared(op for *_, operations in layers for op in operations)
    for name, kind, operations in layers:
        gate_count = sum(is_gate(op) for op in operations)
        counted = [op for op in operations if op not in bypassed]
        reason = _stopped(counted, structure)
        if rule != "gradient":
            reason = reason or _untreated(counted, structure)
        if kind != BETWEEN_LAYERS or gate_count:
            kinds[kind] += 1
            gates[kind] += gate_count
        if reason:
            untreated[name] = reason
    rule_name = rule if rule != "gradient" else ""
    treated = {
        kind: _derivative_words(count, gates[kind], rule_name) for kind, count in kinds.items()
    }
    return Coverage(treated, untreated)


def relus(structure: Structure, layer: str | None = None) -> dict[str, int]:
    """Layer → how many ReLUs it has, of those between the picture and a neuron.

    Args:
        structure: the traced network.
        layer: the neuron's; None is the output.
    """
    counts = {
        name: sum(is_gate(op) for op in operations)
        for name, _, operations in _by_layer(structure, layer, None)
    }
    return {name: count for name, count in counts.items() if count}


def relevance_coverage(structure: Structure, layer: str | None) -> Coverage:
    """Which layers between picture and neuron relevance passes by a rule, and which not.

    Args:
        structure: the traced network.
        layer: the neuron's; None is the output.
    """
    counts: Counter[str] = Counter()
    treatments: dict[str, str] = {}
    untreated: dict[str, str] = {}
    path = before_target(structure.target(layer)) & structure.dependent
    folded = _folded(path)
    for name, kind, operations in _by_layer(structure, layer, None):
        if kind != BETWEEN_LAYERS:
            counts[kind] += 1
            treatments.setdefault(kind, _relevance_words(operations, structure))
        if reason := _unshared(operations, structure, folded):
            untreated[name] = reason
    treated = {kind: f"{treatment} ({counts[kind]} ×)" for kind, treatment in treatments.items()}
    return Coverage(treated, untreated)


def _unshared(
    operations: Iterable[tf.Operation], structure: Structure, folded: set[tf.Operation]
) -> str:
    """Why a layer's relevance is not propagated as published; empty if it is."""
    for op in operations:
        if stops(op, structure.dependent) and op.type not in ROUTING:
            return f"no relevance passes it ({OTHER_ACTIVATIONS.get(op.type, op.type)})"
        if not op.outputs[0].dtype.is_floating:  # an index or a condition: it gets no relevance
            continue
        if op.type in ("Mul", "RealDiv", *KINDS) and _dependent_inputs(op, structure) > 1:
            return "it multiplies two signals; one of them takes all"
        if op.type in KINDS and operands(op, structure.dependent) is None:
            return "a product in an unusual order: its relevance is spread evenly"
        if op.type not in RULES and op.type not in ROUTING and op.type != "Placeholder":
            hidden = "hidden inside a tf.function" if op.type in OPAQUE else op.type
            if op.type in CONTROL_FLOW:
                hidden = f"hidden inside a branch or loop, chosen at run time: {op.type}"
            return f"no rule is known for it ({OTHER_ACTIVATIONS.get(op.type, hidden)})"
        if op not in folded and _scales_channels(op, structure):
            return (
                "its BatchNorm, or scale, follows no weighted layer that it could be folded into; "
                "relevance passes it as it is"
            )
    return ""


def _folded(path: set[tf.Operation]) -> set[tf.Operation]:
    """The multiplications that become part of the weights before them, for all their channels."""
    weighted = (op for op in path if op.type in KINDS and operands(op, path) is not None)
    channels: Counter[tf.Operation] = Counter()
    totals: dict[tf.Operation, int] = {}
    for layer in weighted:
        for step in folded_scales(affine_steps(layer, path)):
            channels[step.operation] += layer.outputs[0].shape[-1]
            totals[step.operation] = step.channels
    return {op for op, count in channels.items() if count == totals[op]}


def _scales_channels(operation: tf.Operation, structure: Structure) -> bool:
    """Whether it multiplies by weights that may be negative, after the first weighted layer."""
    if operation.type == "FusedBatchNormV3":
        return True
    if operation.type not in ("Mul", "RealDiv", "Neg"):
        return False
    constants = [x for x in operation.inputs if x.op not in structure.dependent]
    values = [tf.get_static_value(x) for x in constants]
    harmless = operation.type != "Neg" and all(v is not None and (v > 0).all() for v in values)
    pixels = structure.forward.pixels
    return not harmless and not is_preprocessing(operation.outputs[0], pixels, structure.dependent)


def _by_layer(
    structure: Structure, layer: str | None, down_to: str | None
) -> Iterator[tuple[str, str, list[tf.Operation]]]:
    """Name, kind and operations of each layer between the picture (or `down_to`) and the neuron."""
    stop = structure.call(down_to).output if down_to else None
    path = before_target(structure.target(layer), stop) & structure.dependent
    if stop is not None:
        path.discard(stop.op)
    order = {op: i for i, op in enumerate(structure.forward.pixels.graph.get_operations())}
    by_position = {order[op]: op for op in path}
    for (
        call
    ) in structure.forward.calls:  # inner calls come first: a container gets the remaining ones
        operations = [by_position.pop(i) for i in call.operations if i in by_position]
        if operations:
            yield call.path, call.kind, operations
    yield BETWEEN_LAYERS, BETWEEN_LAYERS, list(by_position.values())


def _dependent_inputs(operation: tf.Operation, structure: Structure) -> int:
    """How many of its inputs are signals, not shapes."""
    return sum(x.op in structure.dependent and x.dtype.is_floating for x in operation.inputs)


def _relevance_words(operations: list[tf.Operation], structure: Structure) -> str:
    types = {op.type for op in operations}
    if types & set(KINDS):
        return "z⁺ rule without bias, BatchNorm after it folded in; zᴮ at the picture"
    sums = [op for op in operations if op.type in ("Add", "AddV2")]
    if any(_dependent_inputs(op, structure) > 1 for op in sums) or types & {
        *("AvgPool", "Mean", "Sum", "AddN")
    }:
        return "in proportion to the inputs"
    if types & {"Mul", "FusedBatchNormV3"}:
        return "folded into the layer before it, else passed on as it is"
    return "winner takes all" if "MaxPool" in types else "passed on"


def _derivative_words(count: int, gates: int, rule: str) -> str:
    derivative = f"derivative ({count} ×)"
    return f"{derivative}, {rule} rule at {gates} ReLUs" if rule and gates else derivative


def _stopped(operations: Iterable[tf.Operation], structure: Structure) -> str:
    """Why the derivative is not that of the computed function; empty if it is."""
    return next((reason for op in operations if (reason := stops(op, structure.dependent))), "")


def _untreated(operations: list[tf.Operation], structure: Structure) -> str:
    kinds = {op.type: None for op in operations}
    for kind in kinds:
        if kind in OPAQUE:
            return "its operations are hidden inside a tf.function"
        if kind in CONTROL_FLOW:
            return f"its operations are hidden inside a branch or loop, chosen at run time ({kind})"
    candidates = [
        op for op in operations if not (is_gate(op) or is_upper_clip(op) or is_redundant_clip(op))
    ]
    for op in candidates:
        if activation := OTHER_ACTIVATIONS.get(op.type) or _clip(op):
            return f"its activation is no ReLU ({activation})"
    return next((reason for op in candidates if (reason := _unusual(op, structure))), "")


def _unusual(operation: tf.Operation, structure: Structure) -> str:
    """What an operation does if it is neither linear nor a ReLU; else empty."""
    result = operation.outputs[0] if operation.outputs else None
    if result is None or not result.dtype.is_floating:
        return ""
    signals = _dependent_inputs(operation, structure)
    if operation.type in (*_PRODUCTS, *WEIGHTED) and signals > 1:
        return "it multiplies or divides two signals, for which the method has no rule"
    if operation.type in ("Maximum", "Minimum") and signals > 1:
        return "it picks the larger or smaller of two signals, for which the method has no rule"
    divides = operation.type in ("RealDiv", "DivNoNan")
    if divides and operation.inputs[0].op not in structure.dependent:
        return "it divides by a signal, for which the method has no rule"
    if operation.type.startswith("FusedBatchNorm") and operation.get_attr("is_training"):
        return "its BatchNorm takes the batch's own mean, as in training"
    if operation.type in ("Mul", "RealDiv", "DivNoNan") or operation.type in LINEAR:
        return ""
    return f"the method has no rule for it ({operation.type})"


def _clip(operation: tf.Operation) -> str:
    """The name of an activation that is written as a maximum or minimum; else empty."""
    if bound(operation):
        return "a clip"
    if operation.type == "Maximum":
        one, other = operation.inputs
        for x, y in ((one, other), (other, one)):
            if y.op.type == "Mul" and any(x is factor for factor in y.op.inputs):
                return "leaky ReLU"
    return ""
