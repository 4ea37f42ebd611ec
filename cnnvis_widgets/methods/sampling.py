"""Masks of superpixels for LIME: independent coin tosses, or the rows of a Kerdock code.

LIME hides a random half of the superpixels in each copy. The lime package tosses a coin for each
superpixel. A balanced draw is an orthogonal array (Hedayat, Sloane & Stufken, Orthogonal Arrays,
1999): each row by itself is as random, but every combination of a few superpixels occurs equally
often, so that interactions of two, three or four of them do not bias the weight of one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnvis_widgets.methods.parameter import Parameter

DRAW = Parameter(
    "draw",
    "Sampling",
    "choice",
    "balanced",
    "how the kept regions are chosen; balanced: evenly, in pairs of a copy and its opposite; "
    "random: by tosses of a coin, as the lime package does it",
    choices=("balanced", "random"),
)
# Irreducible polynomials over GF(2), as bits, by degree: for fields of 8, 32, 128, 512 elements.
FIELDS = {3: 0b1011, 5: 0b100101, 7: 0b10000011, 9: 0b1000010001}
LARGEST = 2 ** (1 + max(FIELDS))  # superpixels that a balanced draw can have


def draw(samples: int, superpixels: int, seed: int, way: str = "random") -> np.ndarray:
    """Which superpixels each copy keeps. A smaller draw is a prefix of a larger one.

    Args:
        samples: how many copies.
        superpixels: the number of superpixels.
        seed: the same seed gives the same draw.
        way: one of `DRAW.choices`.

    Returns:
        int (samples, superpixels) of 0 and 1; the first row is the whole picture.
    """
    if way == "random":
        # The same numbers as the lime package, which draws them all at once.
        masks = np.random.RandomState(seed % 2**32).randint(0, 2, samples * superpixels)
        masks = masks.reshape(samples, superpixels)
        masks[0] = 1
        return masks
    rows, count = [np.ones((1, superpixels), int)], 1
    for block in balanced(superpixels, np.random.default_rng(seed)):
        if count >= samples:
            break
        rows.append(block)
        count += len(block)
    return np.concatenate(rows)[:samples]


def whole_round(superpixels: int, way: str) -> int:
    """The number of samples of a complete code, after the first sample; 0: there is no code.

    Part of a code is much less balanced than a complete one, and makes an estimate worse. So after
    the first one, only complete codes are used.
    """
    degree = _degree(superpixels)
    return 4 ** (degree + 1) if way == "balanced" and degree else 0


def balanced_count(samples: int, one_round: int) -> int:
    """How many of the samples are used: all, or after a complete round only complete rounds."""
    if not one_round or samples <= one_round:
        return samples
    return 1 + (samples - 1) // one_round * one_round


def balanced(superpixels: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Blocks of rows of 0 and 1, without end; each row is followed by its opposite.

    With m the smallest even number, at least 4, for which 2^m superpixels are enough: in a block
    (2^(m + 1) rows) any three superpixels, in 2^(m - 1) blocks (a Kerdock code, 2^(2m) rows) any
    five are kept and hidden in every combination equally often. For up to 16 superpixels that is
    after 32 and after 256 rows. More than `LARGEST` are drawn by coin tosses, in opposite pairs.
    """
    degree = _degree(superpixels)
    size = 2 ** (degree + 1) if degree else 2 ** (max(FIELDS) + 1)
    numbers = np.arange(size)
    linear_code = np.bitwise_count(numbers[:, None] & numbers) & 1 if degree else None
    while True:
        # Another equivalent code: columns shuffled, some of them inverted.
        columns, turned = rng.permutation(size)[:superpixels], rng.integers(0, 2, superpixels)
        for element in rng.permutation(size // 2):
            if linear_code is None:
                rows = rng.integers(0, 2, (size, superpixels))
            else:
                bent = _bent(int(element), degree)
                rows = (rng.permutation(linear_code ^ bent)[:, columns] ^ turned).astype(int)
            yield np.stack([rows, 1 - rows], axis=1).reshape(-1, superpixels)


def _degree(superpixels: int) -> int:
    """The least degree of a field that is large enough, 0 if there is none."""
    return next((degree for degree in FIELDS if 2 ** (degree + 1) >= superpixels), 0)


def _bent(element: int, degree: int) -> np.ndarray:
    """0 or 1 for each of 2^(degree + 1) points, quadratic: one coset of the Kerdock code.

    Points are pairs (x, e) of a field's element and a bit. With y the product of x and `element`
    it is tr(y^3 + y^5 + y^9 + …) + e · tr(y), and the sum of two of these functions is bent
    (MacWilliams & Sloane, The Theory of Error-Correcting Codes, 1977, chapter 15 §5).
    """
    y = _product(np.arange(2**degree), np.full(2**degree, element), degree)
    power, quadratic = y, np.zeros_like(y)
    for _ in range((degree - 1) // 2):
        power = _product(power, power, degree)
        quadratic ^= _trace(_product(power, y, degree), degree)
    return np.concatenate([quadratic, quadratic ^ _trace(y, degree)])


def _trace(values: np.ndarray, degree: int) -> np.ndarray:
    """The sum of x, x², x⁴, …, which is 0 or 1."""
    total, power = values, values
    for _ in range(degree - 1):
        power = _product(power, power, degree)
        total = total ^ power
    return total


def _product(left: np.ndarray, right: np.ndarray, degree: int) -> np.ndarray:
    """The product of elements of the field with 2^degree elements."""
    product = np.zeros_like(left)
    for bit in reversed(range(degree)):
        product <<= 1
        product ^= np.where(product >> degree, FIELDS[degree], 0)
        product ^= np.where(right >> bit & 1, left, 0)
    return product
