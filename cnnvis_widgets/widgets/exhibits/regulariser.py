"""A network with too many weights for its few points, and what restrains it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets

from cnnvis_widgets.course.models.mlp_training import Schooling, school
from cnnvis_widgets.course.models.optimizers import RULES, Optimizer
from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import scattered_points
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.toolkit.chart import Chart, labelled_points, number_in, whole_in
from cnnvis_widgets.widgets.toolkit.traits import Checked

SIDE = 48  # places of the picture, each way
MOST_CHARGE, MOST_DROPOUT, MOST_EPOCHS = 0.1, 0.9, 1000
RATES = (0.001, 3.0)


class Regulariser(Chart, from_page="l1 l2 dropout batch optimizer rate seed"):
    """Two classes of points that overlap, few to learn and many to check with.

    Each change of a setting trains a fresh network with two hidden layers of ReLUs, and shows what
    it makes of the plane and how the loss of both sets went.

    Args:
        training: (x, y, class) each, x and y between -1 and 1, class 0 or 1; else 40 points.
        validation: the same; else 400 points.
        kwargs: the attributes.

    Attributes:
        l1: the charge on each weight's size, 0 … 0.1.
        l2: the charge on each weight's square, 0 … 0.1.
        dropout: the share of the hidden neurons that is off in a step, 0 … 0.9.
        batch: training examples for a step, 1 … all.
        optimizer: "SGD", "momentum", "RMSprop" or "Adam".
        rate: the learning rate, 0.001 … 3.
        epochs: 1 … 1000.
        units: of each hidden layer, 1 … 64.
        seed: of the first weights, the order and what is dropped.

    Raises:
        InvalidValueError: numbers or points out of their range.
        UnknownNameError: another optimizer.
    """

    label = traitlets.Unicode("Few points, many weights").tag(sync=True)
    l1 = Checked("_check_charge", 0.0).tag(sync=True)
    l2 = Checked("_check_charge", 0.0).tag(sync=True)
    dropout = Checked("_check_dropout", 0.0).tag(sync=True)
    batch = Checked("_check_batch", None).tag(sync=True)
    optimizer = Checked("_check_optimizer", "Adam").tag(sync=True)
    rate = Checked("_check_rate", 0.01).tag(sync=True)
    epochs = Checked("_check_epochs", 400)
    units = Checked("_check_units", 32)
    seed = Checked("_check_seed", 0).tag(sync=True)
    _points = traitlets.Dict().tag(sync=True)
    _result = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        training: Iterable[Sequence[float]] | None = None,
        validation: Iterable[Sequence[float]] | None = None,
        **kwargs: Any,
    ) -> None:
        given = scattered_points("moons", 40) if training is None else training
        self._training = labelled_points("training", given)
        given = scattered_points("moons", 400, seed=77) if validation is None else validation
        self._validation = labelled_points("validation", given)
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
        """The network as it has been trained."""
        return self._network

    @property
    def schooling(self) -> Schooling:
        """How the training went."""
        return self._schooling

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
        self._schooling = school(
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
        done = self._schooling
        self._result = {
            "epochs": done.epochs,
            "training": [float(f"{loss:.5g}") for loss in done.training],
            "validation": [float(f"{loss:.5g}") for loss in done.validation],
            "steps": done.steps,
            "away": done.away,
            "right": self.right,
            "size": float(np.sqrt((weights**2).mean())),
            "zeros": float((np.abs(weights) < 0.01).mean()),
            "count": network.count,
            "plane": network.probabilities(np.column_stack([x.ravel(), y.ravel()]))
            .round(3)
            .tolist(),
        }
        self.busy = False

    def _check_charge(self, given: Any) -> float:
        return number_in("a charge", given, 0.0, MOST_CHARGE)

    def _check_dropout(self, given: Any) -> float:
        return number_in("dropout", given, 0.0, MOST_DROPOUT)

    def _check_batch(self, given: Any) -> int:
        most = len(self._training)
        return most if given is None else whole_in("batch", given, 1, most)

    def _check_optimizer(self, name: object) -> object:
        if name not in RULES:
            raise UnknownNameError.of("optimizer", name, RULES)
        return name

    def _check_rate(self, given: Any) -> float:
        return number_in("rate", given, *RATES)

    def _check_epochs(self, given: Any) -> int:
        return whole_in("epochs", given, 1, MOST_EPOCHS)

    def _check_units(self, given: Any) -> int:
        return whole_in("units", given, 1, 64)

    def _check_seed(self, given: Any) -> int:
        return whole_in("seed", given, 0, 2**31)
