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
SMALL = 40  # squared CIELAB distance added to every pair, so that small pieces are merged first
LEAST = 224  # smallest side of the picture that quickshift segments, in pixels


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


@lru_cache(maxsize=16)  # quickshift takes half a second, and one picture serves many classes
def _segmented(
    colours: bytes, shape: tuple[int, ...], segmentation: str, pieces: int
) -> np.ndarray:
    if pieces:
        segments = _segmented(colours, shape, segmentation, 0)
        return merge_regions(np.frombuffer(colours, np.uint8).reshape(shape), segments, pieces)
    from skimage import segmentation as algorithms

    picture = np.frombuffer(colours, np.uint8).reshape(shape)
    if segmentation == "quickshift":
        labels = _quickshift(picture)
    elif segmentation == "slic":
        labels = algorithms.slic(picture, n_segments=50, compactness=10, start_label=0)
    else:
        smallest = max(1, shape[0] * shape[1] // 250)
        labels = algorithms.felzenszwalb(picture, scale=100, sigma=0.5, min_size=smallest)
    _, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(shape[:2])
    numbers.setflags(write=False)
    return numbers


def merge_regions(picture: np.ndarray, segments: np.ndarray, pieces: int) -> np.ndarray:
    """Merge neighbours until `pieces` are left.

    Each step merges the neighbours whose squared deviations from their mean colours rise least
    (Ward's criterion, in CIELAB), with `SMALL` added to all squared distances.

    Args:
        picture: uint8 (rows, columns, 3).
        segments: int (rows, columns), 0 … n - 1.
        pieces: the number of superpixels to keep.

    Returns:
        int (rows, columns), without gaps, read-only.
    """
    from skimage.color import rgb2lab

    count, numbers = int(segments.max()) + 1, segments.ravel()
    colours = rgb2lab(picture).reshape(-1, 3)
    size = np.bincount(numbers).astype(float)
    sums = np.stack([np.bincount(numbers, channel) for channel in colours.T], axis=1)
    mean = sums / size[:, None]
    adjacent = np.zeros((count, count), bool)
    for first, second in ((segments[1:], segments[:-1]), (segments[:, 1:], segments[:, :-1])):
        adjacent[first, second] = adjacent[second, first] = True
    np.fill_diagonal(adjacent, False)
    number_of = np.arange(count)
    for _ in range(count - pieces):
        first, second = np.nonzero(np.triu(adjacent))
        distances = ((mean[first] - mean[second]) ** 2).sum(-1) + SMALL
        rise = distances * size[first] * size[second] / (size[first] + size[second])
        target, merged = first[rise.argmin()], second[rise.argmin()]
        joint_size = size[target] + size[merged]
        mean[target] = (mean[target] * size[target] + mean[merged] * size[merged]) / joint_size
        size[target] = joint_size
        adjacent[target] |= adjacent[merged]
        adjacent[:, target] |= adjacent[:, merged]
        adjacent[merged] = adjacent[:, merged] = adjacent[target, target] = False
        number_of[number_of == merged] = target
    _, number_of = np.unique(number_of, return_inverse=True)
    result = number_of[segments]
    result.setflags(write=False)
    return result


def _quickshift(picture: np.ndarray) -> np.ndarray:
    """Segment as the lime package does, whose settings are for pictures of 224 pixels or more.

    They are in pixels: a picture of 64 × 64 would get three pieces. Smaller pictures are enlarged
    before.
    """
    from skimage.segmentation import quickshift

    rows, columns = picture.shape[:2]
    scale = max(1.0, LEAST / min(rows, columns))
    size = (round(columns * scale), round(rows * scale))
    large = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    segments = quickshift(np.asarray(large), kernel_size=4, max_dist=200, ratio=0.2)
    row, column = (
        ((np.arange(n) + 0.5) * length / n).astype(int)
        for n, length in zip((rows, columns), segments.shape, strict=True)
    )
    return segments[row[:, None], column]


def colours(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """A picture of a network's input, if the original picture is not available.

    Args:
        values: float32 (rows, columns, channels).
        low: the input of a black picture, `values`' shape.
        high: the input of a white one.

    Returns:
        uint8 (rows, columns, 3).
    """
    width = np.where(high > low, high - low, 1)
    picture = np.rint(np.clip((values - low) / width, 0, 1) * 255).astype(np.uint8)
    return np.repeat(picture, 3 // picture.shape[2], axis=2)


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
