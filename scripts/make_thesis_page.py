"""Write docs/thesis_grid.md and its pictures from a study that `cnnvis study run thesis` computed.

python scripts/make_thesis_page.py grid

Nothing is computed: the page's contents are read from the study's folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from machine import machine  # noqa: E402

from cnnvis_widgets.study.estimate import duration  # noqa: E402
from cnnvis_widgets.study.grid_requests import seen_picture  # noqa: E402
from cnnvis_widgets.study.site.addresses import method_title  # noqa: E402
from cnnvis_widgets.study.site.map_files import map_picture  # noqa: E402
from cnnvis_widgets.study.study import Study  # noqa: E402

PAGE = ROOT / "docs" / "thesis_grid.md"
PICTURES = ROOT / "docs" / "images"
LARGE, SMALL, GAP, HEAD, LEFT = 84, 64, 2, 46, 84

TOP = """\
# The thesis' comparison

Made by `python scripts/make_thesis_page.py` from a study that `cnnvis study run thesis` computed;
do not edit. {machine}

The grid is that of the thesis' section 4.1. Three things are not the thesis' own:

- **The networks.** The thesis' five need weights that are fetched once. Here are trained networks
  that come along. The mini networks know eight classes of drawn pictures: on a photo none of their
  classes is right. Their maps show how a method behaves, and nothing about a photo's class.
- **The photos.** Those of the thesis were never published. None of the ten here is out of ImageNet.
  Four show one of its classes large and clear (cat, coffee, palace, admiral); of the other six most
  show none.
- **The two inner neurons.** The thesis chose two layers at random, well apart and high up. Here
  they are "top layer", the last one that has rows and columns and through which every path leads,
  and "upper layer", the last such one at a higher resolution. In each it is, as in the thesis, the
  neuron with the largest mean activation.

With `make docs STUDY=grid` the pages of the study, each map under its own address, stand in
`build/site/thesis/index.html`; `cnnvis study site grid` writes them alone.
`cnnvis study report grid` writes the study as one file, `cnnvis study coherence grid` how far its
methods agree.
"""


def main() -> int:
    """Read, draw, write."""
    study = Study.open(sys.argv[1])
    lines = study.runs()
    done = {line["key"] for line in lines}
    whole = [
        name
        for name in study.networks
        if all(run.key in done for run in study.plan() if run.network == name)
    ]
    lines = [line for line in lines if line["network"] in whole]
    text = [TOP.format(machine=_machine()), *_times(study, whole, lines), *_foretold(study)]
    for network in whole:
        own = [line for line in lines if line["network"] == network and "file" in line]
        name = f"thesis_{network}.jpg"
        sheet = _sheet(study, own)
        sheet.save(PICTURES / name, quality=74)
        text += [f"## {network}", "", f"![Ten pictures down, methods across, {network}]"
                 f"(images/{name})", ""]  # fmt: skip
    PAGE.write_text("\n".join(text), "utf-8")
    print(
        f"wrote {PAGE.name}: {len(lines)} of {len(list(study.plan()))} runs, whole networks alone"
    )
    return 0


def _machine() -> str:
    facts = machine()
    return f"{facts['processor']}, {facts['cores']} cores, shared with other work; {facts['date']}."


def _times(study: Study, whole: list[str], lines: list[dict[str, Any]]) -> list[str]:
    text = ["## What it took", "", f"| network | maps | {' | '.join(study.methods)} |"]
    text.append(f"| - | -: |{' -: |' * len(study.methods)}")
    for network in whole:
        own = [line for line in lines if line["network"] == network]
        cells = []
        for method in study.methods:
            seconds = [x["seconds"] for x in own if x["method"] == method and "seconds" in x]
            cells.append(f"{np.median(seconds):.2f}" if seconds else "–")
        maps = sum("file" in line for line in own)
        text.append(f"| {network} | {maps} | {' | '.join(cells)} |")
    files = [study.store.path / line["file"] for line in lines if "file" in line]
    size = sum(path.stat().st_size for path in files)
    total = sum(line.get("seconds", 0) for line in lines)
    words = f"Seconds for one map, the median. {len(lines)} runs took {duration(total)} in all, and"
    return [*text, "", f"{words} their maps take {size / 2**20:.0f} MB.", ""]


def _foretold(study: Study) -> list[str]:
    path = study.store.path / "estimates.jsonl"
    if not path.is_file():
        return []
    text = ["| runs | foretold | took | difference |", "| -: | -: | -: | -: |"]
    for line in map(json.loads, path.read_text("utf-8").splitlines()):
        foretold, took = line["foretold_seconds"], line["took_seconds"]
        off = f"{100 * (took / foretold - 1):+.0f} %"
        text.append(f"| {line['runs']} | {duration(foretold)} | {duration(took)} | {off} |")
    words = (
        "Each time that the command was run to its end: the runs that were left after the timing "
        "of a cell or two of each network and method."
    )
    return [words, "", *text, ""]


def _sheet(study: Study, lines: list[dict[str, Any]]) -> Image.Image:
    """Pictures down; the methods across, for each neuron in turn."""
    side = LARGE if max(lines[0]["input_size"]) > 100 else SMALL
    neurons = list(dict.fromkeys(line["neuron"] for line in lines))
    there = {(line["neuron"], line["method"]) for line in lines}
    columns = [(n, m) for n in neurons for m in study.methods if (n, m) in there]
    pictures = list(study.pictures)
    size = LEFT + (side + GAP) * (len(columns) + 1), HEAD + (side + GAP) * len(pictures)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for number, (neuron, method) in enumerate(columns, 1):
        left = LEFT + number * (side + GAP)
        pen.text((left, 2), neuron, "#555", font)
        pen.text((left, 16), _short(method_title(study, method), side), "black", font)
    for row, name in enumerate(pictures):
        top = HEAD + row * (side + GAP)
        pen.text((2, top + side // 2 - 8), name, "black", font)
        _paste(sheet, seen_picture(study, name, lines[0]["input_size"]), LEFT, top, side)
    for line in lines:
        heatmap = study.heatmap(line)
        assert heatmap is not None
        left = LEFT + (1 + columns.index((line["neuron"], line["method"]))) * (side + GAP)
        top = HEAD + pictures.index(line["picture"]) * (side + GAP)
        _paste(sheet, map_picture(study, line, heatmap), left, top, side)
    return sheet


def _short(title: str, side: int) -> str:
    """A title in at most two lines of a column's width."""
    words, lines = title.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > side // 7 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines[:2])


def _paste(sheet: Image.Image, picture: np.ndarray, left: int, top: int, side: int) -> None:
    small = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    sheet.paste(small, (left, top))


if __name__ == "__main__":
    sys.exit(main())
