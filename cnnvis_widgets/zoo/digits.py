"""Scikit-learn's handwritten digits as LeNet-5 takes them. They come with the package; no fetching.

1797 digits by 13 people, 8 × 8 with 17 grey levels (Alpaydin & Kaynak, UCI repository, 1998).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from PIL import Image

SIDE = 32
HELD_OUT = 0.25  # of each digit


class Digits(NamedTuple):
    """Pictures and what they show.

    Attributes:
        pictures: uint8 (count, 32, 32), 0 is paper, 255 is ink.
        labels: int (count,), 0..9.
    """

    pictures: np.ndarray
    labels: np.ndarray


def digits() -> tuple[Digits, Digits]:
    """All digits, in two parts: those to learn from and a quarter that is held out."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    found = load_digits()
    levels = (found.images * (255 / 16)).round().astype(np.uint8)
    large = np.stack([_enlarged(picture) for picture in levels])
    parts = train_test_split(
        large, found.target, test_size=HELD_OUT, random_state=0, stratify=found.target
    )
    return Digits(parts[0], parts[2]), Digits(parts[1], parts[3])


def _enlarged(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
