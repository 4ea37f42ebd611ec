"""A weighted sum of units, or of positions, to be explained instead of one unit."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import InvalidValueError

OUTPUT = "output:"
"""The prefix of an output's name, where a layer's name is also possible."""
WEIGHTS = "weights"
"""The aggregate of a `Target`, for compiled functions: its weights are an argument."""
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class Mask:
    """A mask of a map's positions, as a value that can be compared and hashed.

    Attributes:
        shape: (rows, columns).
        packed: one bit per position, row by row, the first in the highest bit.
    """

    shape: tuple[int, ...]
    packed: bytes

    @classmethod
    def of(cls, values: Any) -> Mask:
        """The mask of an array of True and False, or of 0 and 1.

        Raises:
            InvalidValueError: other values, all False, or not two axes.
        """
        array = np.asarray(values)
        marked = array.astype(bool) if array.dtype.kind in "biuf" else np.zeros(0, bool)
        if marked.ndim != 2 or not marked.any() or not (array == marked).all():
            raise InvalidValueError(
                "mask is (rows, columns) of True and False, True somewhere; got "
                f"{array.dtype} {array.shape}."
            )
        return cls(tuple(marked.shape), np.packbits(marked).tobytes())

    def array(self) -> np.ndarray:
        """The mask: bool (rows, columns)."""
        bits = np.frombuffer(self.packed, np.uint8)
        return np.unpackbits(bits, count=math.prod(self.shape)).astype(bool).reshape(self.shape)


@dataclass(frozen=True, init=False, repr=False)
class Target(Neuron):
    """Σ weight · unit, over all places of a map or over some; taken wherever a `Neuron` is.

    Args:
        units: unit → weight, several units (their sum), or one.
        layer: as a `Neuron`'s; None is the network's output before softmax or sigmoid.
        output: instead of `layer`: one of several outputs, by number or name, before its softmax.
        index: instead of `units`: one number of that output or layer, (row, column, unit) or
            (box, unit) or (unit,).
        aggregate: "sum" or "mean" over the places.
        position: one place instead of all.
        region: the places of a box, (top, left, bottom, right), the last two excluded.
        mask: the places that are True, (rows, columns) of the output or layer.

    Raises:
        InvalidValueError: weights that are not finite or all zero, a unit twice, or both of two
            exclusive arguments.

    Examples:
        >>> cnnvis.Target({3: 1, 5: -1})  # class 3 against class 5
        Target({3: 1.0, 5: -1.0})
        >>> cnnvis.Target([1, 2])  # either of them
        Target({1: 1.0, 2: 1.0})
        >>> cnnvis.Target(12, region=(0, 4, 10, 20), aggregate="mean")  # of a segmentation map
        Target({12: 1.0}, aggregate='mean', region=(0, 4, 10, 20))
        >>> cnnvis.Target(output=1, index=(17, 3))  # box 17's score for class 3
        Target({3: 1.0}, layer='output:1', position=(17,))
    """

    weights: tuple[tuple[int, float], ...] = ()
    region: Region | None = None
    mask: Mask | None = None

    def __init__(
        self,
        units: Mapping[int, float] | Sequence[int] | int | None = None,
        layer: str | None = None,
        *,
        output: int | str | None = None,
        index: Sequence[int] | None = None,
        aggregate: str = "sum",
        position: Sequence[int] | None = None,
        region: Sequence[int] | None = None,
        mask: Any = None,
    ) -> None:
        if (units is None) == (index is None):
            raise InvalidValueError("A target has units or an index, one of the two.")
        if layer is not None and output is not None:
            raise InvalidValueError("A target has a layer or an output, not both.")
        if index is not None:
            if position is not None or not isinstance(index, Sequence) or not index:
                raise InvalidValueError(f"index is (row, column, unit) or shorter; got {index!r}.")
            units, position = index[-1], tuple(index[:-1]) or None
        if sum(choice is not None for choice in (position, region, mask)) > 1:
            raise InvalidValueError("A target has one of position, region and mask.")
        if aggregate == "max":
            raise InvalidValueError(
                'aggregate is "sum" or "mean" for a target, which is a weighted sum; '
                'cnnvis.Neuron(layer, unit, "max") is the largest place of one unit.'
            )
        weights = _weights(units)
        layer_name = layer if output is None else f"{OUTPUT}{output}"
        chosen_position = None if position is None else tuple(position)
        for name, value in (
            *(("layer", layer_name), ("unit", weights[0][0]), ("aggregate", aggregate)),
            *(("position", chosen_position), ("weights", weights), ("region", _region(region))),
            ("mask", mask if mask is None or isinstance(mask, Mask) else Mask.of(mask)),
        ):
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __repr__(self) -> str:
        return self.expression(repr(self.mask))

    def expression(self, mask: str) -> str:
        """The expression that creates this target, with `mask` as the name of its mask.

        Examples:
            >>> cnnvis.Target(2, mask=[[True, False]]).expression("road")
            'Target({2: 1.0}, mask=road)'
        """
        arguments = [repr(dict(self.weights))]
        defaults = {"layer": None, "aggregate": "sum", "position": None, "region": None}
        arguments += [f"{n}={v!r}" for n in defaults if (v := getattr(self, n)) != defaults[n]]
        arguments += [f"mask={mask}"] * (self.mask is not None)
        return f"Target({', '.join(arguments)})"

    @property
    def units(self) -> tuple[int, ...]:
        """The units of the sum.

        Examples:
            >>> cnnvis.Target({3: 1, 5: -1}).units
            (3, 5)
        """
        return tuple(unit for unit, _ in self.weights)

    @property
    def single(self) -> bool:
        """False: a target is a weighted sum.

        Examples:
            >>> cnnvis.Target({3: 1}).single
            False
        """
        return False

    def check(self, shape: Sequence[int | None]) -> None:
        """Check that the layer has these units and places; see `Neuron.check`.

        Examples:
            >>> cnnvis.Target({0: 1, 9: -1}).check((4, 3, 8))
            Traceback (most recent call last):
            cnnvis_widgets.errors.UnknownNameError: There is no unit 9 in the output: 0 to 7.
        """
        for unit, _ in self.weights:
            Neuron(self.layer, unit, self.aggregate, self.position).check(shape)
        self.shares(shape)

    def shares(self, shape: Sequence[int | None]) -> np.ndarray:
        """The weight of each number of the layer.

        Args:
            shape: of the layer's result, (rows, columns, units), (tokens, units) or (units,).

        Returns:
            float32 (places, units), or (1, units) if all positions have equal weight.

        Examples:
            >>> cnnvis.Target({0: 1, 2: -0.5}).shares((4, 3))
            array([[ 1. ,  0. , -0.5]], dtype=float32)
            >>> cnnvis.Target(1, mask=[[True, False], [False, True]], aggregate="mean").shares(
            ...     (2, 2, 3)
            ... )[:, 1]
            array([0.5, 0. , 0. , 0.5], dtype=float32)
        """
        *map_shape, units = shape
        row = np.zeros(units or 1 + max(unit for unit, _ in self.weights), np.float32)
        for unit, weight in self.weights:
            row[unit] = weight
        chosen = self._position_mask(map_shape)
        if chosen is None and (self.aggregate == "sum" or not map_shape):
            return row[None]
        if chosen is None:
            if None in map_shape:
                raise InvalidValueError(
                    f"How many places the mean is over is not known: {map_shape}."
                )
            return row[None] / math.prod(map_shape)  # type: ignore[arg-type]
        share = chosen.ravel().astype(np.float32)
        if self.aggregate == "mean":
            share /= share.sum()
        return share[:, None] * row

    def _position_mask(self, map_shape: Sequence[int | None]) -> np.ndarray | None:
        """The mask of the target's positions, bool of shape `map_shape`; None: all."""
        if self.position is None and self.region is None and self.mask is None:
            return None
        if None in map_shape:
            raise InvalidValueError(f"The layer's places are not fixed ({map_shape}): name none.")
        size = tuple(int(n) for n in map_shape if n is not None)
        chosen = np.zeros(size, bool)
        if self.position is not None:
            chosen[self.position] = True
        elif self.mask is not None:
            if self.mask.shape != size:
                raise InvalidValueError(f"mask is {self.mask.shape}; the places here are {size}.")
            chosen = self.mask.array()
        elif self.region is not None:
            top, left, bottom, right = self.region
            if len(size) != 2 or bottom > size[0] or right > size[1]:
                raise InvalidValueError(f"The region {self.region} is not within {size}.")
            chosen[top:bottom, left:right] = True
        return chosen

    def record(self) -> dict[str, Any]:
        """The target as plain data, for JSON; the inverse of `of_record`.

        Examples:
            >>> cnnvis.Target({3: 1, 5: -1}).record()["weights"]
            [[3, 1.0], [5, -1.0]]
        """
        mask = self.mask and [list(self.mask.shape), base64.b64encode(self.mask.packed).decode()]
        return {
            "weights": [list(pair) for pair in self.weights],
            **{"layer": self.layer, "aggregate": self.aggregate},
            **{"position": self.position and list(self.position)},
            **{"region": self.region and list(self.region), "mask": mask},
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Target:
        """The target that `record` was made of.

        Examples:
            >>> cnnvis.Target.of_record(cnnvis.Target({3: 1, 5: -1}).record())
            Target({3: 1.0, 5: -1.0})
        """
        mask = record["mask"]
        return cls(
            dict(record["weights"]),
            record["layer"],
            aggregate=record["aggregate"],
            position=record["position"],
            region=record["region"],
            mask=mask and Mask(tuple(mask[0]), base64.b64decode(mask[1])),
        )


def kind_of(neuron: Neuron | None) -> tuple[str | None, str]:
    """A neuron's layer and aggregate: neurons with the same ones share a compiled function.

    Example:
        >>> kind_of(Neuron("block2_conv2", 5, position=(10, 20)))
        ('block2_conv2', 'position')
    """
    if neuron is None:
        return None, "sum"
    if isinstance(neuron, Target):
        return neuron.layer, WEIGHTS
    return neuron.layer, neuron.aggregate if neuron.position is None else "position"


def _weights(units: Any) -> tuple[tuple[int, float], ...]:
    if isinstance(units, Mapping):
        pairs = list(units.items())
    else:
        several = isinstance(units, Iterable) and not isinstance(units, str)
        pairs = [(unit, 1.0) for unit in (units if several else [units])]
    try:
        weights = tuple((Neuron(None, unit).unit, float(weight)) for unit, weight in pairs)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(
            f"units are whole numbers with weights that are numbers: {error}"
        ) from None
    numbers = [weight for _, weight in weights]
    if not any(numbers) or not all(math.isfinite(weight) for weight in numbers):
        raise InvalidValueError(f"Weights are finite, and one is not 0; got {dict(weights)}.")
    if len(dict(weights)) < len(weights):
        raise InvalidValueError("A unit is named twice; give it one weight, e.g. {3: 2}.")
    return weights


def _region(box: Any) -> Region | None:
    if box is None:
        return None
    try:
        top, left, bottom, right = (Neuron(None, n).unit for n in box)
    except (TypeError, ValueError) as error:
        raise InvalidValueError(
            f"region is (top, left, bottom, right), four whole numbers; got {box!r}."
        ) from error
    if top >= bottom or left >= right:
        raise InvalidValueError(f"region is (top, left, bottom, right); got {box!r}, empty.")
    return top, left, bottom, right


def described(target: Target, names: Mapping[int, str]) -> str:
    """A target in words: "Egyptian cat − tabby", "road in 34 places".

    Args:
        target: the target.
        names: unit → its name.
    """
    text = ""
    for unit, weight in target.weights:
        size = "" if abs(weight) == 1 else f"{abs(weight):g} × "
        sign = (" − " if weight < 0 else " + ") if text else ("−" if weight < 0 else "")
        text += f"{sign}{size}{names[unit]}"
    if target.mask is not None:
        text += f" in {int(target.mask.array().sum())} places"
    if target.region is not None:
        text += f" in the region {target.region}"
    if target.position is not None:
        text += f" at {', '.join(map(str, target.position))}"
    return f"{text} ({target.aggregate})" if target.aggregate != "sum" else text
