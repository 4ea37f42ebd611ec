"""The number inside a network that is to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

AGGREGATES = ("sum", "mean", "max")


@dataclass(frozen=True)
class Neuron:
    """One unit of one layer; for a layer with rows and columns, a number made from its map.

    Attributes:
        layer: the layer's name as in `Network.layers` (nested: "backbone/conv5_out"); `None` is
            the network's output before softmax or sigmoid.
        unit: the channel of a convolutional layer or the unit of a dense one, from 0.
        aggregate: how the unit's map becomes one number: "sum" over positions, "mean", or "max"
            (the largest position; the first of equal ones).
        position: (row, column) of one activation instead of an aggregate.

    Examples:
        >>> cnnvis.Neuron(None, 3)  # output unit 3, before softmax
        Neuron(layer=None, unit=3, aggregate='sum', position=None)
        >>> cnnvis.Neuron("block2_conv2", 5, aggregate="max").unit
        5
        >>> cnnvis.Neuron("block2_conv2", 5, position=(10, 20)).position
        (10, 20)
    """

    layer: str | None
    unit: int
    aggregate: str = "sum"
    position: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.layer is not None and not isinstance(self.layer, str):
            raise InvalidValueError(f"A neuron's layer is a name, or None; got {self.layer!r}.")
        if self.aggregate not in AGGREGATES:
            raise InvalidValueError(
                f"aggregate is one of {', '.join(AGGREGATES)}; got {self.aggregate!r}."
            )
        object.__setattr__(self, "unit", checks.whole("unit", self.unit))
        if self.position is not None:
            if isinstance(self.position, str) or not hasattr(self.position, "__iter__"):
                raise InvalidValueError(f"position is (row, column); got {self.position!r}.")
            position = tuple(checks.whole("position", p) for p in self.position)
            object.__setattr__(self, "position", position)

    @property
    def single(self) -> bool:
        """Whether it is one unit, and no weighted sum of several (a `Target`).

        Examples:
            >>> cnnvis.Neuron(None, 3).single, cnnvis.Target({3: 1, 5: -1}).single
            (True, False)
        """
        return True

    def check(self, shape: Sequence[int | None]) -> None:
        """Check that the layer has this unit and position.

        Args:
            shape: of the layer's result, (rows, columns, units) or (units,); None where not fixed.

        Raises:
            UnknownNameError: no such unit.
            InvalidValueError: no such position.

        Examples:
            >>> cnnvis.Neuron("block2_conv2", 5, position=(10, 20)).check((32, 32, 16))
            >>> cnnvis.Neuron("block2_conv2", 16).check((32, 32, 16))
            Traceback (most recent call last):
            cnnvis_widgets.errors.UnknownNameError: There is no unit 16 in layer ...
        """
        *map_shape, units = shape
        owner = "the output" if self.layer is None else f"layer {self.layer!r}"
        if units is not None and self.unit >= units:
            raise UnknownNameError(f"There is no unit {self.unit} in {owner}: 0 to {units - 1}.")
        if self.position is not None and (
            len(self.position) != len(map_shape)
            or any(n is not None and p >= n for p, n in zip(self.position, map_shape, strict=True))
        ):
            extent = f"rows and columns {tuple(map_shape)}" if map_shape else "no rows and columns"
            raise InvalidValueError(
                f"Position {self.position} is not in {owner}, which has {extent}."
            )
