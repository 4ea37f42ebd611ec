"""A request for the engine that computes one run of a study for a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.methods import method
from cnnvis_widgets.rendering import Scale, describe, overlay, png_bytes
from cnnvis_widgets.study.specification import OUTPUT, TOP, UPPER, neuron_of
from cnnvis_widgets.study.study import Run, Study
from cnnvis_widgets.study.study_images import cropped

if TYPE_CHECKING:
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.engine.requests import Library

METHODS = (
    "deconvnet",
    "saliency",
    "guided_backprop",
    "grad_cam",
    "guided_grad_cam",
    "deep_taylor",
    "lime",
)
"""The seven methods of the thesis' comparison, in the order of its Table 2."""

NEURONS = (OUTPUT, UPPER, TOP)
"""The thesis' neurons: the most active output, and the most active neurons of two upper layers."""

FINE_PERCENTILE = 99.5


class Cell(NamedTuple):
    """A run for display in a grid.

    Attributes:
        run: the run.
        label: the neuron in words, or "".
        neuron: the neuron, or None.
        why: why there is no map, or "".
        alt: the alternative text.
        image: a PNG file, the map over the picture; b"" without a map.
    """

    run: Run
    label: str
    neuron: Neuron | None
    why: str
    alt: str
    image: bytes


@dataclass(frozen=True)
class Fill:
    """Compute one run of a study, unless it is completed.

    Attributes:
        study: the study.
        run: a run of its plan.
        network: the network's name in the engine's library.
    """

    study: Study
    run: Run
    network: str

    def perform(
        self,
        library: Library,
        step: Callable[[int, int], None],
        preview: Callable[[Callable[[], Any]], None] | None = None,
    ) -> Cell:
        """See `Cell`."""
        step(0, 1)
        line = self.study.store.runs().get(self.run.key)
        if line is None:
            self.study.take(self.run.network, library.network(self.network))
            step(0, 1)
            line = self.study.compute(self.run, step)
        return cell(self.study, line)


def cell(study: Study, line: dict[str, Any]) -> Cell:
    """A completed run for display in a grid."""
    run = Run(*(line[name] for name in Run._fields))
    neuron = neuron_of(line) if "unit" in line else None
    heatmap = study.heatmap(line)
    label = line.get("label", "")
    if heatmap is None:
        return Cell(run, label, neuron, line["unsuited"], "", b"")
    instance = method(study.methods[run.method]["method"])
    fine = instance.resolution == "high"
    scale = Scale.of(heatmap, percentile=FINE_PERCENTILE if fine else 100)
    picture = seen_picture(study, run.picture, heatmap.shape)
    alt = f"{instance.title} of {label} on {run.picture}. {describe(heatmap)}"
    return Cell(run, label, neuron, "", alt, png_bytes(overlay(picture, heatmap, scale)))


def seen_picture(study: Study, name: str, size: tuple[int, ...]) -> np.ndarray:
    """A study's picture at the size of a network's input: uint8 (rows, columns, 3)."""
    picture = cropped(study.pictures[name].image, size)
    if picture.dtype == np.uint8:
        return picture
    values = picture.astype(np.float64).mean(-1)  # an input of floats: its brightness
    low, high = values.min(), values.max()
    grey = (255 * (values - low) / ((high - low) or 1)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def order(study: Study, network: str) -> list[Run]:
    """A network's runs in the order in which a page requests them, slow methods last."""
    runs = [run for run in study.plan() if run.network == network]
    methods = list(study.methods)

    def priority(run: Run) -> tuple[bool, int]:
        slow = not method(study.methods[run.method]["method"]).quick
        return slow, methods.index(run.method) if slow else 0

    return sorted(runs, key=priority)
