"""Kept maps in a link: the settings of each, and the request that recomputes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

from cnnvis_widgets.engine import listings
from cnnvis_widgets.engine.requests import ExplainAgain
from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.explorer.explorer_records import offered_parameters
from cnnvis_widgets.widgets.explorer.explorer_state import (
    network_of,
    neuron_in,
    parameters_in,
)

if TYPE_CHECKING:
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

BETWEEN_MAPS, BETWEEN_KEYS = "!", ";"
"""Separators in the value of a link's key; a map's own link has both escaped."""


class Wanted(NamedTuple):
    """A kept map to be recomputed.

    Attributes:
        link: the choices, see `explorer_state.choices`.
        picture: the picture's name.
        request: the request that makes it.
    """

    link: str
    picture: str
    request: ExplainAgain


def kept_text(links: Sequence[str]) -> str:
    """Kept maps as the value of a link's key.

    Args:
        links: one for each map; those without a picture or network name are left out.
    """
    complete = [link for link in links if nameable(link)]
    return BETWEEN_MAPS.join(link.replace("&", BETWEEN_KEYS) for link in complete)


def kept_links(text: str) -> list[str]:
    """The links in a value made by `kept_text`."""
    return [link.replace(BETWEEN_KEYS, "&") for link in text.split(BETWEEN_MAPS) if link]


def nameable(link: str) -> bool:
    """Whether a link names its picture and network."""
    state = dict(parse_qsl(link))
    return "picture" in state and ("network" in state or "file" in state)


def wanted(explorer: Explorer, link: str) -> Wanted:
    """The request that recomputes a kept map.

    Raises:
        CnnvisError: a network, picture, method, neuron or parameters that are not offered here.
    """
    state = dict(parse_qsl(link))
    network = network_of(explorer, state, wait=False)
    picture = state.get("picture", "")
    listings.picture(picture)  # raises for an unknown one
    methods = {method["name"]: method for method in listings.methods()}
    name = state.get("method", "")
    if name not in methods:
        raise UnknownNameError.of("method", name, methods)
    declared = offered_parameters(methods[name], explorer.layers.layers)
    values = {parameter["name"]: parameter["default"] for parameter in declared}
    for parameter_name, value in (parameters_in(state) or {}).items():
        if parameter_name not in values:
            raise UnknownNameError.of("parameter", parameter_name, values)
        values[parameter_name] = value
    seed = values.pop("seed", 0)
    request = ExplainAgain(network, picture, name, neuron_in(state), seed, values)
    return Wanted(link, picture, request)
