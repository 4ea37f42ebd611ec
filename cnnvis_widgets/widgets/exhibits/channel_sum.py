"""Grad-CAM's weighted sum, channel by channel: which channels make the map?"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Whole

ORDERS = ("contribution", "weight")
VIEWS = ("sum", "last")


class ChannelSum(Control, from_page="count order view relu smooth"):
    """The most important channels of a layer as small maps, and a slider that adds them up.

    The page adds the maps itself, so that a dragged slider never waits for Python. Two numbers are
    beside the running map: its overlap with the whole map (the sum over all positions of the
    smaller value, divided by that of the larger value; 100 % only if both are equal), and its sum
    before the ReLU.

    Args:
        maps: the layer's activations, float (rows, columns, units).
        weights: one for each unit, float (units,): Grad-CAM's α, or CAM's w.
        picture: uint8 (rows, columns, 3), the network's input crop; None shows the map alone.
        alt: alt text of the picture.
        kwargs: the attributes.

    Attributes:
        count: how many channels are added up, 0 … units; the most important ones first.
        order: the measure of importance: "contribution" (Σ|α_k A_k|, how much the channel can add
            to the map of this picture) or "weight" (|α_k|, regardless of its map).
        relu: whether negative sums are shown as zero; else the colours have both signs.
        smooth: whether the map is enlarged bilinearly (half-pixel centres); else its cells are
            visible.
        view: "sum" (the running map) or "last" (the map of the channel that was added last).
        shown: the number of channels with a card.

    Raises:
        InvalidValueError: arrays that do not fit together, values that are not finite, or a `count`
            above the number of units.
        UnknownNameError: an unknown `order` or `view`.
    """

    label = traitlets.Unicode("The map, channel by channel").tag(sync=True)
    count = Whole(0, lambda channel_sum: channel_sum.units, 1).tag(sync=True)
    order = OneOf("order of the channels", ORDERS, "contribution").tag(sync=True)
    view = OneOf("view", VIEWS, "sum").tag(sync=True)
    relu = traitlets.Bool(True).tag(sync=True)
    smooth = traitlets.Bool(True).tag(sync=True)
    shown = traitlets.Int(24, min=1, max=200).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        maps: ArrayLike,
        weights: ArrayLike,
        picture: NDArray[np.uint8] | None = None,
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self._maps, self._weights = _checked(maps, weights)
        pixels = _pixels(picture)
        super().__init__(**kwargs)
        self._send_all(pixels, alt)

    def show(
        self,
        maps: ArrayLike,
        weights: ArrayLike,
        picture: NDArray[np.uint8] | None = None,
        alt: str = "",
    ) -> None:
        """Show other maps; `count` stays if there are enough units."""
        (values, alphas), pixels = _checked(maps, weights), _pixels(picture)
        self._maps, self._weights = values, alphas
        self.count = min(self.count, self.units)
        self._send_all(pixels, alt)

    @property
    def units(self) -> int:
        """The number of channels."""
        return self._maps.shape[-1]

    @property
    def ranking(self) -> NDArray[np.intp]:
        """The units in the current order, the most important first."""
        return self._ranking(self.order)

    def running(self, count: int | None = None) -> NDArray[np.float32]:
        """The sum of the first channels, before the ReLU.

        Args:
            count: how many; None for the widget's own `count`.

        Returns:
            float32 (rows, columns).
        """
        first = self.ranking[
            : self.count if count is None else checks.whole("count", count, 0, self.units)
        ]
        return self._maps[..., first] @ self._weights[first]

    def _ranking(self, order: str) -> NDArray[np.intp]:
        size = np.abs(self._weights.astype(np.float64))
        if order == "contribution":
            size = size * np.abs(self._maps).sum(axis=(0, 1), dtype=np.float64)
        return np.argsort(-size, kind="stable")

    def _send_all(self, picture: NDArray[np.uint8], alt: str) -> None:
        from cnnvis_widgets.rendering.colormaps import DEFAULTS, lookup  # imports Pillow

        self._data = {
            "shape": list(self._maps.shape),
            "maps": np.ascontiguousarray(self._maps.transpose(2, 0, 1), "<f4").tobytes(),
            "weights": self._weights.astype("<f4").tobytes(),
            "orders": {name: self._ranking(name).astype("<u4").tobytes() for name in ORDERS},
            "picture": picture.tobytes(),
            "size": list(picture.shape[:2]) if picture.size else [],
            "tables": {kind: lookup(name).tobytes() for kind, name in DEFAULTS.items()},
            "alt": alt,
        }


def _checked(maps: ArrayLike, weights: ArrayLike) -> tuple[NDArray[np.float32], ...]:
    values, alphas = np.asarray(maps), np.asarray(weights)
    fits = values.ndim == 3 and alphas.shape == values.shape[-1:] and values.size > 0
    if not (fits and values.dtype.kind in "fiu" and alphas.dtype.kind in "fiu"):
        raise InvalidValueError(
            "Expected maps of real numbers (rows, columns, units) and one weight for each unit; "
            f"got {values.dtype} {values.shape} and {alphas.dtype} {alphas.shape}."
        )
    values, alphas = values.astype(np.float32), alphas.astype(np.float32)
    if not (np.isfinite(values).all() and np.isfinite(alphas).all()):
        raise InvalidValueError("Maps and weights are finite; some of these are NaN or infinite.")
    return values, alphas


def _pixels(picture: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """The picture, checked; an empty array for None."""
    if picture is None:
        return np.zeros((0, 0, 3), np.uint8)
    if getattr(picture, "dtype", None) != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise InvalidValueError(
            "A picture is a uint8 array (rows, columns, 3); got "
            f"{getattr(picture, 'dtype', type(picture).__name__)} {np.shape(picture)}."
        )
    return picture
