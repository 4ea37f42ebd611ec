"""Four optimizers race down a loss surface: the effect of momentum and adaptive rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.course.models.loss_surfaces import FAR, SURFACES, Surface, descend, surface
from cnnvis_widgets.course.models.optimizers import BETA_2, EPSILON, RHO, RULES, Optimizer
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole, checked

MOST_STEPS = 400
RATES = (0.0001, 3.0)


class OptimizerRace(
    Chart, from_page="surface start racers rates together momentum decay noise steps"
):
    """A loss of two parameters, and the paths of SGD, momentum, RMSprop and Adam on it.

    The start can be dragged with the mouse, or moved with arrow keys (with Shift in larger steps).

    Args:
        rate: one learning rate for all, instead of `rates`.
        kwargs: the attributes.

    Attributes:
        surface: one of `SURFACES`: "narrow valley", "tilted valley", "banana", "saddle", "plateau",
            "two hollows".
        start: (x, y), within the surface's ranges; a new surface sets its own.
        racers: at least one of "SGD", "momentum", "RMSprop", "Adam".
        rates: the learning rate of each of the four, in that order, 0.0001 … 3.
        together: whether a change of one rate in the page changes all of them.
        momentum: the momentum coefficient of momentum and Adam, 0 … 0.99.
        decay: after k steps the learning rate is divided by 1 + decay · k; 0 … 0.5.
        noise: standard deviation of the noise that is added to each gradient, as from a small
            batch, 0 … 3; the same for all racers.
        steps: the number of steps made, 0 … 400.

    Raises:
        InvalidValueError: numbers out of range.
        UnknownNameError: an unknown surface or racer.
    """

    label = traitlets.Unicode("A race of optimizers").tag(sync=True)
    surface = OneOf("surface", SURFACES, "narrow valley", first=True).tag(sync=True)

    together = traitlets.Bool(True).tag(sync=True)
    momentum = Real(0, 0.99, 0.9).tag(sync=True)
    decay = Real(0, 0.5, 0.0).tag(sync=True)
    noise = Real(0, 3, 0.0).tag(sync=True)
    steps = Whole(0, MOST_STEPS, 0).tag(sync=True)
    _facts = traitlets.Dict().tag(sync=True)

    @checked()
    def start(self, start: Any) -> list[float]:
        loss_surface = surface(self.surface)
        if start is None:
            return list(loss_surface.start)
        try:
            x, y = start
        except (TypeError, ValueError):
            raise InvalidValueError(f"start is an x and a y; got {start!r}.") from None
        return [
            checks.number("x of start", x, *loss_surface.x),
            checks.number("y of start", y, *loss_surface.y),
        ]

    @checked(tuple(RULES))
    def racers(self, racers: Any) -> list[str]:
        names = (
            [racers] if isinstance(racers, str) or not hasattr(racers, "__iter__") else list(racers)
        )
        for name in names:
            if name not in RULES:
                raise UnknownNameError.of("racer", name, RULES)
        if not names:
            raise InvalidValueError("A race needs at least one racer.")
        return [name for name in RULES if name in names]

    @checked((0.1,) * 4)
    def rates(self, rates: Sequence[float]) -> list[float]:
        try:
            numbers = list(rates)
        except TypeError:
            numbers = []
        if len(numbers) != len(RULES):
            raise InvalidValueError(
                f"rates are {len(RULES)} numbers, of {', '.join(RULES)}; got {rates!r}."
            )
        return [checks.number("a learning rate", rate, *RATES) for rate in numbers]

    def __init__(self, rate: float | None = None, **kwargs: Any) -> None:
        if rate is not None:
            kwargs = {"rates": [rate] * len(RULES), **kwargs}
        first_surface = surface(kwargs.get("surface", "narrow valley"))
        super().__init__(**{"start": first_surface.start, **kwargs})
        # Rounded, so that the page has exactly the same numbers.
        self._errors = np.random.default_rng(0).normal(0, 1, (MOST_STEPS, 2)).round(3)
        self._facts = {
            "surfaces": {name: _as_facts(loss_surface) for name, loss_surface in SURFACES.items()},
            "racers": list(RULES),
            "errors": self._errors.tolist(),
            "rho": RHO,
            "beta2": BETA_2,
            "epsilon": EPSILON,
            "far": FAR,
            "most": MOST_STEPS,
            "rates": list(RATES),
        }
        self.observe(self._new_surface, "surface")

    @property
    def paths(self) -> dict[str, NDArray[np.float64]]:
        """The path of each racer: racer → (steps + 1, 2), shorter if it diverges."""
        return {
            name: descend(
                self.surface,
                Optimizer(name, rate, self.momentum),
                self.start,
                self.steps,
                self.decay,
                self.noise * self._errors,
            )
            for name, rate in zip(RULES, self.rates, strict=True)
            if name in self.racers
        }

    @property
    def losses(self) -> dict[str, NDArray[np.float64]]:
        """Each racer's loss before the first step and after each, above the surface's minimum."""
        loss_surface = surface(self.surface)
        return {
            name: loss_surface.value(*path.T) - loss_surface.least
            for name, path in self.paths.items()
        }

    def _new_surface(self, _: Any) -> None:
        with self.hold_trait_notifications():
            self.start = surface(self.surface).start
            self.steps = 0


def _as_facts(loss_surface: Surface) -> dict[str, Any]:
    return {"x": list(loss_surface.x), "y": list(loss_surface.y), "start": list(loss_surface.start),
            "lowest": list(loss_surface.lowest), "least": loss_surface.least}  # fmt: skip
