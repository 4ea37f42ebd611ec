"""What is printed: tables of text, as plain columns or as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contestants import NETWORKS, OURS
from ratios import (
    DENOMINATORS,
    SETUPS,
    Round,
    Spread,
    beside,
    compile_seconds,
    ratio,
    seconds,
    setup_verdict,
    verdict,
)
from worker import BACKWARD_BATCH, BATCH, BATCH_BASELINES, BATCH_METHODS

WORDS = {
    "forward": "raw forward",
    "forward_backward": "raw forward + backward",
    "saliency": "saliency",
    "deconvnet": "DeconvNet",
    "guided_backprop": "guided backprop",
    "grad_cam": "Grad-CAM",
    "guided_grad_cam": "Guided Grad-CAM",
    "deep_taylor": "Deep Taylor",
    "visual_backprop": "VisualBackProp",
    "forward_1000": "1000 raw forwards, batched",
    "forward_backward_50": "50 raw forwards + backwards, batched",
    "forward_backward_200": "200 raw forwards + backwards",
    "integrated_gradients": "integrated gradients, 50 steps",
    "smoothgrad": "SmoothGrad, 50 samples",
    "lime": "LIME, 1000 samples",
    "activation_maximization": "activation maximisation, 200 steps",
    "network_inversion": "network inversion, 200 steps",
}
NOTHING = "–"


@dataclass
class Table:
    """A title, a header, rows of text, and sentences underneath."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: list[str] = field(default_factory=list)

    def plain(self) -> str:
        """Columns as wide as their widest cell; the first flush left, the others flush right."""
        cells = [list(self.header), *map(list, self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.header))]
        lines = [
            "  ".join(
                text.ljust(w) if i == 0 else text.rjust(w)
                for i, (text, w) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        ]
        lines.insert(1, "  ".join("-" * w for w in widths))
        return "\n".join([self.title, "", *lines, *(f"  {note}" for note in self.notes)])

    def markdown(self) -> str:
        """The same as a Markdown table."""
        lines = [" | ".join(row) for row in [self.header, *self.rows]]
        lines.insert(1, " | ".join(["---"] + ["---:"] * (len(self.header) - 1)))
        body = [f"| {line} |" for line in lines]
        notes = ["", *(f"- {note}" for note in self.notes)] if self.notes else []
        return "\n".join([f"### {self.title}", "", *body, *notes])


def tables(result: Mapping[str, Any]) -> list[Table]:
    """All tables of a result as `run.py --json` writes it."""
    all_tables = []
    for network, contestants in result["networks"].items():
        title = NETWORKS[network]
        measured = {n: c for n, c in contestants.items() if "rounds" in c}
        all_tables += [
            _ratios(title, measured, contestants),
            _milliseconds(title, measured),
            _throughput(title, measured),
            _starts(title, measured),
            _agreement(title, measured),
        ]
    return [table for table in all_tables if table.rows]


def _ratios(title: str, measured: Mapping[str, Any], everyone: Mapping[str, Any]) -> Table:
    rows = []
    for method, raw in DENOMINATORS.items():
        cells = [WORDS[method], WORDS[raw].removeprefix("raw ")]
        rounds = {name: _with(record, method, raw) for name, record in measured.items()}
        if not any(rounds.values()):
            continue
        cells += [_spread(ratio(r, method, raw)) if r else NOTHING for r in rounds.values()]
        ours = rounds[OURS.name]
        rows.append([*cells, verdict(method, ratio(ours, method, raw).median) if ours else NOTHING])
    notes = [
        f"{name}: not measured: {c['failed']}"
        for name, c in everyone.items()
        if name not in measured
    ]
    for method in SETUPS:
        ours = measured[OURS.name]
        if method in ours["first"] and _with(ours, method):
            compiling = compile_seconds(ours["first"][method], ours["rounds"], method)
            kept = setup_verdict(method, compiling)
            notes.append(f"{OURS.name}: set-up of {WORDS[method]} {compiling:.1f} s, {kept}.")
    for name, record in measured.items():
        missing = ", ".join(WORDS[m] for m in record["absent"])
        notes += [f"{name}: no {missing}."] if missing else []
        notes += [f"{name}: {record['remark']}"] if record["remark"] else []
        for method in record["plain"]:
            notes.append(
                f"{name}: what it calls {WORDS[method]} is the plain gradient on this network."
            )
    return Table(
        f"{title}: times the raw work of the same process (median, and the middle half of rounds)",
        ["", "of", *measured, f"{OURS.name}'s promise"],
        rows,
        notes,
    )


def _milliseconds(title: str, measured: Mapping[str, Any]) -> Table:
    rows = []
    for work, words in WORDS.items():
        cells, ours = [words], _with(measured[OURS.name], work)
        for name, record in measured.items():
            rounds = _with(record, work)
            if not rounds:
                cells.append(NOTHING)
                continue
            text = f"{1000 * seconds(rounds, work).median:.1f}"
            if name != OURS.name and ours:
                text += f" ({beside(rounds, ours, work).median:.2f} ×)"
            cells.append(text)
        if set(cells[1:]) != {NOTHING}:
            rows.append(cells)
    header = [n if n == OURS.name else f"{n} (× ours)" for n in measured]
    return Table(f"{title}: milliseconds for one picture, warm", ["", *header], rows)


def _throughput(title: str, measured: Mapping[str, Any]) -> Table:
    """Pictures per second where many are given at once, and what that gains over one by one."""
    rows = []
    for work in BATCH_METHODS:
        cells = [WORDS[work]]
        for record in measured.values():
            together = record.get("batch_rounds", [])
            if not together or f"batch {work}" not in together[0]:
                cells.append(NOTHING)
                continue
            each = seconds(together, f"batch {work}").median / BATCH
            text, alone = f"{1 / each:.1f}", _with(record, work)
            cells.append(f"{text} ({seconds(alone, work).median / each:.2f} ×)" if alone else text)
        if set(cells[1:]) != {NOTHING}:
            rows.append(cells)
    header = [f"{name} (× one by one)" for name in measured]
    raw = BATCH_BASELINES[0]
    notes = [
        f"{name}: raw forward + backward in batches of {BACKWARD_BATCH}: "
        f"{BATCH / seconds(together, raw).median:.1f} pictures per second."
        for name, record in measured.items()
        if (together := record.get("batch_rounds", [])) and raw in together[0]
    ]
    title = f"{title}: pictures per second, {BATCH} given at once"
    return Table(title, ["", *header], rows, notes)


def _starts(title: str, measured: Mapping[str, Any]) -> Table:
    records = list(measured.values())
    rows = [["new process to first explanation, s", *(f"{r['cold']:.1f}" for r in records)]]
    for phase in ("import", "network", "set-up"):
        rows.append(
            [f"  of it {phase}", *(_seconds(r["phases"].get(phase)) for r in records)],
        )
    for method in DENOMINATORS:
        pairs = [(r, _with(r, method)) for r in records]
        cells = [
            _seconds(compile_seconds(r["first"][method], rounds, method))
            if method in r["first"] and rounds
            else NOTHING
            for r, rounds in pairs
        ]
        if any(rounds for _, rounds in pairs):
            rows.append([f"compiling {WORDS[method]}, s", *cells])
    rows.append(["memory after the last round, MB", *(f"{r['memory'] / 1e6:.0f}" for r in records)])
    return Table(f"{title}: start and memory", ["", *measured], rows)


def _agreement(title: str, measured: Mapping[str, Any]) -> Table:
    peers = {n: r for n, r in measured.items() if n != OURS.name}
    rows = [
        [WORDS[method], *(_correlation(r["agreement"], method) for r in peers.values())]
        for method in DENOMINATORS
        if _with(measured[OURS.name], method)
    ]
    title = f"{title}: correlation of their map with ours (is it the same work?)"
    return Table(title, ["", *peers], rows if peers else [])


def _with(record: Mapping[str, Any], *works: str) -> list[Round]:
    """The rounds in which a contestant did all of these works; none where it has no such."""
    for rounds in (record["rounds"], record.get("slow_rounds", [])):
        if rounds and all(work in rounds[0] for work in works):
            return rounds
    return []


def _correlation(agreement: Mapping[str, float | None], method: str) -> str:
    if method not in agreement:
        return NOTHING
    value = agreement[method]
    return "constant" if value is None else f"{value:.3f}"


def _spread(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f}–{spread.high:.2f})"


def _seconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"
