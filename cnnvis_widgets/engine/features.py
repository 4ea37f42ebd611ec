"""What the units of a layer respond to: their maps, and the places that excite them most."""

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
MOST = 0.95  # of the gradient's size: the rest hardly counts


class Excited(NamedTuple):
    """A picture, and the place in it that excites a unit most.

    Attributes:
        picture: its name.
        value: the unit's activation at that place.
        place: (row, column) in the layer's map.
        box: what that place sees, in pixels: top, left, bottom, right.
        core: the part of it that holds most of the gradient, along rows and along columns.
        pixels: uint8 (rows, columns, 3), the whole crop that the network saw.
        map: float32 (rows, columns), the unit's activations everywhere.
        gradient: float32 (rows, columns, channels), guided backpropagation from that place.
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
    """A unit, and what excites it most, the strongest first."""

    unit: int
    excited: tuple[Excited, ...]


def features(
    network: Network,
    images: Mapping[str, NDArray[np.uint8]],
    layer: str,
    units: int | Sequence[int] = 4,
    pictures: int = 4,
) -> list[UnitFeatures]:
    """The most active units of a layer, and the pictures that excite each of them most.

    Units are chosen as in chapter 4 of the thesis, by their mean activation, here over all
    pictures and places, and with negative values counted as none (a layer may come before its
    ReLU, where a clipped one would leave no gradient). A picture counts with its strongest place.

    Args:
        network: any network.
        images: pictures by name, uint8 (rows, columns, 3).
        layer: one with rows and columns.
        units: how many, or which ones.
        pictures: how many for each unit.

    Raises:
        UnsuitableError: the layer has no rows and columns.
        InvalidValueError: no pictures, a network's input in place of one, or a number below 1.
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
    maps = np.stack([network.activations(one, layer) for one in inputs])
    if maps.ndim != 4:
        raise UnsuitableError(
            f"Features are places of a map; {layer!r} gives {maps.shape[1:]}. "
            f"The last layer with rows and columns is {network.last_convolution(None)!r}."
        )
    if isinstance(units, int):
        order = np.argsort(-np.maximum(maps, 0).mean(axis=(0, 1, 2)), kind="stable")
        units = [int(unit) for unit in order[:units]]
    field = next((one.field for one in network.plan if one.name == layer), None)
    unit_features = []
    for unit in units:
        network.neuron((layer, unit))  # is there such a unit?
        own = maps[..., unit]
        best = np.argsort(-own.max(axis=(1, 2)), kind="stable")[:pictures]
        batch = np.stack([inputs[i] for i in best])
        strongest = Neuron(layer, unit, "max")
        gradients = network.backward(batch, strongest, Pass(rule="guided")).gradients[0]
        excited = []
        for i, gradient in zip(best, gradients, strict=True):
            row, column = (int(n) for n in np.unravel_index(own[i].argmax(), own[i].shape))
            size = crops[i].shape[:2]
            box = field.box(row, column, size) if field else (0, 0, *size)
            excited.append(
                Excited(
                    names[i],
                    float(own[i, row, column]),
                    (row, column),
                    box,
                    _core(gradient, box),
                    crops[i],
                    own[i],
                    gradient,
                )
            )
        unit_features.append(UnitFeatures(unit, tuple(excited)))
    return unit_features


def _core(gradient: NDArray[np.float32], box: Box) -> Box:
    """The rows and the columns that hold MOST of the gradient; all where there is none."""
    top, left, bottom, right = box
    size = np.abs(gradient[top:bottom, left:right]).sum(axis=2, dtype=np.float64)
    if not size.any():
        return box
    low, high = (1 - MOST) / 2, (1 + MOST) / 2
    ends = []
    for start, along in ((top, size.sum(axis=1)), (left, size.sum(axis=0))):
        share = np.cumsum(along) / along.sum()
        ends.append((start + int((share <= low).sum()), start + int((share < high).sum()) + 1))
    (first, last), (begin, end) = ends
    return first, begin, min(last, bottom), min(end, right)
