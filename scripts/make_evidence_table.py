"""Score every method on every mini network where the evidence is known; docs/evidence_table.md.

python scripts/make_evidence_table.py             # goes on where it was interrupted
python scripts/make_evidence_table.py --render    # the page again, from docs/evidence_table.json

The runs are in build/evidence (a `cnnvis.Study`), the rows in docs/evidence_table.json, and what
they mean in scripts/evidence_reading.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from machine import machine  # noqa: E402

from cnnvis_widgets.study.similarity import spearman  # noqa: E402
from cnnvis_widgets.study.tables import cell, markdown  # noqa: E402

FIGURES = ROOT / "docs" / "evidence_table.json"
PAGE = ROOT / "docs" / "evidence_table.md"
READING = Path(__file__).parent / "evidence_reading.md"
NETWORKS = ("mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet")
# The seven methods of the thesis' Table 2, then the others that make maps of a class.
THESIS = {
    "deconvnet": (4, 0, 0, 0, 0),
    "saliency": (6, 4, 3, 2, 2),
    "guided_backprop": (3, 7, 6, 6, 0),
    "grad_cam": (12, 9, 9, 13, 7),
    "guided_grad_cam": (13, 11, 10, 12, 3),
    "deep_taylor": (5, 4, 6, 4, 6),
    "lime": (7, 8, 7, 7, 7),
}
METHODS: dict[str, Any] = {
    **{name: name for name in THESIS},
    "lime": ("lime", {"samples": 300}),
    "cam": "cam",
    "integrated_gradients": ("integrated_gradients", {"steps": 25}),
    "smoothgrad": ("smoothgrad", {"samples": 25}),
    "occlusion": "occlusion",
    "visual_backprop": "visual_backprop",
}
DEAR = {"lime": METHODS["lime"], "occlusion": METHODS["occlusion"]}  # hundreds of passes a map
QUICK = {name: one for name, one in METHODS.items() if name not in DEAR}
CHEAP = ["pointing_game", "relevance_mass", "relevance_rank", "best_iou", "complexity"]
ASKING = [
    "discriminative",
    "deletion",
    "insertion",
    "focus",
    "randomisation",
    "stability",
    "disconnected_grid",
]
BASELINES = ("centre", "noise", "edges")
PICTURES, CHEATERS, DEAR_CHEATERS, SEED = 200, 40, 10, 7_000
PLAN: tuple[tuple[int, dict[str, Any], list[Any]], ...] = (
    (PICTURES, QUICK, CHEAP),
    (40, DEAR, CHEAP),
    (40, QUICK, ASKING[:4]),
    (40, DEAR, ASKING[1:3]),
    (20, QUICK, ["randomisation", ("stability", {"seeds": 2})]),
    (10, QUICK, ["disconnected_grid"]),
    (10, DEAR, ["discriminative"]),
)
"""How many of the pictures, which methods, which metrics; the baselines go with the quick ones."""


def measure(folder: Path) -> dict[str, Any]:
    """Run the studies and return every row that the page shows."""
    import cnnvis_widgets as cnnvis
    from cnnvis_widgets.zoo.evidence import CLASSES, scenes
    from cnnvis_widgets.zoo.minis import CHEATED

    start, told = time.time(), [0.0]

    def progress(done: int, total: int) -> None:
        if time.time() - told[0] > 20 or done == total:
            told[0] = time.time()
            print(f"{done} of {total}, {time.time() - start:.0f} s", flush=True)

    drawn = {f"scene {k + 1}": s for k, s in enumerate(scenes(PICTURES, SEED))}
    options: dict[str, Any] = {"neurons": "label", "path": folder / "honest", "keep": "heatmap"}
    rows: dict[str, Any] = {"all": [], "networks": [], "snow": [], "unsuited": []}
    for count, methods, metrics in PLAN:
        study = cnnvis.Study(NETWORKS, dict(list(drawn.items())[:count]), methods, **options)
        study.run(progress)
        more = {"baselines": BASELINES if methods is QUICK else (), "progress": progress}
        rows["all"] += study.table(metrics, by=("method",), **more)
        rows["networks"] += study.table(metrics, by=("network", "method"), **more)
        rows["unsuited"] += reasons(study)
    snow = scenes(CHEATERS, SEED + 1, label=CHEATED, shortcut="background")
    snowy = {f"snow {k + 1}": s for k, s in enumerate(snow)}
    both = [name + version for name in NETWORKS for version in ("", ":cheating")]
    options["path"] = folder / "cheating"
    for count, methods in ((CHEATERS, QUICK), (DEAR_CHEATERS, DEAR)):
        study = cnnvis.Study(both, dict(list(snowy.items())[:count]), methods, **options)
        study.run(progress)
        rows["snow"] += study.table(
            ["shortcut_share", "relevance_mass", "pointing_game"],
            baselines=BASELINES if methods is QUICK else (),
            progress=progress,
        )
    rows["share"] = sum(float(s.shortcut.sum()) for s in snow) / sum(
        float(s.shortcut.sum() + s.evidence.sum()) for s in snow
    )
    rows["accuracy"] = accuracies(both, CHEATED)
    rows["cheated"] = CLASSES[CHEATED]
    rows["object"] = sum(float(s.evidence.mean()) for s in drawn.values()) / len(drawn)
    return {**rows, "seconds": round(time.time() - start), "machine": machine()}


def accuracies(networks: list[str], cheated: int) -> dict[str, dict[str, float]]:
    """Share of right answers: fresh pictures, the cheated class with snow and without it."""
    import numpy as np

    from cnnvis_widgets.zoo.evidence import scenes
    from cnnvis_widgets.zoo.loading import load_network

    sets = {
        "fresh pictures": scenes(PICTURES, SEED),
        "its class on snow": scenes(100, SEED + 2, label=cheated, shortcut="background"),
        "its class without snow": scenes(100, SEED + 2, label=cheated),
        "other classes on snow": [
            s for s in scenes(100, SEED + 3, shortcut="background") if s.label != cheated
        ],
    }
    shares: dict[str, dict[str, float]] = {}
    for name in networks:
        network = load_network(name)
        shares[name] = {}
        for what, given in sets.items():
            inputs = np.stack([network.prepare(s.picture).input for s in given])
            answers = [network.outputs(inputs[k : k + 50])[0] for k in range(0, len(inputs), 50)]
            right = np.concatenate(answers).argmax(1) == [s.label for s in given]
            shares[name][what] = float(right.mean())
    return shares


def reasons(study: Any) -> list[dict[str, Any]]:
    """Reasons why methods did not suit, once each."""
    unsuited = {
        (line["method"], line["network"], line["unsuited"])
        for line in study.runs()
        if "unsuited" in line
    }
    return [{"method": m, "network": n, "unsuited": why} for m, n, why in sorted(unsuited)]


def page(rows: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    facts, order = rows["machine"], [*METHODS, *BASELINES]
    for name in ("all", "networks", "snow"):
        rows[name].sort(key=lambda row: order.index(row["method"]))
    lines = [
        "<!-- Made by scripts/make_evidence_table.py; do not edit. -->",
        "",
        *READING.read_text("utf-8").rstrip().splitlines(),
        "",
        "## The figures",
        "",
        f"Measured {facts['date']} on {facts['processor']}, {facts['cores']} cores, commit "
        f"{facts['commit']}, in {rows['seconds']} s. Means with 95% intervals; a dash: does not "
        "apply, or was not asked. What each metric is: [metrics.md](metrics.md). `centre`, `noise` "
        f"and `edges` are no methods. The object covers {rows['object']:.0%} of a picture on "
        "average, which is what chance gets in the pointing game and in mass and rank accuracy.",
        "",
        f"### All five networks, honest, {PICTURES} pictures",
        "",
        markdown([r for r in rows["all"] if r["metric"] in CHEAP], "method"),
        f"{' and '.join(DEAR)} have the first 40 of these pictures only.",
        "",
        "### What asks the network",
        "",
        "Of these pictures the first 40, for discriminative, deletion, insertion and focus (for "
        f"discriminative 10 with {' and '.join(DEAR)}); 20 for randomisation and stability; 10 for "
        "the disconnected grid.",
        "",
        markdown([r for r in rows["all"] if r["metric"] in ASKING], "method"),
    ]
    for metric in ("pointing_game", "relevance_mass", "discriminative"):
        own = [r for r in rows["networks"] if r["metric"] == metric]
        lines += [f"### {metric}, network by network", "", markdown(own, "method", "network")]
    lines += [*snow(rows), *beside(rows)]
    if rows["unsuited"]:
        told = dict.fromkeys(f"{r['method']}: {r['unsuited']}" for r in rows["unsuited"])
        lines += ["### What did not suit", "", *(f"- {why}" for why in told), ""]
    return "\n".join(lines).rstrip() + "\n"


def snow(rows: dict[str, Any]) -> list[str]:
    """The cheaters' section."""
    own = [r for r in rows["snow"] if r["metric"] == "shortcut_share"]
    lines = [
        f"### Where the cheaters look: {CHEATERS} pictures of a {rows['cheated']} on snow",
        "",
        "The shortcut's share of the map on shortcut and object. The snow has "
        f"{rows['share']:.0%} of these pixels. {' and '.join(DEAR)} have {DEAR_CHEATERS} of the "
        "pictures.",
        "",
        markdown(own, "method", "network"),
        "Right answers:",
        "",
    ]
    heads = list(next(iter(rows["accuracy"].values())))
    lines += [f"| network | {' | '.join(heads)} |", f"| - |{' - |' * len(heads)}"]
    for name, shares in rows["accuracy"].items():
        lines.append(f"| {name} | {' | '.join(f'{shares[head]:.1%}' for head in heads)} |")
    return [*lines, ""]


def beside(rows: dict[str, Any]) -> list[str]:
    """The thesis' Table 2 beside figures, method by method, and how their orders agree."""
    metrics = ["pointing_game", "relevance_mass", "best_iou", "discriminative"]
    cells = {(r["method"], r["metric"]): r for r in rows["all"]}
    lines = [
        "### Beside the thesis' Table 2",
        "",
        f"| method | thesis, points by eye | {' | '.join(metrics)} |",
        f"| - | - |{' - |' * len(metrics)}",
    ]
    for method, points in sorted(THESIS.items(), key=lambda one: -sum(one[1])):
        figures = " | ".join(cell(cells.get((method, metric))) for metric in metrics)
        lines.append(f"| {method} | {sum(points)} | {figures} |")
    agree = []
    for metric in metrics:
        values = [cells[method, metric]["value"] for method in THESIS]
        agree.append(f"{metric} {_order([sum(p) for p in THESIS.values()], values)}")
    lines += [
        "",
        "Spearman's correlation of the seven methods' order with that of the points: "
        f"{', '.join(agree)}. Seven methods are few: a correlation below 0.79 is not significant "
        "at 5% (two-sided).",
        "",
        "Network by network, the points and the relevance mass accuracy:",
        "",
        f"| method | {' | '.join(NETWORKS)} |",
        f"| - |{' - |' * len(NETWORKS)}",
    ]
    mass = {
        (r["method"], r["network"]): r for r in rows["networks"] if r["metric"] == "relevance_mass"
    }
    for method, points in THESIS.items():
        pairs = zip(points, NETWORKS, strict=True)
        figures = " | ".join(f"{p}; {cell(mass.get((method, network)))}" for p, network in pairs)
        lines.append(f"| {method} | {figures} |")
    return [*lines, ""]


def _order(one: list[float], other: list[float]) -> str:
    import numpy as np

    correlation = spearman(np.array(one, float), np.array(other, float))
    return "–" if correlation is None else f"{correlation:.2f}"


def main() -> None:
    """Measure, keep the rows, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--render", action="store_true", help="only the page, from the rows")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "evidence")
    options = parser.parse_args()
    if not options.render:
        FIGURES.write_text(json.dumps(measure(options.folder), indent=0) + "\n", "utf-8")
    PAGE.write_text(page(json.loads(FIGURES.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
