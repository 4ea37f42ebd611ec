"""The features that units respond to, by depth: patches, maps and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Whole

if TYPE_CHECKING:
    from cnnvis_widgets.engine.features import Excited, UnitFeatures

VIEWS = ("patch", "map", "gradient")
SIDE = 128  # pixels of a picture on the page


class FeaturesByDepth(Control, from_page="view depth"):
    """A slider through a network's layers; for each, units and the photos that excite them most.

    There are three views: the part of the photo on which the unit's strongest position depends
    (with 95 % of its gradient), the unit's map over the whole photo, and the gradient of that
    position.

    Args:
        layers: layer → its units' features, from the first layer to the last.
        notes: layer → a line about it ("56 × 56 × 24; a place sees 43 × 43 pixels").
        kwargs: the attributes.

    Attributes:
        depth: the index of the layer that is shown.
        view: "patch", "map" or "gradient".

    Raises:
        InvalidValueError: no layer, or `depth` out of range.
        UnknownNameError: an unknown view.
    """

    label = traitlets.Unicode("What units respond to, by depth").tag(sync=True)
    depth = Whole(0, lambda features: len(features._layers) - 1, 0).tag(sync=True)
    view = OneOf("view", VIEWS, "patch").tag(sync=True)
    _floors = traitlets.List().tag(sync=True)

    def __init__(
        self,
        layers: Mapping[str, Sequence[UnitFeatures]],
        notes: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if not layers:
            raise InvalidValueError("Features by depth need at least one layer; none was given.")
        self._layers = list(layers)
        super().__init__(**kwargs)
        self._floors = [
            {
                "layer": layer,
                "note": (notes or {}).get(layer, ""),
                "units": [_unit(unit) for unit in units],
            }
            for layer, units in layers.items()
        ]


def _unit(features: UnitFeatures) -> dict[str, Any]:
    end = max((float(e.map.max()) for e in features.excited), default=0.0)
    return {
        "unit": features.unit,
        "excited": [_excited(excited, end) for excited in features.excited],
    }


def _excited(excited: Excited, end: float) -> dict[str, Any]:
    from cnnvis_widgets.rendering.pictures import enlarge, jpeg_bytes, overlay
    from cnnvis_widgets.rendering.scales import Scale

    top, left, bottom, right = excited.core
    pixels, gradient = excited.pixels, excited.gradient
    scale = Scale(0.0, max(end, 1e-12), "sequential")
    over = overlay(pixels, enlarge(np.maximum(excited.map, 0), *pixels.shape[:2]), scale)
    views = {
        "patch": pixels[top:bottom, left:right],
        "map": over,
        "gradient": shown_gradient(gradient[top:bottom, left:right]),
    }
    return {
        "picture": excited.picture,
        "value": excited.value,
        "box": list(excited.core),
        "size": list(pixels.shape[:2]),
        **{name: jpeg_bytes(_fitted(view)) for name, view in views.items()},
    }


def shown_gradient(gradient: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A signed gradient as a picture: zero is mid-grey, large values are black or white.

    The scale ends at the 99th percentile of the absolute values, so that no outlier hides the rest.

    Args:
        gradient: (rows, columns, channels), channels 1 or 3.

    Returns:
        uint8 (rows, columns, 3).
    """
    sizes = np.abs(gradient)
    end = float(np.percentile(sizes, 99)) or float(sizes.max()) or 1.0
    levels = np.clip(127.5 * (1 + gradient / end), 0, 255).round().astype(np.uint8)
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels


def _fitted(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side SIDE pixels long; small patches keep visible pixels."""
    from PIL import Image

    rows, columns = picture.shape[:2]
    factor = SIDE / max(rows, columns)
    size = max(1, round(columns * factor)), max(1, round(rows * factor))
    resampling = Image.Resampling.NEAREST if factor > 3 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).resize(size, resampling))
