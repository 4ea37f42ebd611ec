"""Kept maps in a link: what made each of them, and the request that makes it again."""

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
"""In the value of a link's key; within a map's own link both are always escaped."""


class Wanted(NamedTuple):
    """A kept map that is to be computed again.

    Attributes:
        link: what was chosen, see `explorer_state.choices`.
        picture: its name.
        request: what makes it.
    """

    link: str
    picture: str
    request: ExplainAgain


def kept_text(links: Sequence[str]) -> str:
    """Kept maps as the value of a link's key.

    Args:
        links: of each map; one of a picture or a network that no link can name is left out.
    """
    whole = [link for link in links if nameable(link)]
    return BETWEEN_MAPS.join(link.replace("&", BETWEEN_KEYS) for link in whole)


def kept_links(text: str) -> list[str]:
    """The links in such a value."""
    return [one.replace(BETWEEN_KEYS, "&") for one in text.split(BETWEEN_MAPS) if one]


def nameable(link: str) -> bool:
    """Whether a link says which picture and network it is of."""
    state = dict(parse_qsl(link))
    return "picture" in state and ("network" in state or "file" in state)


def wanted(explorer: Explorer, link: str) -> Wanted:
    """What makes a kept map again.

    Raises:
        CnnvisError: a network, picture, method, neuron or parameters that are not offered here.
    """
    state = dict(parse_qsl(link))
    network = network_of(explorer, state, wait=False)
    picture = state.get("picture", "")
    listings.picture(picture)  # refuses what is none
    methods = {method["name"]: method for method in listings.methods()}
    name = state.get("method", "")
    if name not in methods:
        raise UnknownNameError.of("method", name, methods)
    declared = offered_parameters(methods[name], explorer.layers.layers)
    values = {parameter["name"]: parameter["default"] for parameter in declared}
    for given, value in (parameters_in(state) or {}).items():
        if given not in values:
            raise UnknownNameError.of("parameter", given, values)
        values[given] = value
    seed = values.pop("seed", 0)
    request = ExplainAgain(network, picture, name, neuron_in(state), seed, values)
    return Wanted(link, picture, request)
