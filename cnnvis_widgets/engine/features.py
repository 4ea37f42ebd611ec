"""The pictures and the positions in them that activate a layer's units most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import Pass
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


Box = tuple[int, int, int, int]
CORE_SHARE = 0.95  # of the gradient's magnitude


class Excited(NamedTuple):
    """A picture, and the position in it that activates a unit most.

    Attributes:
        picture: its name.
        value: the unit's activation at that position.
        place: (row, column) in the layer's map.
        box: its receptive field in pixels: top, left, bottom, right.
        core: the part of the field with 95 % of the gradient, along rows and along columns.
        pixels: uint8 (rows, columns, 3), the network's input as a picture.
        map: float32 (rows, columns), the unit's activation map.
        gradient: float32 (rows, columns, channels), guided backpropagation from that position.
    """

    picture: str
    value: float
    place: tuple[int, int]
    box: Box
    core: Box
    pixels: NDArray[np.uint8]
    map: NDArray[np.float32]
    gradient: NDArray[np.float32]


class UnitFeatures(NamedTuple):
    """A unit and its strongest pictures, the strongest first."""

    unit: int
    excited: tuple[Excited, ...]


def features(
    network: Network,
    images: Mapping[str, NDArray[np.uint8]],
    layer: str,
    units: int | Sequence[int] = 4,
    pictures: int = 4,
) -> list[UnitFeatures]:
    """The most active units of a layer, and the pictures that activate each of them most.

    Units are chosen as in chapter 4 of the thesis, by their mean activation, here over all
    pictures and positions. Negative values count as 0: the layer may come before its ReLU, where
    clipped values have no gradient. Pictures are ranked by their strongest position.

    Args:
        network: any network.
        images: pictures by name, uint8 (rows, columns, 3).
        layer: a layer with rows and columns.
        units: the number of units, or their indices.
        pictures: the number of pictures for each unit.

    Raises:
        UnsuitableError: the layer has no rows and columns.
        InvalidValueError: no pictures, floats instead of a picture, or a number below 1.
    """
    if not images or pictures < 1 or (isinstance(units, int) and units < 1):
        raise InvalidValueError(
            "Features need at least one picture and one unit; "
            f"got {len(images)} pictures, units={units!r}, pictures={pictures}."
        )
    names, inputs, crops = list(images), [], []
    for name, image in images.items():
        prepared = network.prepare(image)
        if prepared.picture is None:
            raise InvalidValueError(f"Features need pictures, uint8; {name!r} is {image.dtype}.")
        inputs.append(prepared.input)
        crops.append(prepared.picture)
    maps = np.stack([network.activations(values, layer) for values in inputs])
    if maps.ndim != 4:
        raise UnsuitableError(
            f"Features are places of a map; {layer!r} gives {maps.shape[1:]}. "
            f"The last layer with rows and columns is {network.last_convolution(None)!r}."
        )
    if isinstance(units, int):
        order = np.argsort(-np.maximum(maps, 0).mean(axis=(0, 1, 2)), kind="stable")
        units = [int(unit) for unit in order[:units]]
    field = next((planned.field for planned in network.plan if planned.name == layer), None)
    unit_features = []
    for unit in units:
        network.neuron((layer, unit))  # raises for an unknown unit
        unit_maps = maps[..., unit]
        best = np.argsort(-unit_maps.max(axis=(1, 2)), kind="stable")[:pictures]
        batch = np.stack([inputs[i] for i in best])
        strongest = Neuron(layer, unit, "max")
        gradients = network.backward(batch, strongest, Pass(rule="guided")).gradients[0]
        excited = []
        for i, gradient in zip(best, gradients, strict=True):
            row, column = (
                int(n) for n in np.unravel_index(unit_maps[i].argmax(), unit_maps[i].shape)
            )
            size = crops[i].shape[:2]
            box = field.box(row, column, size) if field else (0, 0, *size)
            excited.append(
                Excited(
                    names[i],
                    float(unit_maps[i, row, column]),
                    (row, column),
                    box,
                    _core(gradient, box),
                    crops[i],
                    unit_maps[i],
                    gradient,
                )
            )
        unit_features.append(UnitFeatures(unit, tuple(excited)))
    return unit_features


def _core(gradient: NDArray[np.float32], box: Box) -> Box:
    """The rows and columns with `CORE_SHARE` of the gradient; the box if the gradient is zero."""
    top, left, bottom, right = box
    size = np.abs(gradient[top:bottom, left:right]).sum(axis=2, dtype=np.float64)
    if not size.any():
        return box
    low, high = (1 - CORE_SHARE) / 2, (1 + CORE_SHARE) / 2
    ends = []
    for start, along in ((top, size.sum(axis=1)), (left, size.sum(axis=0))):
        share = np.cumsum(along) / along.sum()
        ends.append((start + int((share <= low).sum()), start + int((share < high).sum()) + 1))
    (first_row, end_row), (first_column, end_column) = ends
    return first_row, first_column, min(end_row, bottom), min(end_column, right)
