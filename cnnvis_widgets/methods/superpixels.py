"""Superpixels: a picture cut into pieces of one colour, by scikit-image."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image

from cnnvis_widgets.methods.parameter import Parameter

SEGMENTATION = Parameter(
    "segmentation",
    "Segmentation",
    "choice",
    "quickshift",
    "how the picture is cut into superpixels: quickshift follows colour, slic gives even pieces, "
    "felzenszwalb follows edges",
    choices=("quickshift", "slic", "felzenszwalb"),
)
PIECES = Parameter(
    "pieces",
    "Superpixels",
    "integer",
    16,
    "how many superpixels at most: neighbours that are most alike in colour are joined, small ones "
    "first; 0: as they were cut",
    0,
    1000,
    1,
    unit="superpixels",
)
SMALL = 40  # what makes small pieces go first: a squared distance between colours, in CIELAB
LEAST = 224  # pixels of the shorter side of what quickshift cuts


def superpixels(picture: np.ndarray, segmentation: str, pieces: int = 0) -> np.ndarray:
    """The number of each pixel's superpixel.

    Args:
        picture: uint8 (rows, columns, 3).
        segmentation: one of `SEGMENTATION.choices`.
        pieces: how many there are at most; 0: as many as the segmentation makes.

    Returns:
        int (rows, columns), 0 … n - 1 without gaps, read-only.
    """
    return _segmented(np.ascontiguousarray(picture).tobytes(), picture.shape, segmentation, pieces)


@lru_cache(maxsize=16)  # quickshift takes half a second, and one picture is asked of many classes
def _segmented(
    colours: bytes, shape: tuple[int, ...], segmentation: str, pieces: int
) -> np.ndarray:
    if pieces:
        cut = _segmented(colours, shape, segmentation, 0)
        return joined(np.frombuffer(colours, np.uint8).reshape(shape), cut, pieces)
    from skimage import segmentation as ways

    picture = np.frombuffer(colours, np.uint8).reshape(shape)
    if segmentation == "quickshift":
        labels = _quickshift(picture)
    elif segmentation == "slic":
        labels = ways.slic(picture, n_segments=50, compactness=10, start_label=0)
    else:
        smallest = max(1, shape[0] * shape[1] // 250)
        labels = ways.felzenszwalb(picture, scale=100, sigma=0.5, min_size=smallest)
    _, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(shape[:2])
    numbers.setflags(write=False)
    return numbers


def joined(picture: np.ndarray, segments: np.ndarray, pieces: int) -> np.ndarray:
    """Join neighbours until so many are left.

    Those are joined for which the squared deviations from the pieces' mean colours rise least
    (Ward's criterion, in CIELAB); as if all pieces differed by `SMALL` more than they do.

    Args:
        picture: uint8 (rows, columns, 3).
        segments: int (rows, columns), 0 … n - 1.
        pieces: how many may be left.

    Returns:
        int (rows, columns), without gaps, read-only.
    """
    from skimage.color import rgb2lab

    count, numbers = int(segments.max()) + 1, segments.ravel()
    colours = rgb2lab(picture).reshape(-1, 3)
    size = np.bincount(numbers).astype(float)
    mean = np.stack([np.bincount(numbers, part) for part in colours.T], axis=1) / size[:, None]
    touch = np.zeros((count, count), bool)
    for one, other in ((segments[1:], segments[:-1]), (segments[:, 1:], segments[:, :-1])):
        touch[one, other] = touch[other, one] = True
    np.fill_diagonal(touch, False)
    number_of = np.arange(count)
    for _ in range(count - pieces):
        one, other = np.nonzero(np.triu(touch))
        apart = ((mean[one] - mean[other]) ** 2).sum(-1) + SMALL
        rise = apart * size[one] * size[other] / (size[one] + size[other])
        kept, gone = one[rise.argmin()], other[rise.argmin()]
        both = size[kept] + size[gone]
        mean[kept] = (mean[kept] * size[kept] + mean[gone] * size[gone]) / both
        size[kept] = both
        touch[kept] |= touch[gone]
        touch[:, kept] |= touch[:, gone]
        touch[gone] = touch[:, gone] = touch[kept, kept] = False
        number_of[number_of == gone] = kept
    _, number_of = np.unique(number_of, return_inverse=True)
    left = number_of[segments]
    left.setflags(write=False)
    return left


def _quickshift(picture: np.ndarray) -> np.ndarray:
    """Cut as the lime package does, whose settings are meant for pictures of 224 pixels or more.

    They count pixels: of a picture of 64 × 64 they make three pieces. A smaller one is enlarged
    for the cutting.
    """
    from skimage.segmentation import quickshift

    rows, columns = picture.shape[:2]
    scale = max(1.0, LEAST / min(rows, columns))
    size = (round(columns * scale), round(rows * scale))
    large = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    segments = quickshift(np.asarray(large), kernel_size=4, max_dist=200, ratio=0.2)
    row, column = (
        ((np.arange(n) + 0.5) * whole / n).astype(int)
        for n, whole in zip((rows, columns), segments.shape, strict=True)
    )
    return segments[row[:, None], column]


def colours(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A picture of a network's input, for want of the one that it was made from.

    Args:
        values: float32 (rows, columns, channels).
        low: the input of a black picture, `values`' shape.
        high: the input of a white one.

    Returns:
        uint8 (rows, columns, 3).
    """
    width = np.where(high > low, high - low, 1)
    made = np.rint(np.clip((values - low) / width, 0, 1) * 255).astype(np.uint8)
    return np.repeat(made, 3 // made.shape[2], axis=2)


def means(values: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Each superpixel's mean, at each of its pixels.

    Args:
        values: float32 (rows, columns, channels).
        segments: int (rows, columns).

    Returns:
        float32, the shape of `values`.
    """
    flat, numbers = values.reshape(segments.size, -1).astype(np.float64), segments.ravel()
    sums = np.stack([np.bincount(numbers, channel) for channel in flat.T], axis=-1)
    return (sums / np.bincount(numbers)[:, None]).astype(np.float32)[segments]
