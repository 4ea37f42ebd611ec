"""One unit with adjustable weights: a line in the plane, and classes it cannot separate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole, checked

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
TASKS = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}
LARGEST = 5.0  # of a weight, either sign
MOST_CORRECTIONS = 10_000


class Perceptron(Chart, from_page="task weights corrections"):
    """A unit of two inputs that outputs 1 if w₁ x₁ + w₂ x₂ + b > 0, and a task for it.

    The points are the four inputs of a logical function. Sliders set the weights; the page can also
    correct one mistake at a time by Rosenblatt's rule, w ← w + rate (d - y) x, as `correct` does.

    Args:
        kwargs: the attributes.

    Attributes:
        task: "and", "or", "nand" or "xor".
        weights: [w₁, w₂, b], each from -5 to 5.
        rate: of a correction, above 0 and up to 1.
        corrections: the number of corrections since the weights were last set by hand, 0 … 10 000.

    Raises:
        InvalidValueError: numbers out of range.
        UnknownNameError: an unknown task.
    """

    label = traitlets.Unicode("A perceptron").tag(sync=True)
    task = OneOf("task", TASKS, "and").tag(sync=True)

    rate = Real(0, 1, 0.5, above=True).tag(sync=True)
    corrections = Whole(0, MOST_CORRECTIONS, 0).tag(sync=True)
    _tasks = traitlets.Dict().tag(sync=True)

    @checked((0.0, 0.0, 0.0))
    def weights(self, weights: Sequence[float]) -> list[float]:
        try:
            numbers = list(weights)
        except TypeError:
            numbers = []
        if len(numbers) != 3:
            raise InvalidValueError(f"weights are three numbers, w1, w2 and b; got {weights!r}.")
        return [checks.number("a weight", number, -LARGEST, LARGEST) for number in numbers]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._tasks = {name: list(answers) for name, answers in TASKS.items()}

    @property
    def sums(self) -> NDArray[np.float64]:
        """w₁ x₁ + w₂ x₂ + b of the four inputs (0, 0), (0, 1), (1, 0), (1, 1)."""
        return np.array(CORNERS, np.float64) @ self.weights[:2] + self.weights[2]

    @property
    def answers(self) -> NDArray[np.int64]:
        """1 where the sum is above 0."""
        return (self.sums > 0).astype(np.int64)

    @property
    def right(self) -> int:
        """The number of right answers, 0 … 4."""
        return int((self.answers == TASKS[self.task]).sum())

    def correct(self) -> bool:
        """Correct the first mistake; False if there is none."""
        wrong = np.flatnonzero(self.answers != TASKS[self.task])
        if not wrong.size:
            return False
        first = wrong[0]
        miss = TASKS[self.task][first] - int(self.answers[first])
        moved = np.array(self.weights) + self.rate * miss * np.array([*CORNERS[first], 1.0])
        self.weights = np.clip(moved, -LARGEST, LARGEST).tolist()
        self.corrections = min(self.corrections + 1, MOST_CORRECTIONS)
        return True
