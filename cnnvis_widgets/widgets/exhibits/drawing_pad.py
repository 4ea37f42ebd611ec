"""A pad for drawing a digit, and a network's answer after each stroke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import CnnvisError, InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import checked

if TYPE_CHECKING:
    from cnnvis_widgets.engine.digit_reader import Reading

SIDE = 32


class DrawingPad(Control, from_page="drawing"):
    """Draw with the mouse, a finger or the keyboard; the network's answer follows each stroke.

    With the keyboard: the arrow keys move the pen, space sets it down and lifts it.

    Args:
        read: called with a drawing, bool (32, 32); returns a `Reading`
            (`cnnvis_widgets.engine.digit_reader.DigitReader`).
        examples: drawings to start from, by name, of any size; values above half of the largest
            are ink.
        kwargs: the attributes.

    Attributes:
        drawing: 1024 bytes, row after row; 1 is ink.

    Raises:
        InvalidValueError: a drawing that is not 32 × 32.
    """

    label = traitlets.Unicode("Draw a digit").tag(sync=True)

    _examples = traitlets.Dict().tag(sync=True)
    _reading = traitlets.Dict().tag(sync=True)

    @checked(bytes(SIDE * SIDE))
    def drawing(self, drawing: Any) -> bytes:
        if isinstance(drawing, bytes | bytearray | memoryview) and len(drawing) == SIDE * SIDE:
            return bytes(drawing)
        if isinstance(drawing, np.ndarray) and drawing.shape == (SIDE, SIDE):
            return (drawing > 0).astype(np.uint8).tobytes()
        raise InvalidValueError(
            f"A drawing has {SIDE} × {SIDE} places, a byte each; "
            f"got {getattr(drawing, 'shape', None) or type(drawing).__name__}."
        )

    def __init__(
        self,
        read: Callable[[NDArray[np.bool_]], Reading],
        examples: Mapping[str, ArrayLike] | None = None,
        **kwargs: Any,
    ) -> None:
        self._read = read
        super().__init__(**kwargs)
        self._examples = {name: _bitmap(drawn) for name, drawn in (examples or {}).items()}
        self._answer()

    @property
    def pixels(self) -> NDArray[np.bool_]:
        """The drawing, bool (32, 32); True is ink."""
        return np.frombuffer(self.drawing, np.uint8).reshape(SIDE, SIDE) > 0

    @traitlets.observe("drawing")
    def _answer(self, _: Any = None) -> None:
        if not self.pixels.any():
            self._reading = {}
            return
        try:
            reading = self._read(self.pixels)
        except CnnvisError as error:
            self.error = str(error)
            return
        self._reading = {
            "seen": np.ascontiguousarray(reading.seen).tobytes(),
            "size": list(reading.seen.shape),
            "labels": list(reading.labels),
            "scores": list(reading.scores),
            "maps": [
                {"layer": layer, "shape": list(maps.shape), "levels": _levels(maps)}
                for layer, maps in reading.maps.items()
            ],
        }


def _bitmap(drawn: ArrayLike) -> bytes:
    """A grey drawing of any size as 32 × 32 bytes, 1 for ink."""
    from PIL import Image

    levels = np.asarray(drawn, np.float64)
    if levels.ndim != 2 or not levels.size:
        raise InvalidValueError(f"A drawing has rows and columns; got {levels.shape}.")
    grey = Image.fromarray((255 * levels / (levels.max() or 1)).astype(np.uint8))
    large = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return (large > 127).astype(np.uint8).tobytes()


def _levels(maps: NDArray[np.float32]) -> bytes:
    """Maps as uint8, unit after unit: 255 is the layer's largest activation."""
    end = float(maps.max()) or 1.0
    levels = np.clip(maps / end, 0, 1) * 255
    return np.ascontiguousarray(levels.round().astype(np.uint8).transpose(2, 0, 1)).tobytes()
