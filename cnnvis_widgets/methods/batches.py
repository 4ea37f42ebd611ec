"""Batch sizes: how many inputs go through the network at once.

Measured on EfficientNet-Lite0 with two cores, milliseconds of processor time for each picture of
224 × 224, in batches of 1, 2, 4, 5, 8, 16, 32 and 50:
forward 39, 31, 24, 25, 25, 31, 35, 37; forward and backward 81, 73, 71, 67, 65, 78, 88, 89.
Larger batches fall out of the processor's cache, and their steps take too long to be cancelled in
between. Small pictures go in batches of as many pixels.
"""

from __future__ import annotations

from collections.abc import Iterator

FORWARD = 8 * 224 * 224
"""Pixels of a batch that only goes forward."""
BACKWARD = 5 * 224 * 224
"""Pixels of a batch that goes forward and backward."""
LARGEST = 64


def batches(
    total: int, shape: tuple[int, ...], pixels: int, at_once: int | None = None
) -> Iterator[range]:
    """The indices 0 … total - 1 in batches, in order.

    Args:
        total: the number of inputs.
        shape: of one input, (rows, columns, …).
        pixels: `FORWARD` or `BACKWARD`.
        at_once: the batch size, instead of the one from `pixels`.
    """
    size = at_once or max(1, min(LARGEST, pixels // (shape[0] * shape[1])))
    for start in range(0, total, size):
        yield range(start, min(start + size, total))


def shared_batches(
    pictures: int, samples: int, shape: tuple[int, ...], pixels: int
) -> Iterator[list[tuple[int, range]]]:
    """The inputs 0 … samples - 1 of every picture, in batches that may span several pictures.

    Args:
        pictures: the number of pictures.
        samples: the number of inputs per picture.
        shape: of one input, (rows, columns, …).
        pixels: `FORWARD` or `BACKWARD`.

    Example:
        >>> list(shared_batches(2, 3, (224, 224), 4 * 224 * 224))
        [[(0, range(0, 3)), (1, range(0, 1))], [(1, range(1, 3))]]
    """
    for batch in batches(pictures * samples, shape, pixels):
        ranges = []
        for picture in range(batch.start // samples, (batch.stop - 1) // samples + 1):
            first = picture * samples
            within = range(max(batch.start - first, 0), min(batch.stop - first, samples))
            ranges.append((picture, within))
        yield ranges
