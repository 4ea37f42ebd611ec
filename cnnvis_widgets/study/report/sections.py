"""What a report says of a study's settings: plain tables, and how to repeat it."""

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
        heads: of the columns.
        rows: each as long as `heads`; the first cell is the row's name.
        caption: what it holds, in a sentence.
        copies: formats, each with the same as text, to be copied.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    copies: tuple[tuple[str, str], ...] = ()


def methods_table(study: Study) -> Table:
    """The methods with all their parameters."""
    rows = []
    for label, one in study.methods.items():
        method = method_named(one["method"])
        given = [f"{n} = {v}" for n, v in one["parameters"].items() if v != ""]
        rows.append(
            (
                method_title(study, label),
                ", ".join(given) or "none",
                ", ".join(one.get("neurons", [])) or "all",
                method.paper,
            )
        )
    return Table(("method", "parameters", "asked about", "published"), tuple(rows))


def networks_table(study: Study) -> Table:
    """The networks with a digest of their weights, and how many runs of each are there."""
    digests = study.store.settings.get("networks", {})
    lines, plan = study.runs(), list(study.plan())
    rows = []
    for name in study.networks:
        own = [line for line in lines if line["network"] == name]
        planned = sum(run.network == name for run in plan)
        sizes = {tuple(line["input_size"]) for line in own if "input_size" in line}
        size = ", ".join(f"{rows} × {columns}" for rows, columns in sorted(sizes))
        done = f"{len(own)} of {planned}"
        maps = str(sum("file" in line for line in own))
        rows.append((name, size or "–", digests.get(name, "–"), done, maps))
    heads = ("network", "input, pixels", "digest of the weights", "runs done", "maps")
    return Table(heads, tuple(rows))


def neurons_table(study: Study) -> Table:
    """What was asked about, and which layers that was."""
    rows = []
    for neuron in dict.fromkeys(run.neuron for run in study.plan()):
        where: dict[str, None] = {}
        for line in study.runs():
            if line["neuron"] == neuron and "unit" in line:
                where[f"{line['network']}: {line['layer'] or 'output'}"] = None
        rows.append((neuron, "; ".join(where) or "–"))
    return Table(("neuron", "layer in each network"), tuple(rows))


def refusals_table(study: Study) -> Table:
    """The runs that have no map, and why; equal reasons are counted."""
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
            own = [x["seconds"] for x in lines if (x["network"], x["method"]) == (network, method)]
            cells.append(f"{statistics.median(own):.2f}" if own else "–")
        rows.append((network, *cells))
    files = [study.store.path / line["file"] for line in study.runs() if "file" in line]
    size = sum(path.stat().st_size for path in files if path.is_file())
    total = duration(sum(line["seconds"] for line in lines))
    caption = f"Median seconds of a map. All maps: {total}, {megabytes(size)}." if lines else ""
    return Table(("network", *study.methods), tuple(rows), caption)


def provenance_tables(study: Study) -> tuple[list[str], Table]:
    """The commands that computed it, and when, on which machine and with which versions."""
    known = records(study.store)
    commands = [line["command"] for line in known if isinstance(line.get("command"), str)]
    parts: dict[str, list[str]] = {}
    for line in known:
        facts = [line.get("machine", {}), line.get("versions", {})]
        if all(isinstance(one, dict) for one in facts):
            parts.setdefault(json.dumps(facts), []).append(line["date"])
    rows = []
    for text, dates in parts.items():
        machine, versions = json.loads(text)
        when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        where = ", ".join(
            f"{value} cores" if name == "cores" else f"{value}" for name, value in machine.items()
        )
        rows.append((when, where, ", ".join(f"{n} {v}" for n, v in versions.items())))
    heads = ("when", "machine", "versions")
    return list(dict.fromkeys(commands)), Table(heads, tuple(rows))


def as_toml(study: Study) -> str:
    """The study as a TOML file for `cnnvis study run`, as far as names say all of it."""
    asked = [spec for known in study.neurons.values() for spec in known.items()]
    rules = {name: rule for name, spec in asked if (rule := _rule(spec)) is not None}
    others = dict.fromkeys(name for name, _ in asked if name not in rules)
    text = [
        f"networks = {_list(study.networks)}",
        f"images = {_list(study.pictures)}",
        f"neurons = {_list(rules.values())}",
        *(f"# from Python alone: the neuron {json.dumps(name)}" for name in others),
        f"seed = {study.seed}",
        f"keep = {json.dumps(study.keep)}",
    ]
    for label, one in study.methods.items():
        text += ["", f"[methods.{json.dumps(label, ensure_ascii=False)}]"]
        text.append(f"method = {json.dumps(one['method'])}")
        known = {name: value for name, value in one["parameters"].items() if value is not None}
        given = [
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in known.items()
        ]
        text.append(f"parameters = {{ {', '.join(given)} }}" if given else "parameters = {}")
        if "neurons" in one:
            text.append(f"neurons = {_list(one['neurons'])}")
    return "\n".join([*text, ""])


def _rule(spec: Any) -> str | int | None:
    """What a file says for a neuron: a rule, or an output's number; None where it cannot say it."""
    if isinstance(spec, Neuron) and spec == Neuron(None, spec.unit):
        return spec.unit
    return spec if isinstance(spec, str | int) else None


def _list(names: Any) -> str:
    return json.dumps(list(names), ensure_ascii=False)
