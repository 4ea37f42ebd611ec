"""A curve, a point on it that is moved by hand, and the two slopes that belong to it."""

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
    """How a score changes on a way, the slope at one point of it, and the mean slope up to there.

    The slope at a point is what a gradient tells; the mean slope from the start (that of the
    chord) is what integrated gradients add up. Where the two differ, the curve is not a line.

    Args:
        curves: name → (positions, values, slopes), numbers, as many of each; positions rise. The
            slopes are given and not measured off the curve, so that one sees whether they fit.
        x: what the positions are.
        y: what the values are.
        kwargs: the attributes.

    Attributes:
        curve: the name of the curve that is shown.
        at: which of its points, 0 … points - 1.

    Raises:
        InvalidValueError: no curve, numbers that do not belong together, `at` beyond the points.
        UnknownNameError: `curve` is none of the names.
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
        made = [_curve(name, parts) for name, parts in curves.items()]
        self._points = {curve["name"]: len(curve["x"]) for curve in made}
        kwargs.setdefault("curve", made[0]["name"])
        kwargs.setdefault("at", self._points.get(kwargs["curve"], 1) - 1)
        super().__init__(**kwargs)
        self._curves, self._axes = made, {"x": x, "y": y}

    @traitlets.observe("curve")
    def _stay_on_it(self, change: Any) -> None:
        self.at = min(self.at, self._points[change["new"]] - 1)


def _curve(name: str, parts: Sequence[ArrayLike]) -> dict[str, Any]:
    if len(parts) != 3:
        raise InvalidValueError(
            f"The curve {name!r} is its positions, values and slopes; got {len(parts)} of them."
        )
    x, y, slopes = (np.asarray(part, np.float64) for part in parts)
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
