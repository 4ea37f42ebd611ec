"""Make docs/images/sheet.jpg: every method on every picture, on EfficientNet-Lite0.

python scripts/make_sheet.py               # all
python scripts/make_sheet.py lime cam      # these columns only, into the same places

Rows are the pictures, columns the methods; the neuron is the most probable class, all parameters
are its own. A map has a colour scale of its own, for the eye: maps of two methods cannot
be compared by colour. It prints the text of docs/sheet.md beside the sheet.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import cnnvis_widgets as cnnvis
from cnnvis_widgets.rendering import Scale, overlay

TARGET = Path(__file__).parents[1] / "docs" / "images" / "sheet.jpg"
SIDE, GAP, HEAD, LEFT = 128, 4, 42, 92


def main() -> None:
    """Compute, draw, print."""
    network = cnnvis.load_network("efficientnet_lite0")
    facts = {m["name"]: m for m in cnnvis.methods()}
    suited = [name for name in facts if name != "upconvnet"]  # it has no decoder for this network
    pictures = cnnvis.images()
    size = (LEFT + (SIDE + GAP) * (len(suited) + 1), HEAD + (SIDE + GAP) * len(pictures))
    wanted = sys.argv[1:] or suited
    known = Image.open(TARGET) if sys.argv[1:] and TARGET.exists() else None
    sheet = known if known and known.size == size else Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, name in enumerate(("the picture", *suited)):
        words = "the picture" if not column else str(facts[name]["title"])
        for line, word in enumerate(_in_two_lines(words)):
            pen.text((LEFT + column * (SIDE + GAP), 4 + 16 * line), word, "black", font)
    for row, name in enumerate(pictures):
        top = HEAD + row * (SIDE + GAP)
        prediction = network.predict(cnnvis.load_image(name), 1)[0]
        pen.text((2, top + 30), name, "black", font)
        for line, word in enumerate(_in_two_lines(prediction.label.split(",")[0])):
            pen.text((2, top + 50 + 14 * line), word, "#555", ImageFont.load_default(11))
        pen.text((2, top + 80), f"{prediction.score:.2f}", "#555", ImageFont.load_default(11))
        _paste(sheet, network.prepare(cnnvis.load_image(name)).picture, 0, top)
        for method in wanted:
            start = time.perf_counter()
            explanation = cnnvis.explain(network, name, method)
            _paste(sheet, _drawn(explanation), 1 + suited.index(method), top)
            seconds = time.perf_counter() - start
            notes = " ".join(explanation.notes)
            print(
                f"{name} {method} {seconds:.2f} s, value {explanation.value:.3f}. {notes}",
                flush=True,
            )
    sheet.save(TARGET, quality=82)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1000:.0f} kB")


def _drawn(explanation: cnnvis.Explanation) -> np.ndarray:
    """The picture that the method made, or its map over the picture."""
    if explanation.image is not None:
        return explanation.image
    heatmap = explanation.heatmap()
    fine = explanation.method.resolution == "high"
    scale = Scale.of(heatmap, percentile=99.5 if fine else 100)
    return overlay(explanation.picture, heatmap, scale, opacity=0.75)


def _paste(sheet: Image.Image, picture: np.ndarray | None, column: int, top: int) -> None:
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    sheet.paste(small, (LEFT + column * (SIDE + GAP), top))


def _in_two_lines(words: str) -> list[str]:
    if len(words) <= 15 or " " not in words:
        return [words]
    cut = min((i for i, c in enumerate(words) if c == " "), key=lambda i: abs(i - len(words) / 2))
    return [words[:cut], words[cut + 1 :]]


if __name__ == "__main__":
    main()
