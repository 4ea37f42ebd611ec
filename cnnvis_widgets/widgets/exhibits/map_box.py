"""A bounding box from a map and a threshold, and how well it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.study.localisation import Box, box_around, region
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Whole

PERCENTS = range(1, 101)


class MapBox(Chart, from_page="percent view"):
    """Pictures with a map each, and a slider for a threshold relative to the map's largest value.

    The largest connected region above the threshold gets a box; its intersection over union with
    the true box (around the mask) is shown, and the curve of that over all thresholds.

    Args:
        views: name → (picture, map, mask): uint8 (rows, columns, 3), (r, c) enlarged bilinearly,
            bool (rows, columns) of the object.
        alts: name → alt text of the picture.
        kwargs: the attributes.

    Attributes:
        view: the name of the picture that is shown.
        percent: the threshold in per cent of the map's largest value, 1 … 100.

    Raises:
        InvalidValueError: no picture, arrays that do not fit together, or `percent` out of range.
        UnknownNameError: `view` is not one of the names.
    """

    label = traitlets.Unicode("A box from the map").tag(sync=True)
    view = OneOf("picture", lambda box: box._views, first=True).tag(sync=True)
    percent = Whole(PERCENTS[0], PERCENTS[-1], 20).tag(sync=True)
    _names = traitlets.List().tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        views: Mapping[str, Sequence[Any]],
        alts: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        if not views:
            raise InvalidValueError("Expected at least one picture; got none.")
        self._views = {str(name): _checked(name, view) for name, view in views.items()}
        self._alts = dict(alts or {})
        self._box_lists: dict[str, list[Box | None]] = {}
        kwargs.setdefault("view", next(iter(self._views)))
        super().__init__(**kwargs)
        self._names = [{"name": name} for name in self._views]
        self._show()

    @property
    def true_box(self) -> Box:
        """The box around the mask."""
        box = box_around(self._views[self.view][2])
        assert box is not None
        return box

    @property
    def box(self) -> Box | None:
        """The box from the map at this threshold; None if no value of the map is positive."""
        return self._boxes()[self.percent - 1]

    @property
    def iou(self) -> float:
        """Intersection over union of both boxes; 0 without a box."""
        return self.box.iou(self.true_box) if self.box else 0.0

    @property
    def ious(self) -> list[float]:
        """The same for every threshold, from 1 to 100 per cent."""
        true = self.true_box
        return [box.iou(true) if box else 0.0 for box in self._boxes()]

    def _boxes(self) -> list[Box | None]:
        if self.view not in self._box_lists:
            from cnnvis_widgets.rendering.pictures import enlarge  # imports Pillow

            picture, heatmap, _ = self._views[self.view]
            fine = enlarge(heatmap, *picture.shape[:2])
            self._box_lists[self.view] = [box_around(region(fine, p / 100)) for p in PERCENTS]
        return self._box_lists[self.view]

    def _show(self) -> None:
        from cnnvis_widgets.rendering.colormaps import DEFAULTS, lookup

        (picture, heatmap, mask), true = self._views[self.view], self.true_box
        self._data = {
            "name": self.view,
            "shape": list(mask.shape),
            "picture": np.ascontiguousarray(picture).tobytes(),
            "coarse_shape": list(heatmap.shape),
            "coarse": heatmap.astype("<f4").tobytes(),
            "mask": mask.astype(np.uint8).tobytes(),
            "table": lookup(DEFAULTS["sequential"]).tobytes(),
            "alt": self._alts.get(self.view, self.view),
            "true": list(true),
            "boxes": [list(box) if box else [] for box in self._boxes()],
            "ious": self.ious,
        }

    @traitlets.observe("view")
    def _another(self, _: Any) -> None:
        if self._names:  # not during construction
            self._show()


def _checked(
    name: str, view: Sequence[Any]
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
    if len(view) != 3:
        raise InvalidValueError(
            f"The view {name!r} is a picture, a map and a mask; got {len(view)} things."
        )
    picture, heatmap, mask = view[0], np.asarray(view[1], np.float32), np.asarray(view[2], np.bool_)
    shape = getattr(picture, "shape", ())
    good = shape == (*mask.shape, 3) and picture.dtype == np.uint8 and heatmap.ndim == 2
    if not (good and mask.any() and heatmap.size and heatmap.shape <= mask.shape):
        raise InvalidValueError(
            f"The view {name!r} is a uint8 picture, a map no finer than it, and a mask of its size "
            f"that is not empty; got the shapes {shape}, {heatmap.shape} and {mask.shape}."
        )
    if not np.isfinite(heatmap).all():
        raise InvalidValueError(f"The map of {name!r} has values that are not finite.")
    return picture, heatmap, mask
