"""Plans of published networks, made beforehand: what their layers are, without building them.

VGG-16 alone takes seconds and half a gigabyte to build, only to be drawn. `plans.json` is written
by `scripts/make_plans.py` out of the real Keras models; a test holds the two against each other.
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
    """The names of the networks whose plan is there."""
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
    return [list(part) if isinstance(part, tuple) else part for part in layer]


@cache
def _stored() -> dict[str, list[list[Any]]]:
    return json.loads(FILE.read_text("utf-8"))


def _layer(stored: list[Any]) -> PlannedLayer:
    def pair(given: Any) -> Any:
        return None if given is None else tuple(given)

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
