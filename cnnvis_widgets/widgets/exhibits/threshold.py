"""A threshold on scores, and its confusion matrix, precision, recall and F score."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import traitlets
from numpy.typing import ArrayLike

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.chart import Chart
from cnnvis_widgets.widgets.toolkit.traits import Real


class Confusion(NamedTuple):
    """The four counts of a confusion matrix."""

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
        """The share of predicted positives that are positive; None without predicted positives."""
        predicted = self.true_positive + self.false_positive
        return self.true_positive / predicted if predicted else None

    @property
    def recall(self) -> float | None:
        """The share of positives that are predicted; None without positives."""
        actual = self.true_positive + self.false_negative
        return self.true_positive / actual if actual else None

    @property
    def f_score(self) -> float | None:
        """The harmonic mean of precision and recall; None without both."""
        denominator = 2 * self.true_positive + self.false_positive + self.false_negative
        return 2 * self.true_positive / denominator if denominator else None


class Threshold(Chart, from_page="threshold"):
    """Examples by score, a movable threshold, and the measures that follow from it.

    An example is predicted as positive if its score is at least the threshold.

    Args:
        scores: one number from 0 to 1 for each example.
        labels: one for each example; true for the class.
        names: of the class, and of everything else.
        kwargs: the attributes.

    Attributes:
        threshold: 0 … 1.

    Raises:
        InvalidValueError: scores and labels that do not match or are out of range.
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
        """The four counts at the current threshold."""
        predicted = self._scores >= self.threshold
        pairs = [(True, True), (True, False), (False, True), (False, False)]
        return Confusion(*(int(((predicted == s) & (self._truth == t)).sum()) for s, t in pairs))
