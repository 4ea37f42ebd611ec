"""Normalises the settings of a study, so that they can be saved and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target, described
from cnnvis_widgets.errors import FileError, InvalidValueError, UnsuitableError
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.methods.parameter import checked
from cnnvis_widgets.study.study_images import Subject, network_view

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

OUTPUT, LABEL = "output", "label"
UPPER, TOP = "upper layer", "top layer"
"""The thesis' two layers, chosen by the network itself; see `upper_layers`."""


def named_networks(networks: Any) -> dict[str, Any]:
    """Networks by name: `Network` objects, or names that are loaded on first use.

    Args:
        networks: a name of the zoo (or a file), a `Network`, several of them, or a mapping.
    """
    if isinstance(networks, Mapping):
        named = {str(name): network for name, network in networks.items()}
    else:
        items = networks if isinstance(networks, list | tuple) else [networks]
        named = {getattr(n, "name", None) or str(n): n for n in items}
        if len(named) != len(items):
            raise InvalidValueError(
                f"Each network needs a name of its own; got {[str(n) for n in items]}. Give a "
                "mapping of names to networks."
            )
    if not named:
        raise InvalidValueError("A study needs at least one network; got none.")
    return named


def named_methods(methods: Any) -> dict[str, dict[str, Any]]:
    """Methods by name, with all their parameters.

    Args:
        methods: a name of `cnnvis.methods()`, several, or a mapping of your own names to such a
            name, to (name, parameters), or to (name, parameters, neurons) if the method is only
            applied to some of the study's neurons.
    """
    if isinstance(methods, Mapping):
        specs = {str(label): spec for label, spec in methods.items()}
    else:
        items = [methods] if isinstance(methods, str) else list(methods)
        specs = {(spec if isinstance(spec, str) else str(spec[0])): spec for spec in items}
        if len(specs) != len(items):
            raise InvalidValueError(
                "The same method twice: give a mapping of names of your own to (method, parameters)"
            )
    named = {}
    for label, spec in specs.items():
        name, parameters, *neurons = (spec, {}) if isinstance(spec, str) else spec
        settings = checked(method_named(name).parameters, parameters, name)
        named[label] = {"method": name, "parameters": settings}
        if neurons and neurons[0] is not None:
            named[label]["neurons"] = [str(neuron) for neuron in neurons[0]]
    if not named:
        raise InvalidValueError("A study needs at least one method; got none.")
    return named


def asked_about(methods: Mapping[str, Mapping[str, Any]], neuron: str) -> list[str]:
    """The methods that are applied to a neuron of that name; see `named_methods`.

    Examples:
        >>> asked_about({"a": {"neurons": ["output"]}, "b": {}}, "top layer")
        ['b']
    """
    return [
        label for label, settings in methods.items() if neuron in settings.get("neurons", [neuron])
    ]


def named_neurons(neurons: Any, network: str) -> dict[str, Any]:
    """The neurons to explain on a network, by name.

    Args:
        neurons: "output" (the most active output unit), "label" (the picture's own class), another
            text (of the layer of that name the unit with the largest mean activation; "top layer"
            and "upper layer" are the network's own, see `upper_layers`), an output unit, a
            `Neuron`, a pair (layer, unit); several; or a mapping of networks to these.
        network: its name in the study.
    """
    if isinstance(neurons, Mapping):
        if network not in neurons:
            raise InvalidValueError(f"neurons says nothing of the network {network!r}.")
        neurons = neurons[network]
    pair = isinstance(neurons, tuple) and len(neurons) == 2 and isinstance(neurons[1], int)
    specs = list(neurons) if isinstance(neurons, list | tuple) and not pair else [neurons]
    return {neuron_name(spec): spec for spec in specs}


def neuron_name(spec: Any) -> str:
    """A short name of a neuron or of a rule that chooses one."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Target):
        names = {unit: str(unit) for unit in spec.units}
        return f"{spec.layer or OUTPUT}:{described(spec, names)}"
    if isinstance(spec, Neuron):
        suffix = "" if spec.aggregate == "sum" else f" {spec.aggregate}"
        suffix += "" if spec.position is None else f" {spec.position}"
        return f"{spec.layer or OUTPUT}:{spec.unit}{suffix}"
    if isinstance(spec, tuple):
        return f"{spec[0]}:{spec[1]}"
    return f"{OUTPUT}:{spec}"


def plain(spec: Any) -> Any:
    """A neuron or a rule as plain data: a text, or a `Neuron`'s fields."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Target):
        return {"target": spec.record()}
    if isinstance(spec, tuple) and not isinstance(spec, Neuron):
        spec = Neuron(*spec)
    neuron = spec if isinstance(spec, Neuron) else Neuron(None, spec)
    position = None if neuron.position is None else list(neuron.position)
    return {**asdict(neuron), "position": position}


def of_plain(spec: Any) -> Any:
    """The inverse of `plain`.

    Raises:
        FileError: invalid data, e.g. edited by hand.
    """
    try:
        return spec if isinstance(spec, str) else neuron_of(spec)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(
            f"study.json does not describe a study: a neuron is {spec!r:.200}, which is none."
        ) from error


def chosen_neuron(network: Network, subject: Subject, spec: Any) -> Neuron:
    """The neuron that a rule chooses on a picture.

    Raises:
        UnsuitableError: the picture's class is unknown, or the network does not have it.
        UnknownNameError: no such layer or unit.
    """
    if spec == OUTPUT:
        return network.resolved(network.prepare(subject.image).input, None)[0]
    if spec == LABEL:
        unit = subject.unit_of(network)
        if unit is None:
            raise UnsuitableError(f"The class of {subject.name!r} is none of {network.name}.")
        return Neuron(None, unit)
    if isinstance(spec, str):
        if spec in (UPPER, TOP):
            spec = upper_layers(network)[spec]
        best = network.most_active(network_view(subject, network), spec, 1)[0]
        return Neuron(spec, best.unit)
    neuron = network.neuron(spec)
    assert neuron is not None
    return neuron


def upper_layers(network: Network) -> dict[str, str]:
    """The thesis' two upper layers.

    "top layer" is the last layer with rows and columns that every path goes through, as for
    Grad-CAM. "upper layer" is the last such layer with a larger map, or the first of all if there
    is none.
    """
    sizes = {info.name: info.output_shape[:-1] for info in network.layers}
    top = layer = network.last_convolution(None)
    while sizes[layer] == sizes[top]:
        previous = network.last_convolution(Neuron(layer, 0))
        if previous == layer:  # the first convolution
            break
        layer = previous
    return {UPPER: layer, TOP: top}


def neuron_of(line: dict[str, Any]) -> Neuron:
    """The neuron or target of a run's line."""
    if "target" in line:
        return Target.of_record(line["target"])
    position = line["position"]
    return Neuron(line["layer"], line["unit"], line["aggregate"], position and tuple(position))
