"""Guided Grad-CAM's product of a detailed and a coarse map (thesis Figure 21)."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.map_data import over
from cnnvis_widgets.widgets.toolkit.traits import Place, Real

CLIPPED = 99.0  # percentile of the detail where its colours end, as few pixels are far brighter


class GuidedProduct(Control, from_page="at share"):
    """Two maps and their product, with a slider from the detailed map to the product.

    At `share` t the third picture is detail × ((1 - t) + t · mask / largest of mask): the detail at
    0; at 1 the product, which is Guided Grad-CAM divided by the mask's largest value. All shares
    have the same colour scale. The page computes this itself, as `shown` does; the three values of
    the pixel under the pointer are below.

    Args:
        detail: (rows, columns), or (rows, columns, channels), of which the largest absolute value
            is taken.
        coarse: the mask, (r, c), not negative; enlarged bilinearly (half-pixel centres).
        picture: uint8 (rows, columns, 3), shown under the mask.
        alt: alt text of the picture.
        kwargs: the attributes.

    Attributes:
        share: 0 … 1, how much of the mask is applied.
        at: (row, column) of the pixel whose values are shown.

    Raises:
        InvalidValueError: arrays that do not fit together or are not finite, a mask with negative
            values, or a share or pixel out of range.
    """

    label = traitlets.Unicode("Detail × place").tag(sync=True)
    share = Real(0, 1, 1.0).tag(sync=True)
    at = Place(lambda product: product.detail.shape).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        detail: ArrayLike,
        coarse: ArrayLike,
        picture: NDArray[np.uint8],
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self.detail, self.coarse = _checked(detail, coarse, picture)
        kwargs.setdefault("at", [int(i) for i in np.divmod(self._brightest(), picture.shape[1])])
        super().__init__(**kwargs)
        self._send_all(picture, alt)

    def mask(self) -> NDArray[np.float32]:
        """The coarse map at the size of the detail: float32 (rows, columns)."""
        from cnnvis_widgets.rendering.pictures import enlarge  # imports Pillow

        return enlarge(self.coarse, *self.detail.shape)

    def shown(self, share: float | None = None) -> NDArray[np.float32]:
        """The third picture's values: float32 (rows, columns).

        Args:
            share: 0 … 1; None for the widget's own.
        """
        mask_share = self.share if share is None else checks.number("share", share, 0, 1)
        largest = float(self.coarse.max())
        mask = self.mask() / largest if largest else self.mask()
        return self.detail * ((1 - mask_share) + mask_share * mask).astype(np.float32)

    def _brightest(self) -> int:
        return int((self.detail * self.mask()).argmax())

    def _send_all(self, picture: NDArray[np.uint8], alt: str) -> None:
        self._data = {
            "shape": list(self.detail.shape),
            "detail": self.detail.astype("<f4").tobytes(),
            "end": float(np.percentile(self.detail, CLIPPED)) or float(self.detail.max()),
            "coarse_shape": list(self.coarse.shape),
            "coarse": self.coarse.astype("<f4").tobytes(),
            **over(picture, alt),
        }


def _checked(
    detail: ArrayLike, coarse: ArrayLike, picture: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    values, mask = np.asarray(detail, np.float32), np.asarray(coarse, np.float32)
    values = np.abs(values)
    if values.ndim == 3 and values.size:
        values = values.max(axis=-1)
    shape = getattr(picture, "shape", ())
    fits = values.ndim == mask.ndim == 2 and shape == (*values.shape, 3) and values.size
    if not (fits and picture.dtype == np.uint8 and mask.size and mask.shape <= values.shape):
        raise InvalidValueError(
            "Expected a detailed map, a coarser one, and a uint8 picture of the detailed map's "
            f"size; got {np.shape(detail)}, {np.shape(coarse)} and "
            f"{getattr(picture, 'dtype', type(picture).__name__)} {shape}."
        )
    if not (np.isfinite(values).all() and np.isfinite(mask).all()):
        raise InvalidValueError("The maps' values are finite; some of these are NaN or infinite.")
    if (mask < 0).any():
        raise InvalidValueError("The coarse map is Grad-CAM's, after its ReLU: nowhere negative.")
    return values, mask
