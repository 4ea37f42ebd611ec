"""What a study is asked to do, in a form that can be written down and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import Target, described
from cnnvis_widgets.errors import FileError, InvalidValueError, UnsuitableError
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.methods.parameter import checked
from cnnvis_widgets.study.study_images import Subject, seen

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

OUTPUT, LABEL = "output", "label"
UPPER, TOP = "upper layer", "top layer"
"""The thesis' two layers, chosen by the network itself; see `upper_layers`."""


def named_networks(networks: Any) -> dict[str, Any]:
    """Networks by name: `Network` objects, or names that are loaded when they are needed.

    Args:
        networks: a name of the zoo (or a file), a `Network`, several of them, or a mapping.
    """
    if isinstance(networks, Mapping):
        named = {str(name): network for name, network in networks.items()}
    else:
        several = networks if isinstance(networks, list | tuple) else [networks]
        named = {getattr(n, "name", None) or str(n): n for n in several}
        if len(named) != len(several):
            raise InvalidValueError(
                f"Each network needs a name of its own; got {[str(n) for n in several]}. Give a "
                "mapping of names to networks."
            )
    if not named:
        raise InvalidValueError("A study needs at least one network; got none.")
    return named


def named_methods(methods: Any) -> dict[str, dict[str, Any]]:
    """Methods by name, with all their parameters.

    Args:
        methods: a name out of `cnnvis.methods()`, several, or a mapping of names of your own to
            such a name, to a pair (name, parameters), or to (name, parameters, neurons) where the
            method is asked about some of the study's neurons alone.
    """
    if isinstance(methods, Mapping):
        given = {str(label): one for label, one in methods.items()}
    else:
        several = [methods] if isinstance(methods, str) else list(methods)
        given = {(one if isinstance(one, str) else str(one[0])): one for one in several}
        if len(given) != len(several):
            raise InvalidValueError(
                "The same method twice: give a mapping of names of your own to (method, parameters)"
            )
    named = {}
    for label, one in given.items():
        name, parameters, *only = (one, {}) if isinstance(one, str) else one
        settings = checked(method_named(name).parameters, parameters, name)
        named[label] = {"method": name, "parameters": settings}
        if only and only[0] is not None:
            named[label]["neurons"] = [str(neuron) for neuron in only[0]]
    if not named:
        raise InvalidValueError("A study needs at least one method; got none.")
    return named


def asked_about(methods: Mapping[str, Mapping[str, Any]], neuron: str) -> list[str]:
    """The methods that are asked about a neuron of that name; see `named_methods`.

    Examples:
        >>> asked_about({"a": {"neurons": ["output"]}, "b": {}}, "top layer")
        ['b']
    """
    return [label for label, one in methods.items() if neuron in one.get("neurons", [neuron])]


def named_neurons(neurons: Any, network: str) -> dict[str, Any]:
    """Which neurons to explain on a network, by name.

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
    several = list(neurons) if isinstance(neurons, list | tuple) and not pair else [neurons]
    return {neuron_name(spec): spec for spec in several}


def neuron_name(spec: Any) -> str:
    """A neuron, or the rule that chooses one, in a word."""
    if isinstance(spec, str):
        return spec
    if isinstance(spec, Target):
        names = {unit: str(unit) for unit in spec.units}
        return f"{spec.layer or OUTPUT}:{described(spec, names)}"
    if isinstance(spec, Neuron):
        rest = "" if spec.aggregate == "sum" else f" {spec.aggregate}"
        rest += "" if spec.position is None else f" {spec.position}"
        return f"{spec.layer or OUTPUT}:{spec.unit}{rest}"
    if isinstance(spec, tuple):
        return f"{spec[0]}:{spec[1]}"
    return f"{OUTPUT}:{spec}"


def plain(spec: Any) -> Any:
    """A neuron, or the rule that chooses one, as plain data: a text, or a `Neuron`'s fields."""
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
    """What `plain` was made from.

    Raises:
        FileError: it was made of nothing, by hand say.
    """
    try:
        return spec if isinstance(spec, str) else neuron_of(spec)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FileError(
            f"study.json does not describe a study: a neuron is {spec!r:.200}, which is none."
        ) from error


def chosen_neuron(network: Network, subject: Subject, spec: Any) -> Neuron:
    """The neuron that is meant on a picture.

    Raises:
        UnsuitableError: the picture's class is not known, or not to this network.
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
        best = network.most_active(seen(subject, network), spec, 1)[0]
        return Neuron(spec, best.unit)
    neuron = network.neuron(spec)
    assert neuron is not None
    return neuron


def upper_layers(network: Network) -> dict[str, str]:
    """Two layers that are high enough for their neurons to respond to more than edges.

    "top layer" is the last one that has rows and columns and through which every path leads, as
    Grad-CAM takes it. "upper layer" is the last such one whose map is larger: one resolution below.
    Where there is none, it is the first of all.
    """
    sizes = {info.name: info.output_shape[:-1] for info in network.layers}
    top = layer = network.last_convolution(None)
    while sizes[layer] == sizes[top]:
        before = network.last_convolution(Neuron(layer, 0))
        if before == layer:  # a first convolution has none before it
            break
        layer = before
    return {UPPER: layer, TOP: top}


def neuron_of(line: dict[str, Any]) -> Neuron:
    """The neuron, or the target, of a run's line."""
    if "target" in line:
        return Target.of_record(line["target"])
    place = line["position"]
    return Neuron(line["layer"], line["unit"], line["aggregate"], place and tuple(place))
