"""A network with too many weights for its few points, and its regularization."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets

from cnnvis_widgets import checks
from cnnvis_widgets.course.models.mlp_training import History, train
from cnnvis_widgets.course.models.optimizers import RULES, Optimizer
from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import scattered_points
from cnnvis_widgets.widgets.toolkit.chart import Chart, labelled_points
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, Whole, checked

SIDE = 48  # rows and columns of the picture of the plane
MOST_PENALTY, MOST_DROPOUT, MOST_EPOCHS = 0.1, 0.9, 1000
RATES = (0.001, 3.0)


class Regulariser(Chart, from_page="l1 l2 dropout batch optimizer rate seed"):
    """Two overlapping classes of points, few for training and many for validation.

    Each change of a setting trains a new network with two hidden layers of ReLUs, and shows its
    output over the plane and the loss curves of both sets.

    Args:
        training: (x, y, class) each, x and y between -1 and 1, class 0 or 1; None for 40 points.
        validation: likewise; None for 400 points.
        kwargs: the attributes.

    Attributes:
        l1: the penalty on each weight's absolute value, 0 … 0.1.
        l2: the penalty on each weight's square, 0 … 0.1.
        dropout: the share of hidden neurons that are dropped in a step, 0 … 0.9.
        batch: training examples per step, 1 … all.
        optimizer: "SGD", "momentum", "RMSprop" or "Adam".
        rate: the learning rate, 0.001 … 3.
        epochs: 1 … 1000.
        units: of each hidden layer, 1 … 64.
        seed: of the initial weights, the order and the dropped neurons.

    Raises:
        InvalidValueError: numbers or points out of range.
        UnknownNameError: an unknown optimizer.
    """

    label = traitlets.Unicode("Few points, many weights").tag(sync=True)
    l1 = Real(0, MOST_PENALTY, 0.0).tag(sync=True)
    l2 = Real(0, MOST_PENALTY, 0.0).tag(sync=True)
    dropout = Real(0, MOST_DROPOUT, 0.0).tag(sync=True)

    optimizer = OneOf("optimizer", RULES, "Adam").tag(sync=True)
    rate = Real(*RATES, 0.01).tag(sync=True)
    epochs = Whole(1, MOST_EPOCHS, 400)
    units = Whole(1, 64, 32)
    seed = Whole(0, 2**31, 0).tag(sync=True)
    _points = traitlets.Dict().tag(sync=True)
    _result = traitlets.Dict().tag(sync=True)

    @checked()
    def batch(self, batch: Any) -> int:
        most = len(self._training)
        return most if batch is None else checks.whole("batch", batch, 1, most)

    def __init__(
        self,
        training: Iterable[Sequence[float]] | None = None,
        validation: Iterable[Sequence[float]] | None = None,
        **kwargs: Any,
    ) -> None:
        points = scattered_points("moons", 40) if training is None else training
        self._training = labelled_points("training", points)
        points = scattered_points("moons", 400, seed=77) if validation is None else validation
        self._validation = labelled_points("validation", points)
        super().__init__(**{"batch": len(self._training), **kwargs})
        self._points = {
            "training": self._training.tolist(),
            "validation": self._validation.tolist(),
        }
        self._train()
        names = ["l1", "l2", "dropout", "batch", "optimizer", "rate", "epochs", "units", "seed"]
        self.observe(self._train, names)

    @property
    def network(self) -> SmallNetwork:
        """The trained network."""
        return self._network

    @property
    def history(self) -> History:
        """The history of the training."""
        return self._history

    @property
    def right(self) -> dict[str, float]:
        """The share of right answers on both sets."""
        sets = {"training": self._training, "validation": self._validation}
        return {
            name: float((self._network.classes(p[:, :2]) == p[:, 2]).mean())
            for name, p in sets.items()
        }

    def _train(self, _: Any = None) -> None:
        self.busy = True
        network = SmallNetwork((2, self.units, self.units, 1), "relu", self.seed)
        self._history = train(
            network,
            (self._training[:, :2], self._training[:, 2]),
            (self._validation[:, :2], self._validation[:, 2]),
            optimizer=Optimizer(self.optimizer, self.rate),
            epochs=self.epochs,
            batch=self.batch,
            l1=self.l1,
            l2=self.l2,
            dropout=self.dropout,
            seed=self.seed,
            looks=100,
        )
        self._network = network
        middle = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
        x, y = np.meshgrid(middle, middle[::-1])
        weights = np.concatenate([w.ravel() for w in network.weights])
        history = self._history
        self._result = {
            "epochs": history.epochs,
            "training": [float(f"{loss:.5g}") for loss in history.training],
            "validation": [float(f"{loss:.5g}") for loss in history.validation],
            "steps": history.steps,
            "away": history.away,
            "right": self.right,
            "size": float(np.sqrt((weights**2).mean())),
            "zeros": float((np.abs(weights) < 0.01).mean()),
            "count": network.count,
            "plane": network.probabilities(np.column_stack([x.ravel(), y.ravel()]))
            .round(3)
            .tolist(),
        }
        self.busy = False
