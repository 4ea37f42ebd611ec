"""A network's units on a site: maximising picture, and the photos that activate them most."""

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
PHOTOS_PER_UNIT = 4  # photos of a unit


class StrongPhoto(NamedTuple):
    """A photo that activates a unit strongly.

    Attributes:
        picture: its name in the study.
        value: the unit's largest activation, or the logit of a class.
        map: uint8 (rows, columns, 3), the unit's activation map over the photo; None for outputs.
    """

    picture: str
    value: float
    map: np.ndarray | None


class Unit(NamedTuple):
    """A unit with its maximising picture and its strongest photos.

    Attributes:
        unit: its index in the layer.
        label: the unit in words.
        best: uint8 (rows, columns, 3), the picture that maximises it, or None.
        exciting: photos, the strongest first.
    """

    unit: int
    label: str
    best: np.ndarray | None
    exciting: tuple[StrongPhoto, ...]


class Layer(NamedTuple):
    """A layer with some of its units.

    Attributes:
        name: in the network; None for its outputs.
        kind: the layer's type.
        size: its shape, in words.
        units: the units with a page.
    """

    name: str | None
    kind: str
    size: str
    units: tuple[Unit, ...]


def all_layers(network: Network) -> list[tuple[str, str, str]]:
    """Every layer of a network in the order of its calls: name, type, shape in words."""
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
    """The layers of a network that the study explains, and its two upper layers, with units.

    Units that the study explains come first, then those with the largest mean activation.

    Args:
        study: the study; its pictures are the photos.
        name: the network's name in it.
        count: the number of units in a layer.
        steps: of activation maximisation; 0 for none.
        progress: called with a unit in words before it is computed.
    """
    network = study.network(name)
    images = {n: s.image for n, s in study.pictures.items() if s.image.dtype == np.uint8}
    unit_counts: dict[str | None, Counter[int]] = {}
    for line in study.runs():
        if line["network"] == name and isinstance(line.get("unit"), int):
            unit_counts.setdefault(line["layer"], Counter())[line["unit"]] += 1
    infos = {info.name: info for info in network.layers}
    spatial = [n for n in infos if n in unit_counts or n in upper_layers(network).values()]
    layers = []
    for layer in [*spatial, None]:
        requested = [unit for unit, _ in unit_counts.get(layer, Counter()).most_common(count)]
        units = _outputs(network, images, requested, count) if layer is None else None
        if units is None:
            assert layer is not None
            units = _spatial(network, images, layer, requested, count)
        finished = []
        for unit in units:
            if progress:
                progress(f"{name}: {layer or OUTPUTS}, unit {unit.unit}")
            finished.append(
                unit._replace(best=_best(study, name, network, layer, unit.unit, steps))
            )
        info = infos.get(layer or "")
        shape = _shape(info.output_shape) if info else f"{network.units}"
        description = info.kind if info else "the outputs, before softmax"
        layers.append(Layer(layer, description, shape, tuple(finished)))
    return layers


def _spatial(
    network: Network, images: dict[str, np.ndarray], layer: str, requested: list[int], count: int
) -> list[Unit]:
    from cnnvis_widgets.engine.features import features

    try:
        active = [feature.unit for feature in features(network, images, layer, count, 1)]
        units = list(dict.fromkeys([*requested, *active]))[:count]
        found = features(network, images, layer, units, PHOTOS_PER_UNIT)
    except CnnvisError:  # a layer without rows and columns, or no photos
        return [Unit(unit, f"unit {unit}", None, ()) for unit in requested]
    return [
        Unit(
            unit_features.unit,
            f"unit {unit_features.unit}",
            None,
            tuple(
                StrongPhoto(e.picture, e.value, overlay(e.pixels, e.map, Scale.of(e.map)))
                for e in unit_features.excited
            ),
        )
        for unit_features in found
    ]


def _outputs(
    network: Network, images: dict[str, np.ndarray], requested: list[int], count: int
) -> list[Unit]:
    inputs = [network.prepare(image).input for image in images.values()]
    if not inputs:
        return [Unit(unit, network.label(unit), None, ()) for unit in requested[:count]]
    scores = np.stack([network.outputs(values[None])[0].ravel() for values in inputs])
    order = np.argsort(-scores.max(axis=0), kind="stable")
    units = list(dict.fromkeys([*requested, *order.tolist()]))[:count]
    names, outputs = list(images), []
    for unit in units:
        best = np.argsort(-scores[:, unit], kind="stable")[:PHOTOS_PER_UNIT]
        exciting = tuple(StrongPhoto(names[i], float(scores[i, unit]), None) for i in best)
        outputs.append(Unit(unit, network.label(unit), None, exciting))
    return outputs


def _best(
    study: Study, name: str, network: Network, layer: str | None, unit: int, steps: int
) -> np.ndarray | None:
    """The maximising picture, cached in the study's folder."""
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
    parameters: dict[str, Any] = {"steps": steps}
    try:
        explanation = compute(
            network,
            picture,
            "activation_maximization",
            Neuron(layer, unit),
            study.seed,
            lambda done, total: None,
            parameters,
        )
    except CnnvisError:  # a network that it does not suit
        return None
    assert explanation.image is not None
    study.store.save("features", key, image=explanation.image)
    return explanation.image
