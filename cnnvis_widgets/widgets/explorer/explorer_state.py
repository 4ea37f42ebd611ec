"""An explorer's state as a URL query, and back.

A link holds choices, not results: it gives the same map on every machine that has the network's
weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cnnvis_widgets import checks
from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError
from cnnvis_widgets.rendering import colormap_names
from cnnvis_widgets.widgets.explorer.explanation_view import BLENDS, MODES
from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES, offer_picture
from cnnvis_widgets.widgets.explorer.explorer_turning import turn
from cnnvis_widgets.widgets.explorer.explorer_view import TOOLS
from cnnvis_widgets.widgets.explorer.link_labels import FILE as LABELS_FILE
from cnnvis_widgets.widgets.explorer.link_labels import LABELS

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Neuron
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

FILE = ("file", "sha256", "input")
"""Keys for a network from a visitor's file, see `explorer_own.Brought`."""

KEYS = (
    *("network", *FILE, "picture", "layer", "neuron", "aggregate", "position", "method"),
    "parameters",
)

KEPT = "kept"
"""Key for the kept maps, see `kept_links.py`."""

FIXED, HIDDEN = "fixed", "hidden"
"""Keys of a teacher's link: names of `explorer_bar.PARTS` and of `explorer_bar.SIGHTS`."""


def query(explorer: Explorer) -> str:
    """The whole link: the choices, the view's settings, and what a teacher fixed or hid."""
    state = dict(parse_qsl(choices(explorer)))
    for name in LOOKS:
        value = getattr(explorer.view, name)
        if value != explorer.view.trait_defaults(name):
            state[name] = look_text(value)
    if kept_text := explorer.keeping.text():
        state[KEPT] = kept_text
    state |= explorer.bringing.labels_part(explorer.networks.value)
    for name in (FIXED, HIDDEN):
        if names := getattr(explorer.header, name):
            state[name] = ",".join(names)
    return urlencode(state, safe=",;=!")


def choices(explorer: Explorer) -> str:
    """The choices: "network=…&picture=…&method=…", in the order of `KEYS`.

    A visitor's own picture has no name elsewhere and is left out; so is a network that is not a
    file, together with its layer and neuron.
    """
    brought = explorer.bringing.known.get(explorer.networks.value)
    nameless = brought is None and explorer.engine.library.owns(explorer.networks.value)
    state: dict[str, str] = {}
    if brought is not None:
        state |= {"file": brought.filename, "sha256": brought.sha256, "input": brought.preprocess}
    elif not nameless:
        state["network"] = explorer.networks.value
    if explorer.pictures.value not in explorer.pictures.uploads:
        state["picture"] = explorer.pictures.value
    neuron = explorer._neuron()
    if nameless or isinstance(neuron, str) or neuron is None:
        neuron = None
    elif neuron.layer is None and not explorer._class_chosen:
        neuron = None  # the most probable class of the picture shown
    if neuron is not None:
        if neuron.layer is not None:
            state["layer"] = neuron.layer
        state["neuron"] = str(neuron.unit)
        if neuron.aggregate != "sum":
            state["aggregate"] = neuron.aggregate
        if neuron.position is not None:
            state["position"] = ",".join(map(str, neuron.position))
    state["method"] = explorer.methods.value
    declared = {p["name"]: p["default"] for p in explorer.parameters.parameters}
    changed = {n: v for n, v in explorer.parameters.value.items() if declared.get(n) != v}
    if changed:
        state["parameters"] = json.dumps(changed, separators=(",", ":"), sort_keys=True)
    return urlencode({key: state[key] for key in KEYS if state.get(key)}, safe=",")


def parsed(link: str) -> dict[str, str]:
    """The parts of a link or query; unknown keys are left out."""
    query_string = urlsplit(link).query if "?" in link else link
    keys = (*KEYS, *LOOKS, KEPT, LABELS, LABELS_FILE, FIXED, HIDDEN)
    return {key: value for key, value in parse_qsl(query_string) if key in keys}


def open_link(explorer: Explorer, link: str) -> None:
    """Apply a link; settings that it does not have stay as they are.

    Args:
        explorer: the explorer.
        link: a URL with a query, or the query.

    Raises:
        UnknownNameError: a network, picture or method that is not offered here.
        UnsuitableError: a known network whose weights are missing.
        InvalidValueError: invalid numbers or parameters.
    """
    if state := parsed(link):
        follow_link(explorer, state)


def follow_link(explorer: Explorer, state: Mapping[str, str]) -> None:
    """Apply the parts of a link, see `parsed`; raises as `open_link`."""
    network = network_of(explorer, state)
    picture: Any = state.get("picture", explorer.pictures.value)
    offer_picture(explorer.pictures, picture)
    method = state.get("method", explorer.methods.value)
    if method not in (methods := _names(listings.methods())):
        raise UnknownNameError.of("method", method, methods)
    looks = {name: read(name, state[name]) for name, read in LOOKS.items() if name in state}
    decided = {name: _listed(state[name]) for name in (FIXED, HIDDEN) if name in state}
    for name, names in decided.items():
        explorer.header.check(name, names)
    kept_maps = explorer.keeping.wanted(state.get(KEPT, ""))
    turns = any(key in state for key in KEYS)
    if turns:
        turn(explorer, network, picture, method, neuron_in(state), parameters_in(state))
    for name, value in looks.items():
        setattr(explorer.view, name, value)
    for name, names in decided.items():
        setattr(explorer.header, name, names)
    explorer.keeping.bring_back(kept_maps, now=not turns)


def _listed(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


LOOKS: dict[str, Callable[[str, str], Any]] = {
    "mode": lambda name, text: checks.choice(name, text, MODES),
    "opacity": lambda name, text: _share(name, text),
    "blend": lambda name, text: checks.choice(name, text, BLENDS),
    "threshold": lambda name, text: _share(name, text),
    "gray_picture": lambda name, text: _truth(name, text),
    "split": lambda name, text: _share(name, text),
    "colormap": lambda name, text: checks.choice(name, text, ("", *colormap_names())),
    "tool": lambda name, text: checks.choice(name, text, TOOLS),
}
"""The view's traits that a link holds where they are not at their defaults → their parsers."""


def look_text(value: object) -> str:
    """A value of the view as text for a link, as `LOOKS` parses it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _share(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise InvalidValueError(
            f"In a link, {name} is a number from 0 to 1; got {text[:20]!r}."
        ) from None
    return checks.number(name, value, 0, 1)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidValueError(f"In a link, {name} is true or false; got {text[:20]!r}.")
    return text == "true"


def _names(records: list[dict[str, Any]]) -> list[str]:
    return [record["name"] for record in records]


def network_of(explorer: Explorer, state: Mapping[str, str], *, wait: bool = True) -> str:
    """The picker's name of a link's network.

    Args:
        explorer: the explorer.
        state: the link's parts.
        wait: if its file is missing, follow the link as soon as that is opened.

    Raises:
        UnknownNameError: a network that is not offered here.
        UnsuitableError: a known network whose weights or file are missing.
    """
    if "file" in state:
        if not (found := explorer.bringing.find(state)):
            explorer.bringing.wait_for(state, wait)
        return found
    name = state.get("network", explorer.networks.value)
    for record in explorer.networks.networks:
        if record["name"] == name:
            if not record["available"]:
                raise UnsuitableError(f"The network {name!r} cannot be shown: {record['why']}")
            return name
    raise UnknownNameError.of("network", name, _names(explorer.networks.networks))


def neuron_in(state: Mapping[str, str]) -> Neuron | None:
    """The neuron in the parts of a link; None for the most probable class.

    Raises:
        InvalidValueError: invalid numbers.
    """
    from cnnvis_widgets.engine.requests import Neuron

    if "neuron" not in state:
        return None
    try:
        unit = int(state["neuron"])
        numbers = [int(part) for part in state.get("position", "").split(",") if part]
    except ValueError:
        raise InvalidValueError(
            "In a link, neuron is a number and position two; got "
            f"{state['neuron'][:20]!r} and {state.get('position', '')[:20]!r}."
        ) from None
    layer = state.get("layer")
    position = (numbers[0], numbers[1]) if len(numbers) == 2 else None
    return Neuron(
        None if layer == CLASSES else layer, unit, state.get("aggregate", "sum"), position
    )


def parameters_in(state: Mapping[str, str]) -> dict[str, Any] | None:
    """The parameters in the parts of a link that differ from the published ones; None for none.

    Raises:
        InvalidValueError: not a JSON object.
    """
    try:
        parameters = json.loads(state.get("parameters", "{}"))
    except (ValueError, RecursionError):
        parameters = None
    if not isinstance(parameters, dict):
        raise InvalidValueError("In a link, parameters are a JSON object of names and values.")
    return parameters or None
