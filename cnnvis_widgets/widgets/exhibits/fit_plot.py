"""Points that can be moved, and a model that is fitted to them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart, span
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole, checked

MODELS = ("line", "polynomial", "logistic")
ROLES = ("train", "validation", "test")
MOST_DEGREE = 12
MOST_POINTS = 200


class FitPlot(Chart, from_page="points degree own show_fit show_test"):
    """A scatter plot whose points can be dragged, added and removed, with a model fitted to them.

    "line" and "polynomial" minimise the squared error (of the training points), "logistic" the log
    loss plus `strength` / 2 · (w₁² + w₂²). The page fits at once; the properties are the same in
    Python.

    With the keyboard: the tab key reaches a point, arrow keys move it (with shift in larger steps),
    page up and page down go to the next one, insert adds one, delete removes it.

    Args:
        points: (x, y) or (x, y, group) each. The group is the class, 0 or 1, for "logistic"; else
            0 is training, 1 validation, 2 test.
        x, y: the ends of the axes; None to find them from the points.
        kwargs: the attributes.

    Attributes:
        points: [x, y, group] each.
        model: "line", "polynomial" or "logistic".
        degree: of the polynomial, 0 … 12; at most the number of training points minus one is used.
        strength: of the penalty on the weights, above 0 (scikit-learn's C is its inverse).
        own: [slope, intercept] of a line drawn by hand.
        show_own: whether that line can be drawn, for "line".
        show_fit: whether the fitted model is shown.
        show_test: whether the test points and their error are shown.
        x_name, y_name: the labels of the axes.
        group_names: the names of the groups.

    Raises:
        InvalidValueError: numbers that are not finite or out of range.
        UnknownNameError: an unknown model.
    """

    label = traitlets.Unicode("Move the points").tag(sync=True)

    model = OneOf("model", MODELS, "line").tag(sync=True)
    degree = Whole(0, MOST_DEGREE, 1).tag(sync=True)
    strength = Real(1e-6, 1e6, 0.01).tag(sync=True)

    show_own = traitlets.Bool(False).tag(sync=True)
    show_fit = traitlets.Bool(True).tag(sync=True)
    show_test = traitlets.Bool(True).tag(sync=True)
    x_name = traitlets.Unicode("x").tag(sync=True)
    y_name = traitlets.Unicode("y").tag(sync=True)
    group_names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _ranges = traitlets.Dict().tag(sync=True)

    @checked(())
    def points(self, points: Any) -> list[list[float]]:
        return _checked(points).tolist()

    @checked((0.0, 0.0))
    def own(self, own: Any) -> list[float]:
        try:
            line = [float(number) for number in own]
        except (TypeError, ValueError):
            line = []
        if len(line) != 2 or not np.isfinite(line).all():
            raise InvalidValueError(f"own is a slope and an intercept; got {own!r}.")
        return line

    def __init__(
        self,
        points: Iterable[Sequence[float]],
        x: Sequence[float] | None = None,
        y: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        rows = _checked(points)
        self._x = span("x", x if x is not None else _around(rows[:, 0]))
        self._y = span("y", y if y is not None else _around(rows[:, 1]))
        super().__init__(points=rows.tolist(), **kwargs)
        self._ranges = {"x": self._x, "y": self._y}

    @property
    def data(self) -> NDArray[np.float64]:
        """The points, float64 (points, 3): x, y, group."""
        return np.asarray(self.points, np.float64).reshape(-1, 3)

    @property
    def fitted_degree(self) -> int:
        """The degree that is fitted, which needs at least as many points as coefficients."""
        degree = 1 if self.model == "line" else self.degree
        return max(0, min(degree, int((self.data[:, 2] == 0).sum()) - 1))

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """Of x⁰, x¹ …; for "logistic" the weights of x and y, and the bias; empty without a fit."""
        data = self.data
        if self.model == "logistic":
            return self._logistic()
        train = data[data[:, 2] == 0]
        if not len(train):
            return np.zeros(0)
        fit = Polynomial.fit(train[:, 0], train[:, 1], self.fitted_degree, domain=self._x)
        return np.asarray(fit.convert().coef, np.float64)

    @property
    def errors(self) -> dict[str, float]:
        """The root mean squared error of each role that has points ("train" …)."""
        data, coefficients = self.data, self.coefficients
        if self.model == "logistic" or not coefficients.size:
            return {}
        residuals = Polynomial(coefficients)(data[:, 0]) - data[:, 1]
        return {
            role: float(np.sqrt(np.mean(residuals[data[:, 2] == group] ** 2)))
            for group, role in enumerate(ROLES)
            if (data[:, 2] == group).any()
        }

    def _logistic(self) -> NDArray[np.float64]:
        data = self.data
        if len(set(data[:, 2])) != 2:
            return np.zeros(0)
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1 / self.strength, tol=1e-9, max_iter=2000)
        model.fit(data[:, :2], data[:, 2])
        return np.append(model.coef_[0], model.intercept_)


def _checked(points: Any) -> NDArray[np.float64]:
    """The points as (points, 3), checked."""
    try:
        rows = [[float(number) for number in point] for point in points]
    except (TypeError, ValueError):
        rows = [[]]
    good = all(len(row) in (2, 3) and np.isfinite(row).all() for row in rows)
    if not good or not all(len(row) == 2 or row[2] in (0, 1, 2) for row in rows):
        raise InvalidValueError(
            "A point is x and y, and perhaps a group 0, 1 or 2, all finite numbers; "
            f"got {points!r}."
        )
    if len(rows) > MOST_POINTS:
        raise InvalidValueError(f"At most {MOST_POINTS} points can be shown; got {len(rows)}.")
    return np.array([[*row, 0.0][:3] for row in rows], np.float64).reshape(-1, 3)


def _around(values: NDArray[np.float64]) -> tuple[float, float]:
    """The range of values with a margin on both sides."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    room = 0.1 * (high - low) or 1.0
    return low - room, high + room
