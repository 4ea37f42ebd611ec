"""What the checks of the explorer's trust strip say of every method: docs/trust.md and .json.

python -m scripts.make_trust_page measure   # half an hour on two cores
python -m scripts.make_trust_page           # the page from what was measured
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from cnnvis_widgets.engine import trust
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.zoo.images import load_image

DOCS = Path(__file__).parents[1] / "docs"
DATA = DOCS / "trust.json"
NETWORKS = {
    "efficientnet_lite0": ("cat", "coffee", "flower", "horse", "palace"),
    "mini_vgg": ("scene:1", "scene:2", "scene:3", "scene:4", "scene:5"),
}
SLOW = ("ablation_cam", "hsic", "kernel_shap", "lime", "rise", "score_cam", "sobol")
"""Minutes for each picture; the mini network alone is asked."""

PICTURES = ("network_inversion", "upconvnet")
"""They make a picture, and no map."""

SOBEL = "a Sobel filter"

CHECKS = {"coverage": "untreated layers", "sum": "error of the sum", "edges": "edge detector"}
CHECKS |= {"random_top": "random top layer"}


def measure() -> None:
    """Ask every check of every method with a map."""
    library, rows = Library(), []
    for network, pictures in NETWORKS.items():
        for name, method in all_methods().items():
            slow = name in SLOW and network != "mini_vgg"
            made = method.perspective != "image" or name in PICTURES
            if slow or made or method.unsuited(library.network(network)):
                continue
            for picture in pictures:
                asked = (network, picture, name)
                checks = [check for kind in (trust.TrustChecks, trust.RandomTopLayer)
                         for check in kind(*asked).perform(library, _quietly)]  # fmt: skip
                rows += [[*asked, check.name, check.verdict, check.value] for check in checks]
                print(*asked, flush=True)
        rows += [[network, picture, SOBEL, *sobel(library, network, picture)]
                 for picture in pictures]  # fmt: skip
    lines = ",\n".join(json.dumps(row) for row in rows)
    DATA.write_text(f"[\n{lines}\n]\n", "utf-8")


def sobel(library: Library, network: str, picture: str) -> tuple[str, str, float]:
    """What the check of edges says of another edge detector."""
    from scipy import ndimage

    seen = library.network(network).prepare(load_image(picture)).picture
    assert seen is not None
    grey = seen.astype(float).mean(-1)
    steep = np.hypot(ndimage.sobel(grey, 0), ndimage.sobel(grey, 1))
    alike = trust.spearman(steep, trust.edges(seen))
    assert alike is not None
    return "edges", "bad" if alike >= trust.ALIKE else "doubtful", alike


def _quietly(done: int, total: int) -> None:
    pass


def figures(rows: list[list[Any]]) -> Iterator[str]:
    """A table for each network: the median over the pictures, and the range."""
    for network in NETWORKS:
        yield f"\n### {network}\n"
        yield "| method | " + " | ".join(CHECKS.values()) + " |"
        yield "| - |" + " - |" * len(CHECKS)
        names = list(dict.fromkeys(row[2] for row in rows if row[0] == network))
        for name in names:
            mine = [row for row in rows if row[0] == network and row[2] == name]
            cells = [_cell([r for r in mine if r[3] == check]) for check in CHECKS]
            yield f"| {name} | " + " | ".join(cells) + " |"


def _cell(rows: list[list[Any]]) -> str:
    """The median and the range: 0.45 (0.31 to 0.60)."""
    values = [row[5] for row in rows if row[5] is not None]
    if not values:
        return "–" if not rows else "not defined"
    if max(values) == min(values):
        return f"{values[0]:.2f}"
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def page() -> str:
    """The whole page."""
    rows = json.loads(DATA.read_text("utf-8"))
    reading = (Path(__file__).parent / "trust_reading.md").read_text("utf-8")
    return reading.rstrip() + "\n" + "\n".join(figures(rows)) + "\n"


if __name__ == "__main__":
    if "measure" in sys.argv[1:]:
        measure()
    (DOCS / "trust.md").write_text(page(), "utf-8")
