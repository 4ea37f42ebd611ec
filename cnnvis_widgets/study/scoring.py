"""Metrics asked of a study's runs: cases made of what is in its folder, scores kept there."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cnnvis_widgets.errors import InvalidValueError, UnsuitableError
from cnnvis_widgets.methods.parameter import checked
from cnnvis_widgets.study import all_metrics, metric
from cnnvis_widgets.study.baselines import Baseline, baseline
from cnnvis_widgets.study.bound_method import Asked
from cnnvis_widgets.study.contract import Case, Companion, Metric, Other, Scored
from cnnvis_widgets.study.specification import neuron_of
from cnnvis_widgets.study.study_images import Subject, cropped, fitted, seen

if TYPE_CHECKING:
    import numpy as np

    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.study.store import Store

MOST_COMPANIONS = 24  # a grid of 5 × 5 needs as many


class Wanted(NamedTuple):
    """A metric with its parameters, under the name that a table gives it."""

    label: str
    metric: Metric
    parameters: dict[str, Any]


def named_metrics(metrics: Any) -> list[Wanted]:
    """Metrics by name, with all their parameters; see `Study.table`."""
    if metrics is None:
        metrics = [name for name, m in all_metrics().items() if set(m.needs) <= {"mask"}]
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, Mapping):
        metrics = {(one if isinstance(one, str) else one[0]): one for one in metrics}
    wanted = []
    for label, one in metrics.items():
        name, parameters = (one, {}) if isinstance(one, str) else one
        chosen = metric(name)
        wanted.append(Wanted(label, chosen, checked(chosen.parameters, parameters, name)))
    return wanted


class Runs(Protocol):
    """What a scorer reads of a study: its runs, what they were asked, and the maps they left."""

    networks: dict[str, Any]
    pictures: dict[str, Subject]
    methods: dict[str, dict[str, Any]]
    seed: int
    store: Store

    def runs(self) -> list[dict[str, Any]]:
        """The lines of the runs that are done."""

    def heatmap(self, line: dict[str, Any]) -> np.ndarray | None:
        """A run's map: float32 (rows, columns) at the network's input size; None if it has none."""

    def network(self, name: str) -> Network:
        """A network of the study, loaded."""


class Scorer:
    """Scores every run of a study by every metric.

    Args:
        study: its runs are read, and computed no further.
        wanted: the metrics.
        baselines: names of maps to be scored as if a method had made them.
    """

    def __init__(self, study: Runs, wanted: list[Wanted], baselines: tuple[str, ...]) -> None:
        self.study, self.wanted = study, wanted
        self.baselines = [baseline(name) for name in baselines]
        if both := {b.name for b in self.baselines} & set(study.methods):
            raise InvalidValueError(f"{', '.join(both)} is a baseline's name: call the method else")
        self._kept: tuple[str, dict[Any, Any]] = "", {}

    def scores(self, progress: Callable[[int, int], None] | None) -> list[Scored]:
        """All scores, those that are in the folder already read from it."""
        known = self.study.store.scores()
        lines = [*self.study.runs(), *self._baseline_lines()]
        lines.sort(key=lambda line: list(self.study.networks).index(line["network"]))
        total, scored = len(lines) * len(self.wanted), list[Scored]()
        for line in lines:
            case: Case | None = None
            for wanted in self.wanted:
                if progress:
                    progress(len(scored), total)
                key = self._key(line, wanted)
                if key not in known and "unsuited" not in line:
                    case = case or self._case(line)
                    known[key] = self._measured(key, wanted, case)
                    self.study.store.append("scores.jsonl", known[key])
                scored.append(_scored(line, wanted, known.get(key, line)))
        if progress:
            progress(total, total)
        return scored

    def _key(self, line: dict[str, Any], wanted: Wanted) -> str:
        """All that a score depends on; with other pictures in the study, companions are others."""
        parts = [line["key"], wanted.metric.name, wanted.parameters]
        if "companions" in wanted.metric.needs:
            parts.append(f"{zlib.crc32(json.dumps(list(self.study.pictures)).encode()):x}")
        return json.dumps(parts)

    def _measured(self, key: str, wanted: Wanted, case: Case) -> dict[str, Any]:
        if lacking := wanted.metric.lacks(case):
            return {"key": key, "unsuited": f"not known: {', '.join(lacking)}"}
        try:
            score = wanted.metric.measure(case, **wanted.parameters)
        except UnsuitableError as error:  # of the method, on a network that the metric makes
            return {"key": key, "unsuited": str(error)}
        return {"key": key, "value": score.value, "note": score.note, "details": score.details}

    def _baseline_lines(self) -> Iterator[dict[str, Any]]:
        """A line for each baseline, picture and neuron, as if a method had been run.

        The neuron is that of the first method that had one: they are all asked about the same.
        """
        first: dict[tuple[str, str, str], dict[str, Any]] = {}
        for line in self.study.runs():
            if "unsuited" not in line:
                first.setdefault((line["network"], line["picture"], line["neuron"]), line)
        for one in self.baselines:
            for (network, picture, neuron), line in first.items():
                key = json.dumps([network, picture, one.name, neuron], ensure_ascii=False)
                yield {**line, "key": key, "method": one.name, "baseline": one}

    def _case(self, line: dict[str, Any]) -> Case:
        """What is known of a run. The network is loaded only if a metric asks for it."""
        study, subject = self.study, self.study.pictures[line["picture"]]
        size = tuple(line["input_size"])
        wants = {need for wanted in self.wanted for need in wanted.metric.needs}
        explain: Baseline | Asked
        if "baseline" in line:
            explain = line["baseline"]
            heatmap = explain(None, cropped(subject.image, size), None, study.seed).heatmap
        else:
            asked = study.methods[line["method"]]
            explain = Asked(asked["method"], asked["parameters"])
            stored = study.heatmap(line)
            assert stored is not None
            heatmap = stored
        case = Case(heatmap, **_truth(subject, size), seed=study.seed)
        if not wants & {"network", "method", "companions"}:
            return case
        network = study.network(line["network"])
        if self._kept[0] != line["network"]:
            self._kept = line["network"], {}
        neuron = neuron_of(line)
        return replace(
            case,
            network=network,
            image=seen(subject, network),
            neuron=neuron,
            explain=explain,
            companions=self._companions(subject, network, neuron.unit)
            if "companions" in wants
            else (),
            kept=self._kept[1],
        )

    def _companions(self, subject: Subject, network: Network, unit: int) -> tuple[Companion, ...]:
        """Pictures after this one, round to the one before it: one of the class, then others."""
        names = list(self.study.pictures)
        start = names.index(subject.name) + 1
        same, others = list[Companion](), list[Companion]()
        for name in [*names[start:], *names[: start - 1]]:
            other = self.study.pictures[name]
            if (known := other.unit_of(network)) is None:
                continue
            place = same if known == unit else others
            if len(place) < MOST_COMPANIONS:
                place.append(Companion(seen(other, network), known))
        return (*same[:1], *others, *same[1:])[:MOST_COMPANIONS]


def _truth(subject: Subject, size: tuple[int, ...]) -> dict[str, Any]:
    """Masks at the size of the network's input; one of nothing or of everything is not known."""
    mask = None if subject.mask is None else fitted(subject.mask, size)
    if mask is not None and (mask.all() or not mask.any()):
        mask = None
    others = (Other(other.unit, fitted(other.mask, size)) for other in subject.others)
    shortcut = subject.shortcut
    return {
        "mask": mask,
        "others": tuple(other for other in others if other.mask.any()),
        "shortcut": None if shortcut is None else fitted(shortcut, size),
    }


def _scored(line: dict[str, Any], wanted: Wanted, record: dict[str, Any]) -> Scored:
    run = {name: line[name] for name in ("network", "picture", "method", "neuron")}
    value = record.get("value") if "unsuited" not in record else None
    assert value is None or math.isfinite(value)
    note = record.get("note", "")
    unsuited = record.get("unsuited", "")
    return Scored(run, wanted.label, wanted.metric.hit, value, unsuited, note)
