"""Gradient descent on a curve, step by step: the effect of the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.polynomial import Polynomial

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart, span
from cnnvis_widgets.widgets.toolkit.traits import Real, Whole

MOST_STEPS = 200
FAR = 1e6  # a path that leaves this range has diverged


class Descent(Chart, from_page="start rate steps"):
    """A curve J(θ), a point on it, and the steps θ ← θ - α J′(θ).

    Args:
        coefficients: of the polynomial J, that of θ⁰ first; at least two.
        domain: the range of θ that is shown.
        kwargs: the attributes.

    Attributes:
        start: θ before the first step, within the domain.
        rate: the learning rate α, above 0 and up to `largest_rate`.
        steps: the number of steps made, 0 … 200.
        largest_rate: the maximum of the slider for `rate`.
        name: the displayed name of θ.

    Raises:
        InvalidValueError: a number out of range.
    """

    label = traitlets.Unicode("Gradient descent").tag(sync=True)
    start = Real(lambda descent: descent._domain[0], lambda descent: descent._domain[1]).tag(
        sync=True
    )
    rate = Real(0, lambda descent: descent._largest, 0.1, above=True).tag(sync=True)
    steps = Whole(0, MOST_STEPS, 0).tag(sync=True)
    largest_rate = traitlets.Float(1.0, min=1e-6).tag(sync=True)
    name = traitlets.Unicode("θ").tag(sync=True)
    _curve = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        coefficients: Sequence[float],
        domain: Sequence[float] = (-3.0, 3.0),
        **kwargs: Any,
    ) -> None:
        values = np.asarray(coefficients, np.float64)
        if values.ndim != 1 or values.size < 2 or not np.isfinite(values).all():
            raise InvalidValueError(
                "A curve is at least two finite coefficients, that of θ⁰ first; "
                f"got {list(coefficients)!r}."
            )
        self.curve = Polynomial(values)
        self._domain = span("domain", domain)
        largest = float(kwargs.get("largest_rate", 1.0))
        self._largest = largest
        super().__init__(**{"start": self._domain[0], **kwargs})
        self._curve = {"coefficients": values.tolist(), "domain": self._domain}

    @property
    def path(self) -> list[float]:
        """θ before the first step and after each; ends where it diverges."""
        slope = self.curve.deriv()
        path = [float(self.start)]
        for _ in range(self.steps):
            if abs(path[-1]) > FAR:
                break
            path.append(path[-1] - self.rate * float(slope(path[-1])))
        return path

    @traitlets.observe("largest_rate")
    def _keep_rate(self, change: Any) -> None:
        self._largest = change["new"]
        if self.rate > self._largest:
            self.rate = self._largest
