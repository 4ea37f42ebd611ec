"""Scores a study's runs by metrics; scores are cached in the study's folder."""

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
from cnnvis_widgets.study.bound_method import BoundMethod
from cnnvis_widgets.study.contract import Case, Companion, Metric, Other, Scored
from cnnvis_widgets.study.specification import neuron_of
from cnnvis_widgets.study.study_images import Subject, cropped, fitted, network_view

if TYPE_CHECKING:
    import numpy as np

    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.study.store import Store

MOST_COMPANIONS = 24  # a grid of 5 × 5 needs as many


class NamedMetric(NamedTuple):
    """A metric with its parameters and its name in tables."""

    label: str
    metric: Metric
    parameters: dict[str, Any]


def named_metrics(metrics: Any) -> list[NamedMetric]:
    """Metrics by name, with all their parameters; see `Study.table`."""
    if metrics is None:
        metrics = [name for name, m in all_metrics().items() if set(m.needs) <= {"mask"}]
    if isinstance(metrics, str):
        metrics = [metrics]
    if not isinstance(metrics, Mapping):
        metrics = {(spec if isinstance(spec, str) else spec[0]): spec for spec in metrics}
    named = []
    for label, spec in metrics.items():
        name, parameters = (spec, {}) if isinstance(spec, str) else spec
        instance = metric(name)
        named.append(NamedMetric(label, instance, checked(instance.parameters, parameters, name)))
    return named


class Runs(Protocol):
    """The part of a study that a scorer reads."""

    networks: dict[str, Any]
    pictures: dict[str, Subject]
    methods: dict[str, dict[str, Any]]
    seed: int
    store: Store

    def runs(self) -> list[dict[str, Any]]:
        """The lines of the completed runs."""

    def heatmap(self, line: dict[str, Any]) -> np.ndarray | None:
        """A run's map, float32 (rows, columns) at the network's input size, or None."""

    def network(self, name: str) -> Network:
        """A network of the study, loaded."""


class Scorer:
    """Scores every run of a study by every metric.

    Args:
        study: its completed runs are scored.
        metrics: the metrics.
        baselines: names of baselines, which are scored as methods are.
    """

    def __init__(self, study: Runs, metrics: list[NamedMetric], baselines: tuple[str, ...]) -> None:
        self.study, self.metrics = study, metrics
        self.baselines = [baseline(name) for name in baselines]
        if both := {b.name for b in self.baselines} & set(study.methods):
            raise InvalidValueError(f"{', '.join(both)} is a baseline's name: call the method else")
        self._cache: tuple[str, dict[Any, Any]] = "", {}

    def scores(self, progress: Callable[[int, int], None] | None) -> list[Scored]:
        """All scores; those that are cached in the folder are read from there."""
        records = self.study.store.scores()
        lines = [*self.study.runs(), *self._baseline_lines()]
        lines.sort(key=lambda line: list(self.study.networks).index(line["network"]))
        total, scored = len(lines) * len(self.metrics), list[Scored]()
        for line in lines:
            case: Case | None = None
            for named in self.metrics:
                if progress:
                    progress(len(scored), total)
                key = self._key(line, named)
                if key not in records and "unsuited" not in line:
                    case = case or self._case(line)
                    records[key] = self._measure(key, named, case)
                    self.study.store.append("scores.jsonl", records[key])
                scored.append(_scored(line, named, records.get(key, line)))
        if progress:
            progress(total, total)
        return scored

    def _key(self, line: dict[str, Any], named: NamedMetric) -> str:
        """The cache key of a score; companions depend on the pictures of the study."""
        key_parts = [line["key"], named.metric.name, named.parameters]
        if "companions" in named.metric.needs:
            key_parts.append(f"{zlib.crc32(json.dumps(list(self.study.pictures)).encode()):x}")
        return json.dumps(key_parts)

    def _measure(self, key: str, named: NamedMetric, case: Case) -> dict[str, Any]:
        if missing := named.metric.lacks(case):
            return {"key": key, "unsuited": f"not known: {', '.join(missing)}"}
        try:
            score = named.metric.measure(case, **named.parameters)
        except UnsuitableError as error:  # of the method, on a network that the metric makes
            return {"key": key, "unsuited": str(error)}
        return {"key": key, "value": score.value, "note": score.note, "details": score.details}

    def _baseline_lines(self) -> Iterator[dict[str, Any]]:
        """A line for each baseline, picture and neuron, as for a method.

        The neuron is taken from the first method with a map; it is the same for all methods.
        """
        first_lines: dict[tuple[str, str, str], dict[str, Any]] = {}
        for line in self.study.runs():
            if "unsuited" not in line:
                first_lines.setdefault((line["network"], line["picture"], line["neuron"]), line)
        for chosen_baseline in self.baselines:
            for (network, picture, neuron), line in first_lines.items():
                key = json.dumps(
                    [network, picture, chosen_baseline.name, neuron], ensure_ascii=False
                )
                yield {
                    **line,
                    "key": key,
                    "method": chosen_baseline.name,
                    "baseline": chosen_baseline,
                }

    def _case(self, line: dict[str, Any]) -> Case:
        """The case of a run. The network is loaded only if a metric needs it."""
        study, subject = self.study, self.study.pictures[line["picture"]]
        size = tuple(line["input_size"])
        needs = {need for named in self.metrics for need in named.metric.needs}
        explain: Baseline | BoundMethod
        if "baseline" in line:
            explain = line["baseline"]
            heatmap = explain(None, cropped(subject.image, size), None, study.seed).heatmap
        else:
            method_settings = study.methods[line["method"]]
            explain = BoundMethod(method_settings["method"], method_settings["parameters"])
            computed = study.heatmap(line)
            assert computed is not None
            heatmap = computed
        case = Case(heatmap, **_truth(subject, size), seed=study.seed)
        if not needs & {"network", "method", "companions"}:
            return case
        network = study.network(line["network"])
        if self._cache[0] != line["network"]:
            self._cache = line["network"], {}
        neuron = neuron_of(line)
        return replace(
            case,
            network=network,
            image=network_view(subject, network),
            neuron=neuron,
            explain=explain,
            companions=self._companions(subject, network, neuron.unit)
            if "companions" in needs
            else (),
            cache=self._cache[1],
        )

    def _companions(self, subject: Subject, network: Network, unit: int) -> tuple[Companion, ...]:
        """Other pictures in cyclic order after this one: one of the class, then other classes."""
        names = list(self.study.pictures)
        start = names.index(subject.name) + 1
        same_class, other_classes = list[Companion](), list[Companion]()
        for name in [*names[start:], *names[: start - 1]]:
            candidate = self.study.pictures[name]
            if (candidate_unit := candidate.unit_of(network)) is None:
                continue
            group = same_class if candidate_unit == unit else other_classes
            if len(group) < MOST_COMPANIONS:
                group.append(Companion(network_view(candidate, network), candidate_unit))
        return (*same_class[:1], *other_classes, *same_class[1:])[:MOST_COMPANIONS]


def _truth(subject: Subject, size: tuple[int, ...]) -> dict[str, Any]:
    """Masks at the size of the network's input; an empty or full mask counts as unknown."""
    mask = None if subject.mask is None else fitted(subject.mask, size)
    if mask is not None and (mask.all() or not mask.any()):
        mask = None
    others = (Other(object_.unit, fitted(object_.mask, size)) for object_ in subject.others)
    shortcut = subject.shortcut
    return {
        "mask": mask,
        "others": tuple(object_ for object_ in others if object_.mask.any()),
        "shortcut": None if shortcut is None else fitted(shortcut, size),
    }


def _scored(line: dict[str, Any], named: NamedMetric, record: dict[str, Any]) -> Scored:
    run = {name: line[name] for name in ("network", "picture", "method", "neuron")}
    value = record.get("value") if "unsuited" not in record else None
    assert value is None or math.isfinite(value)
    note = record.get("note", "")
    unsuited = record.get("unsuited", "")
    return Scored(run, named.label, named.metric.hit, value, unsuited, note)
