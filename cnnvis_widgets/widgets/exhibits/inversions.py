"""Inversions of a network's layers: two methods, layer by layer (thesis Figure 24)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import checked, offered

Picture = NDArray[np.uint8]
Way = tuple[Picture, float] | None


class Inversions(Control, from_page="value"):
    """A picture, and a column for each layer with its inversions by each method.

    A column is chosen by mouse or arrow keys; its inversions are shown enlarged next to the
    picture, with two figures: the relative error of the layer's code, and that of the colours.

    Args:
        picture: uint8 (rows, columns, 3), the network's input.
        made: layer → method → (uint8 picture of the same size, relative error of its code), or
            None if the method has none for the layer. All layers have the same methods.
        notes: layer → a few words below its name, such as its size.
        alt: alt text of the picture.
        kwargs: the attributes.

    Attributes:
        value: the chosen layer; by default the first.

    Raises:
        InvalidValueError: no layer, layers with different methods, arrays that are not pictures of
            the same size, or an error that is negative or not finite.
        UnknownNameError: an unknown layer.
    """

    label = traitlets.Unicode("Two ways back").tag(sync=True)

    _data = traitlets.Dict().tag(sync=True)

    @checked("")
    def value(self, value: Any) -> str:
        # One layer is always chosen: "" means the first.
        first = next(iter(self.made))
        return offered("layer", value, [{"name": layer} for layer in self.made]) or first

    def __init__(
        self,
        picture: Picture,
        made: Mapping[str, Mapping[str, Way]],
        notes: Mapping[str, str] | None = None,
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self.picture = _checked("picture", picture)
        self.made = {layer: dict(ways) for layer, ways in made.items()}
        self._ways = _ways_of(self.made)
        for layer, ways in self.made.items():
            for way, inversion in ways.items():
                if inversion is not None:
                    _checked(f"{way} at {layer}", inversion[0], self.picture.shape)
                    _finite(f"{way} at {layer}", inversion[1])
        super().__init__(**kwargs)
        self._data = self._all(notes or {}, alt)

    def off(self, layer: str, way: str) -> float:
        """The root mean square difference of an inversion from the picture, in grey levels of 255.

        Raises:
            KeyError: there is no such inversion.
        """
        inversion = self.made[layer][way]
        if inversion is None:
            raise KeyError(way)
        return float(np.sqrt(np.square(inversion[0].astype(np.float64) - self.picture).mean()))

    def _all(self, notes: Mapping[str, str], alt: str) -> dict[str, Any]:
        from cnnvis_widgets.rendering.pictures import png_bytes  # imports Pillow

        def record(layer: str, way: str) -> dict[str, Any] | None:
            inversion = self.made[layer][way]
            if inversion is None:
                return None
            file, error = png_bytes(inversion[0]), float(inversion[1])
            return {"file": file, "error": error, "off": self.off(layer, way)}

        return {
            "file": png_bytes(self.picture),
            "alt": alt or "the picture",
            "ways": self._ways,
            "layers": [
                {
                    "name": layer,
                    "note": notes.get(layer, ""),
                    "made": [record(layer, way) for way in self._ways],
                }
                for layer in self.made
            ],
        }


def _ways_of(layers: Mapping[str, Mapping[str, Way]]) -> list[str]:
    each = [list(ways) for ways in layers.values()]
    if not each or not each[0]:
        raise InvalidValueError("Expected at least one layer with at least one way back.")
    if any(ways != each[0] for ways in each):
        raise InvalidValueError(f"All layers have the same ways back; got {each}.")
    return each[0]


def _checked(name: str, picture: Any, shape: tuple[int, ...] | None = None) -> Picture:
    array = np.asarray(picture)
    fits = array.ndim == 3 and array.shape[2] == 3 and array.size and array.dtype == np.uint8
    if not fits or shape not in (None, array.shape):
        expected = "(rows, columns, 3)" if shape is None else str(shape)
        raise InvalidValueError(
            f"{name}: expected a picture, uint8 {expected}; got {array.dtype} {array.shape}."
        )
    return array


def _finite(name: str, error: Any) -> None:
    if not (isinstance(error, int | float | np.floating) and math.isfinite(error) and error >= 0):
        raise InvalidValueError(f"{name}: a relative error is 0 or more; got {error!r}.")
