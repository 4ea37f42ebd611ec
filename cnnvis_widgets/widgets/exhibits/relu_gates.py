"""The backward pass of a ReLU under three rules side by side (thesis Figure 18)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.toolkit.number_table import Cells, Table, table
from cnnvis_widgets.widgets.toolkit.traits import OneOf

GATES = {"relu": np.inf, "relu6": 6.0}  # their upper bounds
RULES = ("gradient", "deconvnet", "guided")


class ReluGates(Cells, from_page="values gradient gate"):
    """Two small editable tables, and the results of three methods at a ReLU.

    From the ReLU's input and the gradient from above, the page shows the gradient that is passed
    down: by backpropagation (where the ReLU was open), by DeconvNet (where the gradient is
    positive), and by guided backpropagation (both). It computes this itself, as `result` does.

    Args:
        values: the ReLU's input, (rows, columns); at most 12 of each.
        gradient: the gradient from above, of the same shape.
        kwargs: the attributes.

    Attributes:
        values: as above; its shape is fixed.
        gradient: as above.
        gate: "relu" (open above 0) or "relu6" (open between 0 and 6).

    Raises:
        InvalidValueError: invalid tables, or tables of different shapes.
        UnknownNameError: an unknown gate.
    """

    values = Table(lambda gates: gates._shape, first=True).tag(sync=True)
    gradient = Table(lambda gates: gates._shape).tag(sync=True)
    gate = OneOf("gate", GATES, "relu").tag(sync=True)

    def __init__(self, values: ArrayLike, gradient: ArrayLike, **kwargs: Any) -> None:
        self._shape = np.shape(table("values", values))
        super().__init__(values=values, gradient=gradient, **kwargs)

    def forward(self) -> NDArray[np.float64]:
        """The ReLU's output: (rows, columns)."""
        return np.clip(np.array(self.values), 0, GATES[self.gate])

    def result(self, rule: str) -> NDArray[np.float64]:
        """The gradient that is passed down: (rows, columns).

        Args:
            rule: "gradient", "deconvnet" or "guided".

        Raises:
            UnknownNameError: an unknown rule.
        """
        if rule not in RULES:
            raise UnknownNameError.of("rule", rule, RULES)
        values, gradient = np.array(self.values), np.array(self.gradient)
        is_open = (values > 0) & (values < GATES[self.gate])
        passed = {
            "gradient": is_open,
            "deconvnet": gradient > 0,
            "guided": is_open & (gradient > 0),
        }
        return np.where(passed[rule], gradient, 0.0)
