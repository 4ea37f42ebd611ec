"""Scikit-learn's handwritten digits, preprocessed for LeNet-5. Scikit-learn includes them.

1797 digits by 13 people, 8 × 8 with 17 grey levels (Alpaydin & Kaynak, UCI repository, 1998).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError

SIDE = 32
PREFIX = "digit:"
HELD_OUT = 0.25  # share of each digit in the test set


class Digits(NamedTuple):
    """Pictures and labels.

    Attributes:
        pictures: uint8 (count, 32, 32), 0 is paper, 255 is ink.
        labels: int (count,), 0..9.
    """

    pictures: np.ndarray
    labels: np.ndarray


@functools.cache
def digits() -> tuple[Digits, Digits]:
    """All digits: the training set, and the test set (a quarter of them)."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    dataset = load_digits()
    levels = (dataset.images * (255 / 16)).round().astype(np.uint8)
    large = np.stack([_enlarged(picture) for picture in levels])
    split = train_test_split(
        large, dataset.target, test_size=HELD_OUT, random_state=0, stratify=dataset.target
    )
    return Digits(split[0], split[2]), Digits(split[1], split[3])


def by_name(name: str) -> np.ndarray:
    """The digit with this name, as a picture: "digit:17" is number 17 of the test set.

    Returns:
        uint8 (32, 32, 3), 0 is paper, 255 is ink.

    Raises:
        InvalidValueError: no such name.
    """
    held_out = digits()[1].pictures
    number = name.removeprefix(PREFIX)
    valid = name.startswith(PREFIX) and number.isascii() and number.isdecimal()
    if not valid or len(number) > 6 or int(number) >= len(held_out):
        raise InvalidValueError(
            f"A digit is called digit:0 to digit:{len(held_out) - 1}; got {name[:80]!r}."
        )
    return np.repeat(held_out[int(number)][:, :, None], 3, axis=2)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def from_drawing(drawing: np.ndarray) -> np.ndarray:
    """A drawing preprocessed as these digits: scaled to the picture, reduced to 8 × 8, enlarged.

    The digits were made in the same way: 32 × 32 bitmaps, with ink counted in blocks of 4 × 4.

    Args:
        drawing: bool (rows, columns), true is ink.

    Returns:
        uint8 (32, 32), 0 is paper, 255 is ink; all 0 if nothing was drawn.
    """
    bitmap = np.zeros((SIDE, SIDE), bool)
    rows, columns = np.nonzero(drawing)
    if rows.size:
        ink = np.asarray(drawing)[
            rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
        ].astype(np.uint8)
        factor = SIDE / max(ink.shape)
        high, wide = (max(1, round(n * factor)) for n in ink.shape)
        scaled = Image.fromarray(ink * 255).resize((wide, high), Image.Resampling.BILINEAR)
        top, left = (SIDE - high) // 2, (SIDE - wide) // 2
        bitmap[top : top + high, left : left + wide] = np.asarray(scaled) > 127
    counts = bitmap.reshape(8, 4, 8, 4).sum(axis=(1, 3))
    return _enlarged((counts * (255 / 16)).round().astype(np.uint8))
