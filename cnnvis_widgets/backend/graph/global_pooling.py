"""Whether a network ends with global average pooling and one dense layer."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from cnnvis_widgets.backend.graph.derivatives import WEIGHTED
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.errors import UnsuitableError

# What may surround the dense layer: the logits remain a linear function of the means.
_LINEAR = frozenset(
    [
        "Add",
        "AddV2",
        "BiasAdd",
        "Cast",
        "Identity",
        "Mul",
        "Reshape",
        "Squeeze",
        "StopGradient",
        "Sub",
    ]
)


class Ending(NamedTuple):
    """Maps, and their means over rows and columns, on which the logits depend linearly.

    Attributes:
        maps: (batch, rows, columns, units).
        means: (batch, units) or (batch, 1, 1, units).
        layer: the name of the layer that gives the maps; "" if none does.
    """

    maps: tf.Tensor
    means: tf.Tensor
    layer: str


def averaged_ending(structure: Structure) -> Ending | None:
    """Global average pooling followed by one dense layer, or None where the network ends otherwise.

    A 1 × 1 convolution of the means is a dense layer too (MobileNet), and BatchNorm or a scale
    around it leaves it linear.
    """
    try:
        tensor = structure.logits
    except UnsuitableError:  # several outputs
        return None
    dense = 0
    while not _averages_all(tensor.op):
        sources = structure.sources(tensor.op)
        dense += tensor.op.type in WEIGHTED
        if len(sources) != 1 or dense > 1 or tensor.op.type not in (*WEIGHTED, *_LINEAR):
            return None
        tensor = sources[0]
    if dense != 1:
        return None
    maps = tensor.op.inputs[0]
    return Ending(maps, tensor, structure.layer_of(maps))


def _averages_all(operation: tf.Operation) -> bool:
    """Whether it is the mean over all rows and columns."""
    if operation.type == "Mean" and operation.inputs[0].shape.rank == 4:
        axes = tf.get_static_value(operation.inputs[1])
        return axes is not None and sorted(axes.flat) == [1, 2]
    if operation.type == "AvgPool":
        map_size = operation.inputs[0].shape[1:3]
        return tuple(operation.get_attr("ksize")[1:3]) == tuple(map_size)
    return False
