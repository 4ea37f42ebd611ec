"""Which superpixels each of LIME's copies keeps: tosses of a coin, or the rows of a Kerdock code.

LIME asks for copies with a random half of the superpixels hidden, and leaves open how the halves
are drawn. Independent tosses are the lime package's way. A balanced draw is an orthogonal array
(Hedayat, Sloane & Stufken, Orthogonal Arrays, 1999): each row taken by itself is as random, but any
few superpixels are together in every combination equally often, so that what two, three or four of
them do only together is not mistaken for what one of them does.
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
    """Which superpixels each copy keeps. Fewer samples are the first ones of more.

    Args:
        samples: how many copies.
        superpixels: how many there are to keep or hide.
        seed: the same one gives the same draw.
        way: one of `DRAW.choices`.

    Returns:
        int (samples, superpixels) of 0 and 1; the first row is the whole picture.
    """
    if way == "random":
        # The very numbers of the lime package, which draws them all at once and has these ones.
        kept = np.random.RandomState(seed % 2**32).randint(0, 2, samples * superpixels)
        kept = kept.reshape(samples, superpixels)
        kept[0] = 1
        return kept
    rows, many = [np.ones((1, superpixels), int)], 1
    for some in balanced(superpixels, np.random.default_rng(seed)):
        if many >= samples:
            break
        rows.append(some)
        many += len(some)
    return np.concatenate(rows)[:samples]


def whole_round(superpixels: int, way: str) -> int:
    """How many samples after the first make a draw balanced again: a code; 0: it never is.

    Part of a code is much less balanced than a whole one, and adding it to one makes an estimate
    worse, not better. So once there is one, whole codes count.
    """
    degree = _degree(superpixels)
    return 4 ** (degree + 1) if way == "balanced" and degree else 0


def counted(samples: int, one_round: int) -> int:
    """How many of so many samples count: all, or the first and whole rounds once there is one."""
    if not one_round or samples <= one_round:
        return samples
    return 1 + (samples - 1) // one_round * one_round


def balanced(superpixels: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Blocks of rows of 0 and 1, without end; each row is followed by its opposite.

    With m the smallest even number, at least 4, for which 2^m superpixels are enough: in a block
    (2^(m + 1) rows) any three superpixels, in 2^(m - 1) blocks (a Kerdock code, 2^(2m) rows) any
    five are kept and hidden in every combination equally often. For up to 16 superpixels that is
    after 32 and after 256 rows. More than `LARGEST` are tossed for, in opposite pairs.
    """
    degree = _degree(superpixels)
    size = 2 ** (degree + 1) if degree else 2 ** (max(FIELDS) + 1)
    numbers = np.arange(size)
    lines = np.bitwise_count(numbers[:, None] & numbers) & 1 if degree else None
    while True:
        # Another code, as good as the first: its columns shuffled, some of them turned over.
        columns, turned = rng.permutation(size)[:superpixels], rng.integers(0, 2, superpixels)
        for element in rng.permutation(size // 2):
            if lines is None:
                rows = rng.integers(0, 2, (size, superpixels))
            else:
                bent = _bent(int(element), degree)
                rows = (rng.permutation(lines ^ bent)[:, columns] ^ turned).astype(int)
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
