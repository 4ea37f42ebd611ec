"""A network for a grid of pictures whose output for one cell is independent of the others."""

from __future__ import annotations

from typing import NamedTuple

import keras

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.variants.randomization import copied
from cnnvis_widgets.errors import UnsuitableError

MAPS = "grid"  # the layer of the cells' maps, side by side


class Grid(NamedTuple):
    """DiFull of Rao et al. 2022.

    Attributes:
        network: takes side × side pictures in one input; at its end one head for each.
        heads: the layers of the heads, row by row: `Neuron(heads[i], unit)` sees cell i alone.
        maps: the layer where the cells' last maps are side by side.
        side: cells along each side.
    """

    network: Network
    heads: tuple[str, ...]
    maps: str
    side: int

    def neuron(self, cell: int, unit: int) -> Neuron:
        """The class `unit` for one cell, counted row by row."""
        return Neuron(self.heads[cell], unit)


def disconnected(network: Network, side: int = 2) -> Grid:
    """Cut a copy of the network after its last maps, and use both parts on every cell.

    Each cell goes through the lower part by itself, so no convolution crosses its border. The maps
    are concatenated, where Grad-CAM reads them; each head gets the maps of its own cell.

    Args:
        network: functional or sequential, its last maps given by a layer of the model itself.
        side: cells along each side, at least 1.

    Raises:
        UnsuitableError: the network cannot be copied or cut.
    """
    lower, head = _split(network)
    rows, columns, channels = network.input_shape
    picture = keras.Input((side * rows, side * columns, channels))
    cells = [(i, j) for i in range(side) for j in range(side)]

    def cell(grid: object, i: int, j: int, size: tuple[int, ...]) -> object:
        crop = [(k * n, (side - 1 - k) * n) for k, n in zip((i, j), size, strict=True)]
        return keras.layers.Cropping2D(crop)(grid)

    maps = [lower(cell(picture, i, j, (rows, columns))) for i, j in cells]
    size = tuple(int(n) for n in maps[0].shape[1:3])
    grid_rows = [_concatenate(maps[k * side : (k + 1) * side], 2) for k in range(side)]
    grid = _concatenate(grid_rows, 1, MAPS)
    outputs = [head(cell(grid, i, j, size)) for i, j in cells]
    model = keras.Model(picture, _concatenate(outputs, -1), name="disconnected")
    name = f"{network.name}, {side} × {side} disconnected"
    heads = (head.name, *(f"{head.name}#{k}" for k in range(2, len(cells) + 1)))
    return Grid(Network(model, network.preprocess, name=name), heads, MAPS, side)


def _split(network: Network) -> tuple[keras.Model, keras.Model]:
    path = network.last_convolution(None)
    copy = copied(network).model
    try:
        middle = _result(copy, path)
        lower = keras.Model(copy.inputs, middle, name="cell")
        return lower, keras.Model(middle, copy.outputs[0], name="head")
    except Exception as error:  # Keras' own errors share no base
        raise UnsuitableError(
            f"{network.name} cannot be cut at {path!r}, the last maps before its output: expected "
            "a functional or sequential model with that layer in the model itself, not in a model "
            f"within it. Keras says: {error}"
        ) from error


def _result(model: keras.Model, layer: str) -> keras.KerasTensor:
    """A layer's result on the path to the model's output; other calls may have other results."""
    queue = list(model.outputs)
    while queue:
        tensor = queue.pop()
        operation, node, _ = tensor._keras_history
        if operation.name == layer:
            return tensor
        queue += operation._inbound_nodes[node].input_tensors
    raise LookupError(f"no layer {layer} in the model itself")


def _concatenate(tensors: list, axis: int, name: str | None = None) -> object:
    if len(tensors) == 1:
        return keras.layers.Identity(name=name)(tensors[0])
    return keras.layers.Concatenate(axis=axis, name=name)(tensors)
