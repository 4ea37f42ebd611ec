"""A small network that learns to separate two classes in the plane."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.course.models.small_network import ACTIVATIONS, SmallNetwork
from cnnvis_widgets.course.models.toy_data import SETS, plane_points
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart, labelled_points
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole, checked

OWN = "own"
MOST_LAYERS, MOST_UNITS = 3, 32
MOST_STEPS = 200_000
RATES = (0.001, 10.0)


class DecisionBoundary(Chart, from_page="data hidden activation rate seed show_lines"):
    """Two classes of points, and a network that learns them by full-batch gradient descent.

    The page computes the steps itself (Train, Pause, one step, back to the start) and shows the
    network with each unit's output over the plane, the boundary, and the loss. `network` is the
    same network in Python; `train` makes the same steps here.

    With the keyboard: the tab key reaches the units, arrow keys go from one to the next; the plane
    shows the chosen one's picture.

    Args:
        points: (x, y, class) each, x and y between -1 and 1, the class 0 or 1; then `data` is
            "own". None for one of the named sets.
        kwargs: the attributes.

    Attributes:
        data: "clouds", "xor", "ring", "moons", "spirals", or "own" if points were given.
        hidden: the units of each hidden layer: up to three layers of 1 to 32.
        activation: of the hidden units: "linear", "sigmoid", "tanh", "relu", "relu6".
        rate: the learning rate, 0.001 … 10.
        seed: of the initial weights.
        deviation: standard deviation of the initial weights; `None` for that of `SmallNetwork`.
        show_lines: whether the lines of the first layer's units are shown.

    Raises:
        InvalidValueError: points or numbers out of range.
        UnknownNameError: an unknown set or activation.
    """

    label = traitlets.Unicode("A network learns").tag(sync=True)
    data = OneOf(
        "set of points",
        lambda b: SETS if b._given_points is None else (OWN, *SETS),
        "xor",
        first=True,
    ).tag(sync=True)

    activation = OneOf("activation", ACTIVATIONS, "tanh").tag(sync=True)
    rate = Real(*RATES, 0.3).tag(sync=True)
    seed = Whole(0, 2**31, 0).tag(sync=True)
    deviation = Real(0, 100, optional=True)
    show_lines = traitlets.Bool(True).tag(sync=True)
    _sets = traitlets.List().tag(sync=True)
    _start = traitlets.Dict().tag(sync=True)

    @checked((3,))
    def hidden(self, hidden: Any) -> list[int]:
        try:
            units = [operator.index(count) for count in hidden]
        except TypeError:
            units = [0]
        if len(units) > MOST_LAYERS or not all(1 <= count <= MOST_UNITS for count in units):
            raise InvalidValueError(
                f"hidden is up to {MOST_LAYERS} whole numbers from 1 to {MOST_UNITS}; "
                f"got {hidden!r}."
            )
        return units

    def __init__(self, points: Iterable[Sequence[float]] | None = None, **kwargs: Any) -> None:
        self._given_points = None if points is None else labelled_points("points", points)
        self._key = 0
        if self._given_points is not None:
            kwargs = {"data": OWN, **kwargs}
        super().__init__(**kwargs)
        self._sets = [*([OWN] if self._given_points is not None else []), *SETS]
        self._begin()
        self.observe(self._begin_anew, ["data", "hidden", "activation", "seed", "deviation"])
        self.on_msg(self._hear)

    @property
    def points(self) -> NDArray[np.float64]:
        """The training points: float64 (points, 3), x, y, class."""
        return (
            self._given_points
            if self._given_points is not None and self.data == OWN
            else plane_points(self.data)
        )

    @property
    def network(self) -> SmallNetwork:
        """The network in its current state, which the page sends several times a second."""
        network = self._fresh()
        network.parameters = self._parameters
        return network

    @property
    def steps(self) -> int:
        """The number of gradient descent steps so far."""
        return self._steps

    @property
    def loss(self) -> float:
        """The mean cross-entropy over the points."""
        return self.network.loss(self.points[:, :2], self.points[:, 2])

    @property
    def right(self) -> int:
        """The number of correctly classified points."""
        return int((self.network.classes(self.points[:, :2]) == self.points[:, 2]).sum())

    def train(self, steps: int = 100) -> None:
        """Make steps here; the page then shows the result, and continues from it.

        Raises:
            InvalidValueError: not an integer of at least 0, or more than 200 000 steps in total.
        """
        count = checks.whole("steps", steps, 0, MOST_STEPS - self._steps)
        x, classes = self.points[:, :2], self.points[:, 2]
        network, history = self.network, list(self._start["history"])
        for step in range(1, count + 1):
            network.step(x, classes, self.rate)
            if step == count or step % max(1, count // 100) == 0:
                history.append([self._steps + step, network.loss(x, classes)])
        self._steps += count
        self._parameters = network.parameters.tolist()
        self._show(history)

    def reset(self) -> None:
        """Go back to the initial weights."""
        self._begin()

    def _fresh(self) -> SmallNetwork:
        return SmallNetwork((2, *self.hidden, 1), self.activation, self.seed, self.deviation)

    def _begin_anew(self, _: Any) -> None:
        self._begin()

    def _begin(self) -> None:
        self._steps = 0
        self._parameters = self._first = self._fresh().parameters.tolist()
        self._show([[0, self.loss]])

    def _show(self, history: list[list[float]]) -> None:
        self._key += 1
        self._start = {
            "key": self._key,
            "points": self.points.tolist(),
            "sizes": [2, *self.hidden, 1],
            "activation": self.activation,
            "first": self._first,
            "parameters": self._parameters,
            "steps": self._steps,
            "history": history,
        }

    def _hear(self, _: Any, content: Any, __: Any) -> None:
        """Take over the page's steps and parameters, unless they are of an earlier network."""
        if not isinstance(content, dict) or content.get("key") != self._key:
            return
        try:
            steps = checks.whole("steps", content.get("steps"), 0, MOST_STEPS)
            network = self._fresh()
            network.parameters = np.asarray(content.get("parameters"), np.float64)
        except (InvalidValueError, TypeError, ValueError) as error:
            self.error = str(error)
            return
        self._steps = steps
        self._parameters = network.parameters.tolist()
