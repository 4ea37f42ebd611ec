"""Records for the explorer's parts, made from the engine's answers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets import policy
from cnnvis_widgets.engine import listings
from cnnvis_widgets.engine.grouping import blocks
from cnnvis_widgets.engine.requests import LayerView, NetworkFacts
from cnnvis_widgets.errors import UnsuitableError
from cnnvis_widgets.rendering import Scale, colorize, png_bytes

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Explain, Neuron, PlannedLayer
    from cnnvis_widgets.widgets.explorer.explorer import Explorer
    from cnnvis_widgets.widgets.explorer.neuron_picker import NeuronPicker
    from cnnvis_widgets.widgets.explorer.picture_picker import PicturePicker

CLASSES = "the output (classes)"
"""The layer picker's name for the network's output, whose neurons are the classes."""

KEPT_PICTURES = 40
"""Pictures of the menu and of the last links that stay when a named one is added."""


def layer_records(facts: NetworkFacts) -> list[dict[str, Any]]:
    """The output first, then every layer in order, with its block and inputs."""
    units = len(facts.labels)
    names = [info.name for info in facts.layers]
    plan = {layer.name: layer for layer in facts.plan}
    consumed = {name for layer in facts.plan for name in layer.inputs}
    records: list[dict[str, Any]] = [
        {
            "name": CLASSES,
            "kind": "classes",
            "shape": [units],
            "units": units,
            "group": "",
            "inputs": [name for name in plan if name not in consumed] or names[-1:],
            "window": "",
        }
    ]
    for info, group in zip(facts.layers, blocks(names), strict=True):
        planned = plan.get(info.name)
        records.append(
            {
                "name": info.name,
                "kind": info.kind,
                "shape": list(info.output_shape),
                "units": info.units,
                "group": group,
                "inputs": None if planned is None else list(planned.inputs),
                "window": _window(planned),
            }
        )
    return records


def _window(planned: PlannedLayer | None) -> str:
    """A layer's kernel size ("3 × 3"), and its stride where that is not 1."""
    if planned is None or not planned.kernel or not planned.padding:
        return ""
    step = dict.fromkeys(planned.strides or (1,))
    moves = "" if list(step) == [1] else f" / {' × '.join(map(str, step))}"
    return " × ".join(map(str, planned.kernel)) + moves


MOST_NEURONS, THUMBNAIL = 4096, 40
"""Most neurons of a layer shown, and rows and columns of each map."""


def show_neurons(picker: NeuronPicker, layer_view: LayerView) -> None:
    """Offer a layer's neurons, the most active first."""
    picker.units = layer_view.units
    picker.positions = list(layer_view.positions)
    picker.sheet = neuron_sheet(layer_view)
    picker.neurons = [{"unit": n.unit, "value": n.value} for n in layer_view.neurons]


def neuron_sheet(layer_view: LayerView) -> bytes:
    """A layer's maps on one scale in one PNG file, see `NeuronPicker.sheet`; b"" without maps."""
    maps = [n.map for n in layer_view.neurons if n.map is not None]
    if not maps:
        return b""
    scale = Scale.of(*maps)
    across = math.ceil(math.sqrt(len(maps)))
    down = math.ceil(len(maps) / across)
    rows, columns = maps[0].shape
    cells = np.full((down * across, rows, columns), scale.low, np.float32)
    cells[: len(maps)] = maps
    sheet = cells.reshape(down, across, rows, columns).transpose(0, 2, 1, 3)
    return png_bytes(colorize(sheet.reshape(down * rows, across * columns), scale))


SEED = {
    "name": "seed",
    "title": "Seed",
    "kind": "integer",
    "default": 0,
    "minimum": 0,
    "maximum": None,
    "step": 1,
    "choices": [],
    "help": "of the random numbers that the method draws",
    "unit": "",
}
"""Shown with a method's parameters; a separate argument of `cnnvis.explain`."""


def parameter_record(parameter: dict[str, Any], layers: list[dict[str, Any]]) -> dict[str, Any]:
    """A parameter's declaration; a layer becomes a choice among layers with maps."""
    if parameter["kind"] == "layer":
        maps = [r["name"] for r in layers if len(r["shape"]) == 3]
        parameter |= {"kind": "choice", "choices": ["", *maps]}
    elif parameter["kind"] == "file":
        parameter |= {"kind": "text"}
    return parameter


def offered_parameters(
    method: dict[str, Any], layers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A method's parameters for a panel, with the seed if it draws random numbers.

    On a served page file parameters are left out, since visitors cannot name server files.
    """
    kinds = {"file"} if policy.current().served else set()
    declared = (p for p in method["parameters"] if p["kind"] not in kinds)
    records = [parameter_record(dict(p), layers) for p in declared]
    return [*records, dict(SEED)] if method["random"] else records


def chosen_parameters(request: Explain) -> dict[str, Any]:
    """The panel's values for a request: its parameters, and its seed if the panel has one."""
    drawing = {method["name"] for method in listings.methods() if method["random"]}
    seed = {"seed": request.seed} if request.method in drawing else {}
    return {**request.parameters, **seed}


def as_neuron(wanted: Neuron | int | None) -> Neuron | None:
    """The neuron, or the neuron of an output unit.

    Raises:
        UnsuitableError: a `Target`, which the page cannot show.
    """
    from cnnvis_widgets.engine.requests import Neuron

    if isinstance(wanted, Neuron) and not wanted.single:
        raise UnsuitableError(
            "The explorer shows single neurons, whose unit, layer and position are chosen on the "
            "page. Expected a cnnvis.Neuron; cnnvis.explain takes a cnnvis.Target."
        )
    return wanted if wanted is None or isinstance(wanted, Neuron) else Neuron(None, wanted)


def chosen_neuron(explorer: Explorer) -> Neuron | str | None:
    """The neuron chosen in an explorer's pickers.

    Returns:
        None for the most probable class; "none yet" for a layer whose neurons are not loaded.
    """
    from cnnvis_widgets.engine.requests import Neuron

    if explorer.layers.value == CLASSES:
        unit = explorer.predictions.value
        return None if unit is None else Neuron(None, unit)
    neurons = explorer.neurons
    if neurons.value is None:
        return "none yet"
    position = tuple(neurons.position) if neurons.position else None
    return Neuron(explorer.layers.value, neurons.value, neurons.aggregate, position)


def nothing(_: object) -> None:
    """Ignore an answer."""


def network_records() -> list[dict[str, Any]]:
    """The zoo's networks; those with missing weights come last and say why."""
    return sorted(
        (
            {
                "name": network["name"],
                "title": network["title"],
                "note": network["note"],
                "available": not network["missing"],
                "why": network["missing"],
            }
            for network in listings.networks()
        ),
        key=lambda record: not record["available"],
    )


def offer_pictures(picker: PicturePicker, network: str, first: bool) -> None:
    """Offer the pictures that suit a network; photos for an unknown one.

    Args:
        picker: the picture picker; a chosen upload stays chosen.
        network: its name.
        first: keep the chosen picture even if it does not suit, as when a link named it.
    """
    kinds = {facts["name"]: facts["labels"] for facts in listings.networks()}
    suited = listings.pictures(kinds.get(network.split(":")[0], "imagenet"))
    chosen = picker.value
    available = [record["name"] for record in suited] + list(picker.uploads)
    if first and chosen not in available:
        suited = [*(r for r in picker.pictures if r["name"] == chosen), *suited]
    elif chosen not in available:
        chosen = suited[0]["name"]
    picker.pictures = suited
    picker.value = chosen


def offer_picture(picker: PicturePicker, name: str) -> None:
    """Offer a picture by name, even one for other networks ("scene:1234").

    Raises:
        UnknownNameError: an unknown picture.
    """
    if name not in [*(record["name"] for record in picker.pictures), *picker.uploads]:
        picker.pictures = [listings.picture(name), *picker.pictures[-KEPT_PICTURES:]]


def method_records(unsuited: dict[str, str]) -> list[dict[str, Any]]:
    """All methods; `unsuited` gives the reason for those that do not suit the network."""
    return [
        {
            "name": method["name"],
            "title": method["title"],
            "summary": method["summary"],
            "suits": method["name"] not in unsuited,
            "why": unsuited.get(method["name"], ""),
        }
        for method in listings.methods()
    ]


def fact(
    records: list[dict[str, Any]], name: str, field: str = "title", otherwise: str = ""
) -> str:
    """A field of the record with that name; without one `otherwise`, or else the name."""
    return next((str(r[field]) for r in records if r["name"] == name), otherwise or name)
