"""The results of a network's passes, as plain records. No TensorFlow here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class LayerInfo(NamedTuple):
    """One layer as it was called.

    Attributes:
        name: as `Neuron.layer` takes it; nested models included ("backbone/conv5_out").
        kind: the class ("Conv2D").
        output_shape: (rows, columns, units) or (units,); None where it is not fixed.
        units: channels or units, the last of the shape.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    units: int


class Prediction(NamedTuple):
    """One output unit's score.

    Attributes:
        unit: the output unit.
        label: its name.
        score: its probability, after softmax or sigmoid; None where the network ends in neither.
        logit: the value before.
    """

    unit: int
    label: str
    score: float | None
    logit: float


class ActiveUnit(NamedTuple):
    """A unit of a layer and its mean activation over rows and columns."""

    unit: int
    value: float


class BackwardResult(NamedTuple):
    """What `Network.backward` found.

    Attributes:
        unit: the neuron's unit (useful where the most probable class was requested).
        value: float32 (batch,), the neuron's aggregated activation before softmax.
        activations: for each pass the layer's result, (batch, …); None at the input.
        gradients: for each pass the derivative, the shape of its place.
        units: each input's unit if they differ; else the one unit.
    """

    unit: int
    value: np.ndarray
    activations: tuple[np.ndarray | None, ...]
    gradients: tuple[np.ndarray, ...]
    units: tuple[int, ...]

    def of(self, number: int) -> BackwardResult:
        """The result of one input of the batch, as a batch of one; the arrays are copies.

        Example:
            >>> values, slopes = np.float32([5, 6]), np.ones((2, 4, 3, 1), np.float32)
            >>> BackwardResult(8, values, (None,), (slopes,), (8, 9)).of(1).unit
            9
        """
        if len(self.value) == 1:
            return self
        unit = self.units[number] if len(self.units) > 1 else self.unit
        row = slice(number, number + 1)
        return BackwardResult(
            unit,
            self.value[row],
            tuple(
                None if activation is None else activation[row].copy()
                for activation in self.activations
            ),
            tuple(gradient[row].copy() for gradient in self.gradients),
            (unit,),
        )


class RelevanceResult(NamedTuple):
    """What `Network.relevance` found.

    Attributes:
        unit: the neuron's unit.
        value: its activation, aggregated, before softmax.
        relevance: float32 (1, rows, columns, channels).
        sums: layer → the sum of the relevance that passes through it. Where all paths lead through
            a layer this is the total; in a branch it is the branch's share.
    """

    unit: int
    value: float
    relevance: np.ndarray
    sums: dict[str, float]


class LayerRelevance(NamedTuple):
    """The relevance at one layer.

    Attributes:
        layer: the layer's name; "" for the picture.
        map: float32 (rows, columns), the sum over the channels; (1, 1) where a layer has no rows
            and columns.
        total: the sum of the map.
    """

    layer: str
    map: np.ndarray
    total: float


class ClassMaps(NamedTuple):
    """What `Network.class_maps` found.

    Attributes:
        unit: the output unit.
        value: its activation before softmax.
        maps: float32 (rows, columns, units), what the global average pooling averages.
        weights: float32 (units,), the output unit's weights for the maps' means.
        layer: the layer that gives the maps; "" where no layer does.
    """

    unit: int
    value: float
    maps: np.ndarray
    weights: np.ndarray
    layer: str


Pair = tuple[int, int]
"""Along the rows, and along the columns."""


class Window(NamedTuple):
    """The window of a convolution, pooling or padding, (rows, columns) each.

    Attributes:
        kernel: its size.
        strides: from one position of the result to the next.
        dilation: from one tap of the kernel to the next.
        offset: how far the first window extends beyond the input (padding).
        size: of the input.
    """

    kernel: Pair
    strides: Pair
    dilation: Pair
    offset: Pair
    size: Pair


class Field(NamedTuple):
    """The theoretical receptive field of a layer's positions, whatever the weights.

    Attributes:
        size: rows and columns of pixels in one receptive field, before clipping at the border.
        strides: pixels from one position's field to its neighbour's.
        start: the first row and column of position (0, 0)'s field; negative if it extends beyond
            the picture.
    """

    size: Pair
    strides: Pair
    start: Pair

    def box(self, row: int, column: int, picture: Pair) -> tuple[int, int, int, int]:
        """The receptive field of position (row, column), clipped to the picture (rows, columns).

        Returns:
            top, left, bottom, right in pixels; bottom and right are exclusive.
        """
        first = (s + i * j for s, i, j in zip(self.start, (row, column), self.strides, strict=True))
        ends = [
            (max(a, 0), min(a + n, p)) for a, n, p in zip(first, self.size, picture, strict=True)
        ]
        (top, bottom), (left, right) = ends
        return top, left, bottom, right


class PlannedLayer(NamedTuple):
    """One layer as a diagram shows it.

    Attributes:
        name: as `Neuron.layer` takes it.
        kind: the class ("Conv2D").
        output_shape: (rows, columns, units) or (units,).
        parameters: the number of its weights, trainable or not.
        inputs: the layers whose results it takes; "" is the picture.
        kernel: (rows, columns) of its window; None if it has none.
        strides: of its window; None if it has none.
        padding: "valid", "same" or "explicit"; "" if it has no window.
        field: the receptive field of its positions; None if it is the whole picture or not known
            (a layer that enlarges).
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int
    inputs: tuple[str, ...]
    kernel: Pair | None = None
    strides: Pair | None = None
    padding: str = ""
    field: Field | None = None


class Chain(NamedTuple):
    """VisualBackProp's maps; see `graph/map_chains.py`.

    Attributes:
        layers: the maps' layers, the deepest first; "" if no layer gives the map.
        steps: from each map to the next finer one, and from the last to the picture, the windows
            of the operations between, the deepest first.
        branched: whether the network branches, so that there is one map for each resolution.
    """

    layers: tuple[str, ...]
    steps: tuple[tuple[Window, ...], ...]
    branched: bool


class ChannelMeans(NamedTuple):
    """What `Network.channel_means` found.

    Attributes:
        unit: the neuron's unit.
        value: its activation, aggregated, before softmax.
        maps: float32 (rows, columns) each, the deepest first: the means over the channels.
        chain: the chain of these maps.
        seconds: the duration of the pass, without compiling; for a batch, this input's share.
    """

    unit: int
    value: float
    maps: tuple[np.ndarray, ...]
    chain: Chain
    seconds: float


class AttentionResult(NamedTuple):
    """What `attention` found.

    Attributes:
        unit: the neuron's unit.
        value: its activation, aggregated, before softmax.
        maps: float32 (heads, tokens, tokens) for each block, the first block first: how much each
            token (row) attends to each (column).
        reads: bool (tokens,), the tokens on which the neuron depends after the last attention.
        rows: of patches.
        columns: of patches.
        first: how many other tokens come before the patches.
    """

    unit: int
    value: float
    maps: tuple[np.ndarray, ...]
    reads: np.ndarray
    rows: int
    columns: int
    first: int
