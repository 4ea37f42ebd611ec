"""Draw docs/images/evidence.jpg: each class, the two shortcuts, and their masks.

python scripts/make_evidence_sheet.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from cnnvis_widgets.zoo.evidence import CLASSES, Scene, scenes

TARGET = Path(__file__).parents[1] / "docs" / "images" / "evidence.jpg"
ENLARGED = 2
GAP = 4


def main() -> None:
    """A row of plain pictures, one with snow, one with marks, and the masks of each of the last."""
    rows = [by_class(scenes(len(CLASSES), 3)), by_class(scenes(len(CLASSES), 5))]
    for seed, shortcut in ((4, "background"), (6, "corner")):
        drawn = by_class(scenes(len(CLASSES), seed, shortcut=shortcut))
        rows += [drawn, drawn]
    pictures = [[one.picture for one in row] for row in rows]
    for place in (3, 5):
        pictures[place] = [masked(one) for one in rows[place]]
    sheet = np.vstack([np.hstack([framed(p) for p in row]) for row in pictures])
    Image.fromarray(sheet).save(TARGET, quality=88)


def by_class(drawn: list[Scene]) -> list[Scene]:
    """In the order of `CLASSES`."""
    return sorted(drawn, key=lambda one: one.label)


def masked(one: Scene) -> np.ndarray:
    """Grey, with the object in green, distractors in orange, the shortcut in blue."""
    grey = np.repeat(one.picture.mean(-1, keepdims=True), 3, -1)
    parts = [(one.evidence, (0, 170, 90)), (one.shortcut, (40, 90, 255))]
    parts += [(mask, (240, 140, 0)) for _, mask in one.distractors]
    for mask, colour in parts:
        grey[mask] = 0.35 * grey[mask] + 0.65 * np.array(colour)
    return grey.astype(np.uint8)


def framed(picture: np.ndarray) -> np.ndarray:
    """Enlarged, with white around."""
    large = picture.repeat(ENLARGED, 0).repeat(ENLARGED, 1)
    return np.pad(large, ((GAP, GAP), (GAP, GAP), (0, 0)), constant_values=255)


if __name__ == "__main__":
    main()
