"""A curve, a movable point on it, and two slopes: at the point, and the mean up to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Whole


class Tangent(Control, from_page="at curve"):
    """A score along a path, its slope at one point, and the mean slope up to that point.

    The slope at a point is what a gradient measures; the mean slope from the start (that of the
    chord) is what integrated gradients add up. If they differ, the curve is not a line.

    Args:
        curves: name → (positions, values, slopes), of equal length; positions ascend. The slopes
            are given, not computed from the curve, so that one can see whether they fit.
        x: label of the positions.
        y: label of the values.
        kwargs: the attributes.

    Attributes:
        curve: the name of the curve that is shown.
        at: the index of the point, 0 … points - 1.

    Raises:
        InvalidValueError: no curve, arrays that do not fit together, or `at` out of range.
        UnknownNameError: `curve` is not one of the names.
    """

    curve = OneOf("curve", lambda tangent: tangent._points, first=True).tag(sync=True)
    at = Whole(0, lambda tangent: tangent._points.get(tangent.curve, 1) - 1, 0).tag(sync=True)
    _curves = traitlets.List().tag(sync=True)
    _axes = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        curves: Mapping[str, Sequence[ArrayLike]],
        x: str = "",
        y: str = "",
        **kwargs: Any,
    ) -> None:
        if not curves:
            raise InvalidValueError("Expected at least one curve; got none.")
        curve_data = [_curve(name, arrays) for name, arrays in curves.items()]
        self._points = {curve["name"]: len(curve["x"]) for curve in curve_data}
        kwargs.setdefault("curve", curve_data[0]["name"])
        kwargs.setdefault("at", self._points.get(kwargs["curve"], 1) - 1)
        super().__init__(**kwargs)
        self._curves, self._axes = curve_data, {"x": x, "y": y}

    @traitlets.observe("curve")
    def _stay_on_it(self, change: Any) -> None:
        self.at = min(self.at, self._points[change["new"]] - 1)


def _curve(name: str, arrays: Sequence[ArrayLike]) -> dict[str, Any]:
    if len(arrays) != 3:
        raise InvalidValueError(
            f"The curve {name!r} is its positions, values and slopes; got {len(arrays)} of them."
        )
    x, y, slopes = (np.asarray(array, np.float64) for array in arrays)
    if not (x.ndim == 1 and x.size > 1 and x.shape == y.shape == slopes.shape):
        raise InvalidValueError(
            f"The curve {name!r} needs at least two positions, and as many values and slopes; "
            f"got the shapes {x.shape}, {y.shape} and {slopes.shape}."
        )
    if not (np.isfinite([x, y, slopes]).all() and (np.diff(x) > 0).all()):
        raise InvalidValueError(
            f"The numbers of the curve {name!r} must be finite, and its positions rise."
        )
    return {"name": name, "x": x.tolist(), "y": y.tolist(), "slopes": slopes.tolist()}
