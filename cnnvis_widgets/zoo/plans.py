"""Stored layer plans of published networks, for diagrams without building the networks.

Building VGG-16 takes seconds and half a gigabyte. `scripts/make_plans.py` writes `plans.json` from
the Keras models; a test compares the two.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from cnnvis_widgets.backend.records import Field, PlannedLayer
from cnnvis_widgets.errors import UnknownNameError

FILE = Path(__file__).with_name("plans.json")


def plans() -> list[str]:
    """The names of the networks with a stored plan."""
    return list(_stored())


def load_plan(name: str) -> tuple[PlannedLayer, ...]:
    """A network's layers, as `Network.plan` gives them; needs neither weights nor TensorFlow.

    Raises:
        UnknownNameError: no plan of that name.
    """
    stored = _stored()
    if name not in stored:
        raise UnknownNameError.of("plan of a network", name, stored)
    return tuple(_layer(row) for row in stored[name])


def row(layer: PlannedLayer) -> list[Any]:
    """A layer as it is written in the file."""
    return [list(value) if isinstance(value, tuple) else value for value in layer]


@cache
def _stored() -> dict[str, list[list[Any]]]:
    return json.loads(FILE.read_text("utf-8"))


def _layer(stored: list[Any]) -> PlannedLayer:
    def pair(value: Any) -> Any:
        return None if value is None else tuple(value)

    name, kind, shape, parameters, inputs, kernel, strides, padding, field = stored
    return PlannedLayer(
        name,
        kind,
        tuple(shape),
        parameters,
        tuple(inputs),
        pair(kernel),
        pair(strides),
        padding,
        None if field is None else Field(*map(pair, field)),
    )
