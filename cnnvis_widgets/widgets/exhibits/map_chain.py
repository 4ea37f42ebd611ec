"""VisualBackProp's chain of maps, link by link (thesis Figure 23)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.map_data import cell, over, picture_size
from cnnvis_widgets.widgets.toolkit.traits import Place, Whole

_PARTS = ("mean", "enlarged", "product")
Given = tuple[str, ArrayLike | None, ArrayLike | None, ArrayLike]


class MapChain(Control, from_page="at link"):
    """Maps that are multiplied from the deepest layer down to the picture, one link at a time.

    Each link shows a layer's mean map, the product of the link before enlarged to its size, and
    their product, all over the picture, each in its own cells and on its own scale. The three
    values at the pointer are below.

    Args:
        links: (layer, mean, enlarged, product) each, the deepest first;
            `methods.visual_backprop.links` makes them. Maps are (rows, columns), not negative; mean
            or enlarged may be None.
        picture: uint8 (rows, columns, 3), with at least as many rows and columns as any map.
        alt: alt text of the picture.
        kwargs: the attributes.

    Attributes:
        link: the index of the link that is shown, from 0 (the deepest).
        at: (row, column) of the pixel whose three values are shown.

    Raises:
        InvalidValueError: no link, maps that are invalid, do not fit or have negative values, a
            picture that is invalid or too small, or a link or pixel out of range.
    """

    label = traitlets.Unicode("The chain of maps").tag(sync=True)
    link = Whole(0, lambda chain: len(chain.links) - 1, 0).tag(sync=True)
    at = Place(lambda chain: chain._size).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self, links: Iterable[Given], picture: NDArray[np.uint8], alt: str = "", **kwargs: Any
    ) -> None:
        self.links = [_checked(link) for link in links]
        if not self.links:
            raise InvalidValueError("A chain of maps needs at least one link; none was given.")
        self._size = picture_size(picture, (link["product"].shape for link in self.links))
        super().__init__(**{"at": [n // 2 for n in self._size], **kwargs})
        self._send_all(picture, alt)

    def read(self) -> dict[str, float | None]:
        """The current link's "mean", "enlarged" and "product" in the cell of the pixel `at`."""
        link = self.links[self.link]
        position = cell(self.at, link["product"].shape, self._size)
        return {
            part: None if link[part] is None else float(link[part][position]) for part in _PARTS
        }

    def _send_all(self, picture: NDArray[np.uint8], alt: str) -> None:
        self._data = {
            "links": [
                {
                    "layer": link["layer"],
                    "shape": list(link["product"].shape),
                    **{p: None if link[p] is None else link[p].tobytes() for p in _PARTS},
                }
                for link in self.links
            ],
            "size": list(self._size),
            **over(picture, alt),
        }


def _checked(link: Given) -> dict[str, Any]:
    try:
        layer, *arrays = link
        mean, enlarged, product = (None if m is None else np.asarray(m, "<f4") for m in arrays)
    except (TypeError, ValueError):
        raise InvalidValueError(
            f"A link is a layer's name and three maps; got {type(link).__name__}."
        ) from None
    maps = [m for m in (mean, enlarged, product) if m is not None]
    if product is None or product.ndim != 2 or not product.size:
        raise InvalidValueError(f"A link's product is (rows, columns); {layer!r} has none such.")
    if any(m.shape != product.shape for m in maps):
        raise InvalidValueError(
            f"The maps of a link have one size; {layer!r} has {[m.shape for m in maps]}."
        )
    if not all(np.isfinite(m).all() and m.min() >= 0 for m in maps):
        raise InvalidValueError(
            f"Means after ReLUs are finite and nowhere negative; {layer!r} has other values."
        )
    return {"layer": str(layer), "mean": mean, "enlarged": enlarged, "product": product}
