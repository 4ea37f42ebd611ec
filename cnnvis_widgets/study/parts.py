"""Divides a study's runs into parts (batches of one network and method) and computes them."""

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
"""Runs in a part of a quick method that supports batches."""
FEWER = 8
"""Runs in a part of a slow method that supports batches."""
NETWORKS = 2  # cached in a worker: that of the last parts and that of the next ones


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
    """The result of a run.

    Attributes:
        run: the run.
        line: for runs.jsonl, without the file.
        arrays: to be saved, by name; empty if the method could not be applied.
    """

    run: Run
    line: dict[str, Any]
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Part:
    """Runs of one network and method, with all data needed to compute them except the network.

    Attributes:
        runs: at least one.
        subjects: the picture of each run.
        specs: the neuron of each run; see `specification.named_neurons`.
        method: the method's name.
        parameters: the values of all parameters.
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
        """A part with only one of its runs."""
        selection = slice(number, number + 1)
        return replace(
            self,
            runs=self.runs[selection],
            subjects=self.subjects[selection],
            specs=self.specs[selection],
        )


@dataclass
class LoadedNetwork:
    """A network in this process, and the neurons chosen on it by (picture, neuron's name)."""

    network: Network
    digest: str
    chosen: dict[tuple[str, str], Neuron] = field(default_factory=dict)

    def neuron(self, run: Run, subject: Subject, spec: Any) -> Neuron | None:
        """The neuron of a run; None for the most probable class."""
        if spec == OUTPUT:
            return None
        key = run.picture, run.neuron
        if key not in self.chosen:
            self.chosen[key] = chosen_neuron(self.network, subject, spec)
        return self.chosen[key]


def size_of(method: str) -> int:
    """The number of runs in a part of a method.

    The values of a batch differ from those of single pictures in their last digits. Parts depend
    on the plan alone, so that a study has the same bytes however it is interrupted or distributed.
    """
    instance = method_named(method)
    return 1 if not instance.together else TOGETHER if instance.quick else FEWER


def parts_of(study: Study, keys: Container[str]) -> Iterator[Part]:
    """The parts of a study's plan that contain given runs, by network, then by method.

    Args:
        study: the study.
        keys: of the runs.
    """
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in study.plan():
        groups.setdefault((run.network, run.method), []).append(run)
    for (_, method), runs in groups.items():
        size = size_of(study.methods[method]["method"])
        for start in range(0, len(runs), size):
            batch = runs[start : start + size]
            if any(run.key in keys for run in batch):
                yield part_of(study, batch)


def part_of(study: Study, runs: Sequence[Run]) -> Part:
    """A part of given runs, all of one network and method."""
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


def results(loaded: LoadedNetwork, part: Part, progress: Progress | None = None) -> list[Result]:
    """Compute a part's runs, as one batch if the method supports it.

    If one of them fails, all are computed one by one, so that each failure has its own message.

    Args:
        loaded: the part's network.
        part: at least one run.
        progress: called between the method's steps if the part has one run.
    """
    from cnnvis_widgets.engine.explain import compute  # loads TensorFlow
    from cnnvis_widgets.engine.explain_batch import compute_batch

    start = time.perf_counter()
    step = progress or (lambda done, total: None)
    try:
        neurons = [
            loaded.neuron(run, subject, spec)
            for run, subject, spec in zip(part.runs, part.subjects, part.specs, strict=True)
        ]
        images = [subject.image for subject in part.subjects]
        arguments = (part.seed, step, part.parameters)
        if len(images) == 1:
            explanations = [compute(loaded.network, images[0], part.method, neurons[0], *arguments)]
        else:
            explanations = compute_batch(loaded.network, images, part.method, neurons, *arguments)
    except Cancelled:
        raise
    except CnnvisError as error:  # shown in tables as an empty cell
        if len(part.runs) == 1:
            return [Result(part.runs[0], {"unsuited": str(error)}, {})]
        return [result for n in range(len(part.runs)) for result in results(loaded, part.only(n))]
    seconds = round((time.perf_counter() - start) / len(explanations), 4)
    return [
        Result(run, *described(explanation, part.keep, seconds))
        for run, explanation in zip(part.runs, explanations, strict=True)
    ]


def described(
    explanation: Explanation, keep: str, seconds: float
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """An explanation's line, and its arrays to save."""
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


_worker_networks: OrderedDict[str, LoadedNetwork] = OrderedDict()
_loading = threading.Lock()


def run_in_worker(part: Part, source: Any) -> tuple[str, list[Result]]:
    """Compute a part in a worker thread or process; returns the network's digest and the results.

    Args:
        part: the part.
        source: the network's name or file or, in a thread, the network.
    """
    if not isinstance(source, str | Path):
        return "", results(LoadedNetwork(source, ""), part)
    with _loading:
        if (name := str(source)) not in _worker_networks:
            from cnnvis_widgets.zoo.loading import load_network

            network = load_network(source)
            _worker_networks[name] = LoadedNetwork(network, network_digest(network))
        _worker_networks.move_to_end(name)
        while len(_worker_networks) > NETWORKS:
            _worker_networks.popitem(last=False)
        loaded = _worker_networks[name]
    return loaded.digest, results(loaded, part)
