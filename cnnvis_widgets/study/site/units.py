"""What a site tells of a network's units: maximising picture, the photos that excite them most."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.errors import CnnvisError, FileError
from cnnvis_widgets.rendering import Scale, overlay
from cnnvis_widgets.study.specification import upper_layers

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.study.study import Study

OUTPUTS = "outputs"
SHOWN = 4  # photos of a unit


class Exciting(NamedTuple):
    """A photo that excites a unit.

    Attributes:
        picture: its name in the study.
        value: the unit's activation: its largest place, or the score of a class.
        map: uint8 (rows, columns, 3), the unit's activations over the photo; None for outputs.
    """

    picture: str
    value: float
    map: np.ndarray | None


class Unit(NamedTuple):
    """A unit, what it likes best, and what excites it.

    Attributes:
        unit: its number in the layer.
        label: in words.
        best: uint8 (rows, columns, 3), the picture that maximises it; None where there is none.
        exciting: photos, the strongest first.
    """

    unit: int
    label: str
    best: np.ndarray | None
    exciting: tuple[Exciting, ...]


class Layer(NamedTuple):
    """A layer with some of its units.

    Attributes:
        name: as the network calls it; None for its outputs.
        kind: what it is.
        size: its shape, in words.
        units: those that have a page.
    """

    name: str | None
    kind: str
    size: str
    units: tuple[Unit, ...]


def all_layers(network: Network) -> list[tuple[str, str, str]]:
    """Every layer of a network in the order of its calls: name, kind, shape in words."""
    return [(info.name, info.kind, _shape(info.output_shape)) for info in network.layers]


def _shape(sizes: tuple[int | None, ...]) -> str:
    return " × ".join("any" if n is None else str(n) for n in sizes)


def layers_of(
    study: Study,
    name: str,
    count: int,
    steps: int,
    progress: Callable[[str], None] | None = None,
) -> list[Layer]:
    """The layers of a network that the study asked about, and its two upper ones, with units.

    Units that the study asked about come first, then those with the largest mean activation.

    Args:
        study: the study; its pictures are what excites.
        name: the network's name in it.
        count: units of a layer.
        steps: of activation maximisation; 0 for none.
        progress: called with a unit in words before it is looked at.
    """
    network = study.network(name)
    images = {n: s.image for n, s in study.pictures.items() if s.image.dtype == np.uint8}
    asked: dict[str | None, Counter[int]] = {}
    for line in study.runs():
        if line["network"] == name and isinstance(line.get("unit"), int):
            asked.setdefault(line["layer"], Counter())[line["unit"]] += 1
    known = {info.name: info for info in network.layers}
    spatial = [n for n in known if n in asked or n in upper_layers(network).values()]
    layers = []
    for layer in [*spatial, None]:
        first = [unit for unit, _ in asked.get(layer, Counter()).most_common(count)]
        units = _outputs(network, images, first, count) if layer is None else None
        if units is None:
            assert layer is not None
            units = _spatial(network, images, layer, first, count)
        made = []
        for unit in units:
            if progress:
                progress(f"{name}: {layer or OUTPUTS}, unit {unit.unit}")
            made.append(unit._replace(best=_best(study, name, network, layer, unit.unit, steps)))
        info = known.get(layer or "")
        shape = _shape(info.output_shape) if info else f"{network.units}"
        kind = info.kind if info else "the outputs, before softmax"
        layers.append(Layer(layer, kind, shape, tuple(made)))
    return layers


def _spatial(
    network: Network, images: dict[str, np.ndarray], layer: str, first: list[int], count: int
) -> list[Unit]:
    from cnnvis_widgets.engine.features import features

    try:
        most = [feature.unit for feature in features(network, images, layer, count, 1)]
        units = list(dict.fromkeys([*first, *most]))[:count]
        looked = features(network, images, layer, units, SHOWN)
    except CnnvisError:  # a layer without rows and columns, or no photos
        return [Unit(unit, f"unit {unit}", None, ()) for unit in first]
    return [
        Unit(
            one.unit,
            f"unit {one.unit}",
            None,
            tuple(
                Exciting(e.picture, e.value, overlay(e.pixels, e.map, Scale.of(e.map)))
                for e in one.excited
            ),
        )
        for one in looked
    ]


def _outputs(
    network: Network, images: dict[str, np.ndarray], first: list[int], count: int
) -> list[Unit]:
    inputs = [network.prepare(image).input for image in images.values()]
    if not inputs:
        return [Unit(unit, network.label(unit), None, ()) for unit in first[:count]]
    scores = np.stack([network.outputs(one[None])[0].ravel() for one in inputs])
    order = np.argsort(-scores.max(axis=0), kind="stable")
    units = list(dict.fromkeys([*first, *order.tolist()]))[:count]
    names, outputs = list(images), []
    for unit in units:
        best = np.argsort(-scores[:, unit], kind="stable")[:SHOWN]
        exciting = tuple(Exciting(names[i], float(scores[i, unit]), None) for i in best)
        outputs.append(Unit(unit, network.label(unit), None, exciting))
    return outputs


def _best(
    study: Study, name: str, network: Network, layer: str | None, unit: int, steps: int
) -> np.ndarray | None:
    """The maximising picture, kept in the study's folder."""
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.engine.explain import compute

    if steps == 0:
        return None
    key = json.dumps([name, layer, unit, steps, study.seed])
    try:
        return study.store.load(study.store.file("features", key))["image"]
    except (FileError, KeyError):
        pass
    picture = next(iter(study.pictures.values())).image
    asked: dict[str, Any] = {"steps": steps}
    try:
        explanation = compute(
            network,
            picture,
            "activation_maximization",
            Neuron(layer, unit),
            study.seed,
            lambda done, total: None,
            asked,
        )
    except CnnvisError:  # a network that it does not suit
        return None
    assert explanation.image is not None
    study.store.save("features", key, image=explanation.image)
    return explanation.image
