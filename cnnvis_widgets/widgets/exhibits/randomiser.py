"""Cascading randomization of a network, and its effect on each method's map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Whole

if TYPE_CHECKING:
    from cnnvis_widgets.study.cascading_randomization import Forgetting

SIDE = 192  # pixels of a map on the page


class Randomiser(Control, from_page="random signed"):
    """A slider for the number of randomized upper layers, and each method's map and similarity.

    Each map has its own colour scale, so that the positions of bright parts can be compared.

    Args:
        forgetting: the result of `study.cascading_randomization.forgetting`.
        alt: alt text of the picture.
        titles: method → the title of its map; by default its name.
        kwargs: the attributes.

    Attributes:
        random: the number of randomized layers, from the last.
        signed: whether the correlation is of the signed values; else of the absolute values.

    Raises:
        InvalidValueError: no method, or more random layers than there are.
    """

    label = traitlets.Unicode("Make it forget").tag(sync=True)
    random = Whole(0, lambda randomiser: randomiser._last, 0).tag(sync=True)
    signed = traitlets.Bool(False).tag(sync=True)
    _stages = traitlets.List().tag(sync=True)
    _maps = traitlets.List().tag(sync=True)
    _alt = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        forgetting: Forgetting,
        alt: str = "the picture",
        titles: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if not forgetting.heatmaps:
            raise InvalidValueError("A randomiser needs at least one method; got none.")
        self._last = len(forgetting.layers)
        super().__init__(**kwargs)
        names = ["", *forgetting.layers]
        self._stages = [
            {"layer": name, "score": score}
            for name, score in zip(names, forgetting.scores, strict=True)
        ]
        self._alt = alt
        self._maps = [
            {
                "title": (titles or {}).get(name, name.replace("_", " ")),
                "frames": [_frame(forgetting.picture, heatmap) for heatmap in heatmaps],
                "zero": [not heatmap.any() for heatmap in heatmaps],
                "alike": forgetting.alike[name],
                "signed": forgetting.alike_signed[name],
            }
            for name, heatmaps in forgetting.heatmaps.items()
        ]


def _frame(picture: Any, heatmap: Any) -> bytes:
    import numpy as np
    from PIL import Image

    from cnnvis_widgets.rendering.pictures import jpeg_bytes, overlay
    from cnnvis_widgets.rendering.scales import Scale

    pixels = overlay(picture, heatmap, Scale.of(heatmap, percentile=99.5))
    sized = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return jpeg_bytes(np.asarray(sized))
