"""The settings of a study in a report: tables, and how to repeat the study."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.study.estimate import duration, megabytes
from cnnvis_widgets.study.provenance import records
from cnnvis_widgets.study.site.addresses import method_title

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study


class Table(NamedTuple):
    """A table of texts.

    Attributes:
        heads: names of the columns.
        rows: each as long as `heads`; the first cell is the row's name.
        caption: a sentence.
        copies: pairs of a format and the table as text in it, to copy.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    copies: tuple[tuple[str, str], ...] = ()


def methods_table(study: Study) -> Table:
    """The methods with all their parameters."""
    rows = []
    for label, settings in study.methods.items():
        method = method_named(settings["method"])
        values = [f"{n} = {v}" for n, v in settings["parameters"].items() if v != ""]
        rows.append(
            (
                method_title(study, label),
                ", ".join(values) or "none",
                ", ".join(settings.get("neurons", [])) or "all",
                method.paper,
            )
        )
    return Table(("method", "parameters", "asked about", "published"), tuple(rows))


def networks_table(study: Study) -> Table:
    """The networks with a digest of their weights and the number of completed runs."""
    digests = study.store.settings.get("networks", {})
    lines, plan = study.runs(), list(study.plan())
    rows = []
    for name in study.networks:
        network_lines = [line for line in lines if line["network"] == name]
        planned = sum(run.network == name for run in plan)
        sizes = {tuple(line["input_size"]) for line in network_lines if "input_size" in line}
        size = ", ".join(f"{rows} × {columns}" for rows, columns in sorted(sizes))
        progress = f"{len(network_lines)} of {planned}"
        maps = str(sum("file" in line for line in network_lines))
        rows.append((name, size or "–", digests.get(name, "–"), progress, maps))
    heads = ("network", "input, pixels", "digest of the weights", "runs done", "maps")
    return Table(heads, tuple(rows))


def neurons_table(study: Study) -> Table:
    """The neurons, and their layers in each network."""
    rows = []
    for neuron in dict.fromkeys(run.neuron for run in study.plan()):
        layers: dict[str, None] = {}
        for line in study.runs():
            if line["neuron"] == neuron and "unit" in line:
                layers[f"{line['network']}: {line['layer'] or 'output'}"] = None
        rows.append((neuron, "; ".join(layers) or "–"))
    return Table(("neuron", "layer in each network"), tuple(rows))


def refusals_table(study: Study) -> Table:
    """The reasons why runs have no map, with their counts."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for line in study.runs():
        if "unsuited" in line:
            key = line["network"], line["method"], line["neuron"], line["unsuited"]
            counts[key] = counts.get(key, 0) + 1
    rows = tuple((*key[:3], str(count), key[3]) for key, count in counts.items())
    return Table(("network", "method", "neuron", "runs", "why there is no map"), rows)


def times_table(study: Study) -> Table:
    """The median seconds of a map by network and method."""
    lines = [line for line in study.runs() if "seconds" in line]
    rows = []
    for network in study.networks:
        cells = []
        for method in study.methods:
            seconds = [
                x["seconds"] for x in lines if (x["network"], x["method"]) == (network, method)
            ]
            cells.append(f"{statistics.median(seconds):.2f}" if seconds else "–")
        rows.append((network, *cells))
    files = [study.store.path / line["file"] for line in study.runs() if "file" in line]
    size = sum(path.stat().st_size for path in files if path.is_file())
    total = duration(sum(line["seconds"] for line in lines))
    caption = f"Median seconds of a map. All maps: {total}, {megabytes(size)}." if lines else ""
    return Table(("network", *study.methods), tuple(rows), caption)


def provenance_tables(study: Study) -> tuple[list[str], Table]:
    """The commands that computed the study, and a table of dates, machines and versions."""
    entries = records(study.store)
    commands = [line["command"] for line in entries if isinstance(line.get("command"), str)]
    dates_by_environment: dict[str, list[str]] = {}
    for line in entries:
        facts = [line.get("machine", {}), line.get("versions", {})]
        if all(isinstance(fact, dict) for fact in facts):
            dates_by_environment.setdefault(json.dumps(facts), []).append(line["date"])
    rows = []
    for text, dates in dates_by_environment.items():
        machine, versions = json.loads(text)
        when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        machine_text = ", ".join(
            f"{value} cores" if name == "cores" else f"{value}" for name, value in machine.items()
        )
        rows.append((when, machine_text, ", ".join(f"{n} {v}" for n, v in versions.items())))
    heads = ("when", "machine", "versions")
    return list(dict.fromkeys(commands)), Table(heads, tuple(rows))


def as_toml(study: Study) -> str:
    """The study as a TOML file for `cnnvis study run`, as far as a file can describe it."""
    specs = [spec for values in study.neurons.values() for spec in values.items()]
    rules = {name: rule for name, spec in specs if (rule := _rule(spec)) is not None}
    unnamed = dict.fromkeys(name for name, _ in specs if name not in rules)
    text = [
        f"networks = {_list(study.networks)}",
        f"images = {_list(study.pictures)}",
        f"neurons = {_list(rules.values())}",
        *(f"# from Python alone: the neuron {json.dumps(name)}" for name in unnamed),
        f"seed = {study.seed}",
        f"keep = {json.dumps(study.keep)}",
    ]
    for label, settings in study.methods.items():
        text += ["", f"[methods.{json.dumps(label, ensure_ascii=False)}]"]
        text.append(f"method = {json.dumps(settings['method'])}")
        values = {
            name: value for name, value in settings["parameters"].items() if value is not None
        }
        entries = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()
        ]
        text.append(f"parameters = {{ {', '.join(entries)} }}" if entries else "parameters = {}")
        if "neurons" in settings:
            text.append(f"neurons = {_list(settings['neurons'])}")
    return "\n".join([*text, ""])


def _rule(spec: Any) -> str | int | None:
    """A neuron in a file: a rule or an output's index; None if a file cannot describe it."""
    if isinstance(spec, Neuron) and spec == Neuron(None, spec.unit):
        return spec.unit
    return spec if isinstance(spec, str | int) else None


def _list(names: Any) -> str:
    return json.dumps(list(names), ensure_ascii=False)
