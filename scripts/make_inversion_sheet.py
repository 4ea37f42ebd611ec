"""Make docs/images/network_inversion.jpg: three pictures, made again from six layers' codes.

python scripts/make_inversion_sheet.py

It prints the table of docs/network_inversion.md. Nothing is chosen afterwards: all are the
method's own settings.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import cnnvis_widgets as cnnvis

TARGET = Path(__file__).parents[1] / "docs" / "images" / "network_inversion.jpg"
PICTURES = ("cat", "coffee", "palace")
LAYERS = (
    "stem_activation",
    "block2b_add",
    "block3b_add",
    "block5c_add",
    "block7a_project_bn",
    "top_activation",
)
HEAD, FOOT, GAP = 22, 22, 4


def main() -> None:
    """Compute, draw, print."""
    network = cnnvis.load_network("efficientnet_lite0")
    rows, columns = network.input_shape[:2]
    wide, high = columns + GAP, rows + FOOT + GAP
    size = (wide * (len(LAYERS) + 1), HEAD + high * len(PICTURES))
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, title in enumerate(("the picture", *LAYERS)):
        pen.text((column * wide + 2, 4), title, "black", font)
    print(f"| picture | {' | '.join(LAYERS)} |\n|{' - |' * (len(LAYERS) + 1)}")
    for row, name in enumerate(PICTURES):
        top, cells = HEAD + row * high, []
        for column, layer in enumerate(LAYERS, start=1):
            explanation = cnnvis.explain(network, name, "network_inversion", layer=layer)
            error = explanation.details["relative_error"]
            off = _grey_levels(explanation.image, explanation.picture)
            cells.append(f"{error:.3f} ({off:.0f})")
            sheet.paste(Image.fromarray(explanation.image), (column * wide, top))
            pen.text((column * wide + 2, top + rows + 2), f"error {error:.3f}", "black", font)
        sheet.paste(Image.fromarray(explanation.picture), (0, top))
        pen.text((2, top + rows + 2), name, "black", font)
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    sheet.save(TARGET, quality=80)
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1000:.0f} kB")


def _grey_levels(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.square(one.astype(float) - other).mean()))


if __name__ == "__main__":
    main()
