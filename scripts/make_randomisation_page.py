"""Measure what stays of maps when a network forgets, and write docs/randomisation.md.

python scripts/make_randomisation_page.py                       # every network; 15 minutes or so
python scripts/make_randomisation_page.py efficientnet_lite0    # this one, the others as they were
python scripts/make_randomisation_page.py --render              # the page again, from the figures

The figures are in docs/randomisation.json, what they mean in scripts/randomisation_reading.md.
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

import numpy as np  # noqa: E402
from machine import machine  # noqa: E402

from cnnvis_widgets.study.intervals import bootstrap  # noqa: E402

FIGURES = ROOT / "docs" / "randomisation.json"
PAGE = ROOT / "docs" / "randomisation.md"
PICTURE = ROOT / "docs" / "images" / "randomisation.png"
READING = Path(__file__).parent / "randomisation_reading.md"
METHODS = (
    "saliency",
    "deconvnet",
    "guided_backprop",
    "grad_cam",
    "guided_grad_cam",
    "deep_taylor",
)
EDGES = "edges"
MEASURES = {
    "spearman_absolute": "Spearman, absolute values",
    "spearman_signed": "Spearman, signed values",
    "ssim": "SSIM",
}
MINIS = ("mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet")
MORE = (
    "clock_motion.png",
    "coins.png",
    "page.png",
    "moon.png",
    "brick.png",
    "grass.png",
    "cell.png",
    "ihc.png",
    "retina.jpg",
    "hubble_deep_field.jpg",
)
STAGES = {"efficientnet_lite0": 7}
SHUFFLED = 3
SEED = 0


def pictures(network: str) -> dict[str, np.ndarray]:
    """Twenty pictures: those that come along and ten more of scikit-image's, or drawn ones."""
    from cnnvis_widgets.zoo.images import images, load_image

    if network in MINIS:
        from cnnvis_widgets.zoo.evidence import scenes

        return {f"scene {k + 1}": s.picture for k, s in enumerate(scenes(20, 4_000))}
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    own = {name: load_image(name) for name in images()}
    return own | {name.split(".")[0]: load_image(folder / name) for name in MORE}


def measure(name: str) -> dict[str, Any]:
    """All similarities of a network: method → measure → one list a picture, one figure a stage."""
    from cnnvis_widgets.backend.variants.randomization import Cascade
    from cnnvis_widgets.study.baselines import baseline
    from cnnvis_widgets.study.bound_method import BoundMethod
    from cnnvis_widgets.study.metrics.randomisation import similarities, stages
    from cnnvis_widgets.zoo.loading import load_network

    start, network, given = time.time(), load_network(name), pictures(name)
    asked: dict[str, Any] = {method: BoundMethod(method) for method in METHODS}
    asked[EDGES] = baseline(EDGES)
    neurons = {
        picture: network.resolved(network.prepare(pixels).input, None)[0]
        for picture, pixels in given.items()
    }
    first = {
        (method, picture): one(network, pixels, neurons[picture], SEED)
        for method, one in asked.items()
        for picture, pixels in given.items()
    }
    record: dict[str, Any] = {"title": network.name, "pictures": list(given)}
    for how, wanted in (("initialise", STAGES.get(name, 6)), ("shuffle", SHUFFLED)):
        cascade = Cascade(network, SEED, how)
        counts = stages(len(cascade.layers), wanted)
        values: dict[str, dict[str, list[list[float | None]]]] = {
            method: {measure: [] for measure in MEASURES} for method in asked
        }
        zeros = dict.fromkeys(asked, 0)
        for count in counts:
            cascade.randomise(count)
            for method, one in asked.items():
                row: dict[str, list[float | None]] = {measure: [] for measure in MEASURES}
                for picture, pixels in given.items():
                    after = one(cascade.network, pixels, neurons[picture], SEED)
                    zeros[method] += not after.attribution.any()
                    for key, value in similarities(first[method, picture], after).items():
                        row[key].append(value)
                for key, line in row.items():
                    values[method][key].append(line)
            print(
                f"{name}: {how} {count} of {len(cascade.layers)}, {time.time() - start:.0f} s",
                flush=True,
            )
        record[how] = {
            "counts": counts,
            "layers": [cascade.layers[count - 1] for count in counts],
            "of": len(cascade.layers),
            "values": values,
            "zeros": zeros,
        }
    record["seconds"] = round(time.time() - start)
    return record | {"machine": machine()}


def cell(values: list[float | None]) -> str:
    """A mean over pictures and its 95 % interval."""
    known = [[value] for value in values if value is not None]
    if not known:
        return "–"
    low, high = bootstrap(known, seed=SEED)
    return f"{np.mean(known):.2f} [{low:.2f}, {high:.2f}]"


def alive(values: dict[str, list[list[float | None]]], stage: int) -> list[int]:
    """The pictures whose map is not zero everywhere: only for zeros is every correlation 0."""
    both = zip(values["spearman_absolute"][stage], values["spearman_signed"][stage], strict=True)
    return [place for place, pair in enumerate(both) if pair != (0, 0)]


def section(figures: dict[str, Any]) -> list[str]:
    """The tables of one network."""
    main, counts = figures["initialise"], figures["initialise"]["counts"]
    facts = figures["machine"]
    lines = [
        f"### {figures['title']}",
        "",
        f"{len(figures['pictures'])} pictures, {main['of']} layers with weights; measured "
        f"{facts['date']} on {facts['processor']}, {facts['cores']} cores, commit "
        f"{facts['commit']}, in {figures['seconds']} s.",
        "",
    ]
    shown = sorted({0, len(counts) // 2, len(counts) - 1})
    for measure, title in MEASURES.items():
        heads = [f"{counts[k]} of {main['of']}, down to `{main['layers'][k]}`" for k in shown]
        lines += [f"| {title} | {' | '.join(heads)} |", f"| - |{' - |' * len(shown)}"]
        for method, values in main["values"].items():
            cells = [cell(values[measure][k]) for k in shown]
            lines.append(f"| {method} | {' | '.join(cells)} |")
            if main["zeros"][method]:
                kept = [alive(values, k) for k in shown]
                cells = [
                    f"{cell([values[measure][k][p] for p in places])}, {len(places)} pictures"
                    for k, places in zip(shown, kept, strict=True)
                ]
                lines.append(f"| … where its map is not zero | {' | '.join(cells)} |")
        lines.append("")
    zeros = {m: n for m, n in main["zeros"].items() if n}
    total = len(counts) * len(figures["pictures"])
    if zeros:
        counted = ", ".join(f"{m} {n}" for m, n in zeros.items())
        lines += [f"Maps that were zero everywhere, of {total} each: {counted}.", ""]
    shuffled = figures["shuffle"]
    lines += [
        "Weights shuffled instead of initialised anew, Spearman of absolute values, "
        f"{', '.join(map(str, shuffled['counts']))} of {shuffled['of']} layers: "
        + "; ".join(
            f"{method} {', '.join(cell(line) for line in values['spearman_absolute'])}"
            for method, values in shuffled["values"].items()
        )
        + ".",
        "",
    ]
    return lines


def page(figures: dict[str, Any]) -> str:
    """The whole page as Markdown."""
    top = [
        "<!-- Made by scripts/make_randomisation_page.py; do not edit. -->",
        "",
        *READING.read_text("utf-8").rstrip().splitlines(),
        "",
        "## The figures",
        "",
        "Means over the pictures, with 95% intervals (percentile bootstrap over pictures). "
        f"Seed {SEED}. `edges` is no method: it is an edge detector, which cannot change.",
        "",
    ]
    order = [name for name in (*STAGES, *MINIS) if name in figures]
    return "\n".join([*top, *(line for n in order for line in section(figures[n]))]).rstrip() + "\n"


def draw(figures: dict[str, Any]) -> None:
    """One row a network, one column a measure; lines are means, bands 95 % intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    order = [name for name in (*STAGES, *MINIS) if name in figures]
    drawn, axes = plt.subplots(
        len(order), 3, figsize=(13, 2.6 * len(order) + 0.8), squeeze=False, sharey="col"
    )
    colours = ["#0072B2", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#666666"]
    for line, name in zip(axes, order, strict=True):
        main = figures[name]["initialise"]
        places = [0, *(count / main["of"] for count in main["counts"])]
        for axis, (measure, title) in zip(line, MEASURES.items(), strict=True):
            for colour, (method, values) in zip(colours, main["values"].items(), strict=True):
                rows = [[v for v in stage if v is not None] for stage in values[measure]]
                means = [1.0, *(np.mean(row) if row else np.nan for row in rows)]
                ends = [(1.0, 1.0)] + [
                    bootstrap([[v] for v in row], seed=SEED) if row else (np.nan,) * 2
                    for row in rows
                ]
                style = "--" if method == EDGES else "-"
                axis.plot(places, means, style, color=colour, label=method, linewidth=1.6)
                axis.fill_between(places, *zip(*ends, strict=True), color=colour, alpha=0.18)
            axis.set_title(f"{figures[name]['title']}: {title}", fontsize=9)
            axis.axhline(0, color="#bbbbbb", linewidth=0.8)
            axis.set_xlabel("share of the layers that are random, from the top", fontsize=8)
            axis.tick_params(labelsize=8)
    handles, labels = axes[0][0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="lower center", ncols=7, fontsize=9, frameon=False)
    drawn.tight_layout(rect=(0, 0.6 / (2.6 * len(order) + 0.8), 1, 1))
    PICTURE.parent.mkdir(exist_ok=True)
    drawn.savefig(PICTURE, dpi=80)
    plt.close(drawn)


def main() -> None:
    """Measure what is asked for, keep it, and write page and picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=[])
    parser.add_argument("--render", action="store_true", help="only the page, from the figures")
    options = parser.parse_args()
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    for name in () if options.render else options.networks or (*STAGES, *MINIS):
        figures[name] = measure(name)
        FIGURES.write_text(json.dumps(rounded(figures)) + "\n", "utf-8")
    draw(figures)
    PAGE.write_text(page(figures), "utf-8")


def rounded(value: Any) -> Any:
    """Figures to four digits, which is more than their intervals bear."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
