"""A threshold on scores: the confusion matrix, and precision, recall and F that follow from it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import Real


class Confusion(NamedTuple):
    """How many examples are of the class, and how many are said to be."""

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return (self.true_positive + self.true_negative) / sum(self)

    @property
    def precision(self) -> float | None:
        """Of those that are said to be of the class, the share that is; None where none is said."""
        said = self.true_positive + self.false_positive
        return self.true_positive / said if said else None

    @property
    def recall(self) -> float | None:
        """Of those that are of the class, the share that is found; None where there are none."""
        there = self.true_positive + self.false_negative
        return self.true_positive / there if there else None

    @property
    def f_score(self) -> float | None:
        """The harmonic mean of precision and recall; None where there is neither."""
        counted = 2 * self.true_positive + self.false_positive + self.false_negative
        return 2 * self.true_positive / counted if counted else None


class Threshold(Chart, from_page="threshold"):
    """Examples by their score, a threshold that is moved, and what follows from it at once.

    An example whose score is at least the threshold is said to be of the class.

    Args:
        scores: one number from 0 to 1 for each example.
        labels: true for those that are of the class.
        names: the class and all that is not, in words.
        kwargs: the attributes.

    Attributes:
        threshold: 0 … 1.

    Raises:
        InvalidValueError: scores and labels that do not fit together or are out of range.
    """

    label = traitlets.Unicode("Where to draw the line?").tag(sync=True)
    threshold = Real(0, 1, 0.5).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        scores: ArrayLike,
        labels: ArrayLike,
        names: tuple[str, str] = ("of the class", "not of it"),
        **kwargs: Any,
    ) -> None:
        values, truth = np.asarray(scores, np.float64), np.asarray(labels)
        if values.ndim != 1 or values.shape != truth.shape or not values.size:
            raise InvalidValueError(
                "Expected one score and one label for each example; "
                f"got {values.shape} scores and {truth.shape} labels."
            )
        if not ((values >= 0) & (values <= 1)).all() or not np.isin(truth, (0, 1)).all():
            raise InvalidValueError("Scores are from 0 to 1, and labels are true or false.")
        self._scores, self._truth = values, truth.astype(bool)
        super().__init__(**kwargs)
        self._data = {
            "scores": values.tolist(),
            "labels": self._truth.astype(int).tolist(),
            "names": [str(name) for name in names],
        }

    @property
    def confusion(self) -> Confusion:
        """The four numbers at the present threshold."""
        said = self._scores >= self.threshold
        pairs = [(True, True), (True, False), (False, True), (False, False)]
        return Confusion(*(int(((said == s) & (self._truth == t)).sum()) for s, t in pairs))
