"""LIME in two dimensions: a point, samples weighted by distance, and the fitted line."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import Real, Whole, checked

END = 3.0  # both axes go from -END to END
STEEP = 2.5  # slope of the logit across the boundary
WAVE = 1.3  # the boundary is x₂ = bend · sin(WAVE · x₁)
MOST_SAMPLES = 400
MOST_BEND = 2.0


class Line(NamedTuple):
    """A local model: g(z) = height + weights · (z - point).

    Attributes:
        height: its value at the point.
        weights: float64 (2,).
        r2: the share of the samples' weighted variance that it explains.
        worth: the effective number of samples.
    """

    height: float
    weights: NDArray[np.float64]
    r2: float
    worth: float


class Lime2D(Chart, from_page="point width samples bend seed"):
    """A classifier with a curved boundary, explained at a point that can be moved.

    The classifier gives class 1 the probability σ(2.5 (x₂ - bend · sin(1.3 x₁))). Samples are
    spread over the plane, with the weight exp(-distance² / width²); the line is a ridge regression
    of the probability on both coordinates, without a penalty on the intercept. The page computes
    this itself, as `line` does; it draws where the local model is one half.

    With the keyboard: arrow keys move the point, with shift in larger steps.

    Args:
        penalty: of the ridge regression, the factor of the squared weights.
        kwargs: the attributes.

    Attributes:
        point: [x₁, x₂], -3 … 3 each.
        width: of the kernel, 0.1 … 10.
        samples: their number, 10 … 400.
        seed: of the samples, 0 … 9999.
        bend: how curved the boundary is, 0 … 2.

    Raises:
        InvalidValueError: a number out of range.
    """

    label = traitlets.Unicode("A straight line, near one point").tag(sync=True)

    width = Real(0.1, 10, 0.8).tag(sync=True)
    samples = Whole(10, MOST_SAMPLES, 200).tag(sync=True)
    seed = Whole(0, 9999, 0).tag(sync=True)
    bend = Real(0, MOST_BEND, 1.3).tag(sync=True)
    _plane = traitlets.Dict().tag(sync=True)
    _drawn = traitlets.Dict().tag(sync=True)

    @checked((-0.4, -0.2))
    def point(self, point: Any) -> list[float]:
        try:
            first, second = point
        except (TypeError, ValueError):
            raise InvalidValueError(f"point is two numbers; got {point!r}.") from None
        return [
            checks.number("a coordinate of point", value, -END, END) for value in (first, second)
        ]

    def __init__(self, penalty: float = 0.01, **kwargs: Any) -> None:
        self.penalty = checks.number("penalty", penalty, 0, 1000)
        super().__init__(**kwargs)
        self._plane = {
            **{"end": END, "steep": STEEP, "wave": WAVE, "penalty": self.penalty},
            **{"most_samples": MOST_SAMPLES, "most_bend": MOST_BEND},
        }
        self._draw()

    @property
    def drawn(self) -> NDArray[np.float64]:
        """The samples, float64 (samples, 2); the first of a fixed sequence."""
        return self._all()[: self.samples]

    def probability(self, places: ArrayLike) -> NDArray[np.float64]:
        """The classifier's probability of class 1, (n,), for points (n, 2)."""
        x, y = np.asarray(places, np.float64).T
        return 1 / (1 + np.exp(-STEEP * (y - self.bend * np.sin(WAVE * x))))

    def slope(self) -> NDArray[np.float64]:
        """The classifier's gradient at the point, (2,)."""
        p = float(self.probability([self.point])[0])
        steep = STEEP * p * (1 - p)
        return np.array([-steep * self.bend * WAVE * np.cos(WAVE * self.point[0]), steep])

    def importance(self) -> NDArray[np.float64]:
        """The weight of each sample, (samples,)."""
        away = self.drawn - self.point
        return np.exp(-(away**2).sum(axis=1) / self.width**2)

    def line(self) -> Line:
        """The local model."""
        counts, scores = self.importance(), self.probability(self.drawn)
        columns = np.column_stack([np.ones(self.samples), self.drawn - self.point])
        penalty = self.penalty * np.diag([0.0, 1, 1])
        weighed = columns.T * counts
        solution = np.linalg.solve(weighed @ columns + penalty, weighed @ scores)
        residual = counts @ (scores - columns @ solution) ** 2
        spread = counts @ (scores - counts @ scores / counts.sum()) ** 2
        return Line(
            float(solution[0]),
            solution[1:],
            float(1 - residual / spread),
            float(counts.sum() ** 2 / (counts @ counts)),
        )

    def _all(self) -> NDArray[np.float64]:
        # Stratified sampling: one random point in each cell of a 20 × 20 grid.
        rng = np.random.default_rng(self.seed)
        side = round(MOST_SAMPLES**0.5)
        cells = np.stack(np.divmod(rng.permutation(MOST_SAMPLES), side), axis=1)
        return (cells + rng.random((MOST_SAMPLES, 2))) * (2 * END / side) - END

    @traitlets.observe("seed")
    def _draw(self, _: Any = None) -> None:
        self._drawn = {"seed": self.seed, "samples": self._all().astype("<f8").tobytes()}
