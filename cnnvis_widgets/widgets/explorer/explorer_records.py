"""What the explorer's parts are given, made from what the engine answers."""

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
"""What the layer picker calls the network's output; its neurons are the classes."""

KEPT_PICTURES = 40
"""Beside one that is named: those of the menu, and of the last links."""


def layer_records(facts: NetworkFacts) -> list[dict[str, Any]]:
    """The output first, then every layer in its order, with its block and what it takes."""
    units = len(facts.labels)
    names = [info.name for info in facts.layers]
    plan = {layer.name: layer for layer in facts.plan}
    taken = {name for layer in facts.plan for name in layer.inputs}
    records: list[dict[str, Any]] = [
        {
            "name": CLASSES,
            "kind": "classes",
            "shape": [units],
            "units": units,
            "group": "",
            "inputs": [name for name in plan if name not in taken] or names[-1:],
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
    """The size of a window ("3 × 3"), and how far it moves where that is not one place."""
    if planned is None or not planned.kernel or not planned.padding:
        return ""
    step = dict.fromkeys(planned.strides or (1,))
    moves = "" if list(step) == [1] else f" / {' × '.join(map(str, step))}"
    return " × ".join(map(str, planned.kernel)) + moves


MOST_NEURONS, THUMBNAIL = 4096, 40
"""Of a layer's wall: neurons, and rows and columns of each map."""


def show_neurons(picker: NeuronPicker, layer_view: LayerView) -> None:
    """Offer a layer's neurons, the most active first."""
    picker.units = layer_view.units
    picker.positions = list(layer_view.positions)
    picker.sheet = neuron_sheet(layer_view)
    picker.neurons = [{"unit": n.unit, "value": n.value} for n in layer_view.neurons]


def neuron_sheet(layer_view: LayerView) -> bytes:
    """Their maps on one scale in one PNG file, see `NeuronPicker.sheet`; empty without maps."""
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
"""Chosen beside a method's parameters; `cnnvis.explain` takes it as an argument of its own."""


def parameter_record(parameter: dict[str, Any], layers: list[dict[str, Any]]) -> dict[str, Any]:
    """A parameter's declaration; one that names a layer is chosen among those with rows."""
    if parameter["kind"] == "layer":
        maps = [r["name"] for r in layers if len(r["shape"]) == 3]
        parameter |= {"kind": "choice", "choices": ["", *maps]}
    elif parameter["kind"] == "file":
        parameter |= {"kind": "text"}
    return parameter


def offered_parameters(
    method: dict[str, Any], layers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """A method's parameters for a panel, with the seed where it draws random numbers.

    Visitors of a served page name no files of the server.
    """
    kinds = {"file"} if policy.current().served else set()
    declared = (p for p in method["parameters"] if p["kind"] not in kinds)
    records = [parameter_record(dict(p), layers) for p in declared]
    return [*records, dict(SEED)] if method["random"] else records


def chosen_parameters(request: Explain) -> dict[str, Any]:
    """What the panel says of a request: its parameters, and its seed where the panel has one."""
    drawing = {method["name"] for method in listings.methods() if method["random"]}
    seed = {"seed": request.seed} if request.method in drawing else {}
    return {**request.parameters, **seed}


def as_neuron(wanted: Neuron | int | None) -> Neuron | None:
    """A neuron as it was given, or an output unit made into one.

    Raises:
        UnsuitableError: a `Target`, for which there is nothing to choose on the page.
    """
    from cnnvis_widgets.engine.requests import Neuron

    if isinstance(wanted, Neuron) and not wanted.single:
        raise UnsuitableError(
            "The explorer shows single neurons, whose unit, layer and position are chosen on the "
            "page. Expected a cnnvis.Neuron; cnnvis.explain takes a cnnvis.Target."
        )
    return wanted if wanted is None or isinstance(wanted, Neuron) else Neuron(None, wanted)


def chosen_neuron(explorer: Explorer) -> Neuron | str | None:
    """The neuron that is chosen in an explorer's pickers.

    Returns:
        None for the most probable class; "none yet" for a layer whose neurons are looked for.
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
    """For answers that nobody waits for."""


def network_records() -> list[dict[str, Any]]:
    """The zoo's networks; those whose weights are not at hand come last and say why."""
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
    """Offer the pictures that a network was made for; for an unknown one the photos.

    Args:
        picker: where; an upload stays chosen.
        network: its name.
        first: the picture was named (by a link, say, or when the explorer opened): it stays,
            whatever it is.
    """
    kinds = {facts["name"]: facts["labels"] for facts in listings.networks()}
    suited = listings.pictures(kinds.get(network.split(":")[0], "imagenet"))
    chosen = picker.value
    there = [record["name"] for record in suited] + list(picker.uploads)
    if first and chosen not in there:
        suited = [*(r for r in picker.pictures if r["name"] == chosen), *suited]
    elif chosen not in there:
        chosen = suited[0]["name"]
    picker.pictures = suited
    picker.value = chosen


def offer_picture(picker: PicturePicker, name: str) -> None:
    """Offer a picture that is named, also one that comes with another network ("scene:1234").

    Raises:
        UnknownNameError: no picture of that name.
    """
    if name not in [*(record["name"] for record in picker.pictures), *picker.uploads]:
        picker.pictures = [listings.picture(name), *picker.pictures[-KEPT_PICTURES:]]


def method_records(unsuited: dict[str, str]) -> list[dict[str, Any]]:
    """All methods; `unsuited` says of some why the network cannot be treated so."""
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
    """What a record of that name says in a field; `otherwise`, or the name, where there is none."""
    return next((str(r[field]) for r in records if r["name"] == name), otherwise or name)
