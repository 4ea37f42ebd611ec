"""A study's runs in parts: those that go through a network together, in one process or another."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.backend.digest import network_digest
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.errors import Cancelled, CnnvisError
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.study.specification import OUTPUT, chosen_neuron
from cnnvis_widgets.study.study_images import Subject

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.methods.explanation import Explanation
    from cnnvis_widgets.study.study import Study

Progress = Callable[[int, int], None]
TOGETHER = 32
"""Runs of a part whose method takes a few passes for all of them."""
FEWER = 8
"""Runs of a part whose method takes many passes for each, which pictures share."""
NETWORKS = 2  # a process keeps: of the parts that end, and of those that begin


class Run(NamedTuple):
    """One cell of the grid: the names of network, picture, method and neuron."""

    network: str
    picture: str
    method: str
    neuron: str

    @property
    def key(self) -> str:
        """All four as one text."""
        return json.dumps(list(self), ensure_ascii=False)


class Result(NamedTuple):
    """What was computed of a run.

    Attributes:
        run: which one.
        line: for runs.jsonl, without the file.
        arrays: to be kept, by name; none of a run that is not suited.
    """

    run: Run
    line: dict[str, Any]
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Part:
    """Runs of one network and method, with all that computing them takes but the network.

    Attributes:
        runs: at least one.
        subjects: the picture of each.
        specs: of each, which neuron is meant; see `specification.named_neurons`.
        method: the method's name.
        parameters: every one's value.
        seed: of the method's random numbers.
        keep: "attribution" or "heatmap".
    """

    runs: tuple[Run, ...]
    subjects: tuple[Subject, ...]
    specs: tuple[Any, ...]
    method: str
    parameters: dict[str, Any]
    seed: int
    keep: str

    def only(self, number: int) -> Part:
        """One of its runs, as a part."""
        one = slice(number, number + 1)
        return replace(
            self, runs=self.runs[one], subjects=self.subjects[one], specs=self.specs[one]
        )


@dataclass
class Loaded:
    """A network in this process, and the neurons that were chosen on it: run's picture, neuron."""

    network: Network
    digest: str
    chosen: dict[tuple[str, str], Neuron] = field(default_factory=dict)

    def neuron(self, run: Run, subject: Subject, spec: Any) -> Neuron | None:
        """The neuron that is meant on a picture; None: its most probable class."""
        if spec == OUTPUT:
            return None
        place = run.picture, run.neuron
        if place not in self.chosen:
            self.chosen[place] = chosen_neuron(self.network, subject, spec)
        return self.chosen[place]


def size_of(method: str) -> int:
    """How many runs of a method make a part: the same wherever it is computed.

    Values of a batch differ from those of single pictures in their last digit. So that a study has
    the same bytes however it is interrupted and handed out, parts depend on its plan alone.
    """
    chosen = method_named(method)
    return 1 if not chosen.together else TOGETHER if chosen.quick else FEWER


def parts_of(study: Study, wanted: Container[str]) -> Iterator[Part]:
    """The parts of a study's plan in which a run is wanted: by network, then by method.

    Args:
        study: whose plan it is.
        wanted: keys of runs.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in study.plan():
        groups.setdefault((run.network, run.method), []).append(run)
    for (_, method), runs in groups.items():
        size = size_of(study.methods[method]["method"])
        for start in range(0, len(runs), size):
            some = runs[start : start + size]
            if any(run.key in wanted for run in some):
                yield part_of(study, some)


def part_of(study: Study, runs: Sequence[Run]) -> Part:
    """Runs of one network and method of a study as a part."""
    method = study.methods[runs[0].method]
    return Part(
        tuple(runs),
        tuple(study.pictures[run.picture] for run in runs),
        tuple(study.neurons[run.network][run.neuron] for run in runs),
        method=method["method"],
        parameters=method["parameters"],
        seed=study.seed,
        keep=study.keep,
    )


def results(loaded: Loaded, part: Part, progress: Progress | None = None) -> list[Result]:
    """Compute a part's runs, together where the method can.

    Where one of them cannot be computed they are asked one by one, so that each has its reason.

    Args:
        loaded: the part's network.
        part: at least one run.
        progress: called between the steps of a method that is asked about one run.
    """
    from cnnvis_widgets.engine.explain import compute  # loads TensorFlow
    from cnnvis_widgets.engine.explain_batch import compute_batch

    start = time.perf_counter()
    heard = progress or (lambda done, total: None)
    try:
        neurons = [
            loaded.neuron(run, subject, spec)
            for run, subject, spec in zip(part.runs, part.subjects, part.specs, strict=True)
        ]
        images = [subject.image for subject in part.subjects]
        how = (part.seed, heard, part.parameters)
        if len(images) == 1:
            explanations = [compute(loaded.network, images[0], part.method, neurons[0], *how)]
        else:
            explanations = compute_batch(loaded.network, images, part.method, neurons, *how)
    except Cancelled:
        raise
    except CnnvisError as error:  # told in the table, as cells that could not be filled
        if len(part.runs) == 1:
            return [Result(part.runs[0], {"unsuited": str(error)}, {})]
        return [one for n in range(len(part.runs)) for one in results(loaded, part.only(n))]
    seconds = round((time.perf_counter() - start) / len(explanations), 4)
    return [
        Result(run, *described(explanation, part.keep, seconds))
        for run, explanation in zip(part.runs, explanations, strict=True)
    ]


def described(
    explanation: Explanation, keep: str, seconds: float
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """An explanation's line, and the arrays that are kept of it."""
    neuron = explanation.neuron
    line: dict[str, Any] = {
        "layer": neuron.layer,
        "unit": neuron.unit,
        "aggregate": neuron.aggregate,
        "position": neuron.position,
        "label": explanation.label,
        "value": explanation.value,
        "input_size": list(explanation.input_size),
        "seconds": seconds,
        "notes": list(explanation.notes),
    }
    if isinstance(neuron, Target):
        line["target"] = neuron.record()
    if explanation.attribution is None:
        return {**line, "unsuited": f"{explanation.method.title} makes a picture, not a map."}, {}
    if keep == "heatmap":
        return line, {"heatmap": explanation.heatmap()}
    return line, {"attribution": explanation.attribution}


_here: OrderedDict[str, Loaded] = OrderedDict()
_loading = threading.Lock()


def elsewhere(part: Part, source: Any) -> tuple[str, list[Result]]:
    """What a worker does, a thread or another process: a network's digest, and a part's results.

    Args:
        part: what is to be computed.
        source: the network's name, its file, or (to a thread) the network.
    """
    if not isinstance(source, str | Path):
        return "", results(Loaded(source, ""), part)
    with _loading:
        if (name := str(source)) not in _here:
            from cnnvis_widgets.zoo.loading import load_network

            network = load_network(source)
            _here[name] = Loaded(network, network_digest(network))
        _here.move_to_end(name)
        while len(_here) > NETWORKS:
            _here.popitem(last=False)
        loaded = _here[name]
    return loaded.digest, results(loaded, part)
