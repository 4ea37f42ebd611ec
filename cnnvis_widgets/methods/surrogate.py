"""LIME's linear model: what is drawn, how it is fitted, and how far it can be trusted.

Draws, distances and regression are those of the lime package (Ribeiro, Singh & Guestrin 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KERNEL_WIDTH = 0.25  # the lime package's, for pictures
CHECK = 10  # samples from one look at the top superpixels to the next
RESAMPLES = 20
NEARLY_ALL = RESAMPLES - 1


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A linear model of a score in what is kept of a picture.

    Attributes:
        weights: float64 (superpixels,): what each adds to the score when it is there.
        r2: how much of the score's (weighted) variance the model accounts for, at most 1.
        top: the superpixels that speak most for the score: the largest weights, of those above
            zero, the largest first.
        stable_since: the number of samples from which on the superpixels with the largest weights
            are the same.
        spread: float64 (superpixels,): by how much each weight would move with another seed, the
            standard deviation over fits to resampled samples (Efron's bootstrap).
        steady: those of `top` that are among the largest in nearly all of these fits.
    """

    weights: np.ndarray
    r2: float
    top: tuple[int, ...]
    stable_since: int
    spread: np.ndarray
    steady: tuple[int, ...]


def draw(samples: int, superpixels: int, seed: int) -> np.ndarray:
    """Which superpixels each copy keeps, as the lime package draws it from the same seed.

    Returns:
        int (samples, superpixels) of 0 and 1; the first row is the whole picture.
    """
    kept = np.random.RandomState(seed % 2**32).randint(0, 2, samples * superpixels)
    kept = kept.reshape(samples, superpixels)
    kept[0] = 1
    return kept


def fit(kept: np.ndarray, scores: np.ndarray, count: int) -> Surrogate:
    """Fit the model, and fit it again to fewer and to resampled samples.

    Args:
        kept: as `draw` gives it.
        scores: (samples,).
        count: how many superpixels are called the top.
    """
    from lime.lime_base import LimeBase  # with scikit-learn, which takes seconds to load

    far = distances(kept)
    _, pairs, r2, _ = LimeBase(proximity).explain_instance_with_data(
        kept, scores[:, None], far, 0, kept.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(pairs)])
    importance = proximity(far)
    again = _resampled(kept, scores, importance)
    tops = [_largest(fitted, count) for fitted in again]
    top = tuple(int(one) for one in np.argsort(-weights, kind="stable")[:count] if weights[one] > 0)
    return Surrogate(
        weights,
        float(r2) if np.ptp(scores) else 1.0,  # a constant is accounted for in full
        top,
        _stable_since(kept, scores, importance, count),
        np.std(again, axis=0),
        tuple(one for one in top if sum(one in largest for largest in tops) >= NEARLY_ALL),
    )


def distances(kept: np.ndarray) -> np.ndarray:
    """The cosine distance of each copy's row of 0 and 1 to the whole picture's row of ones."""
    return 1 - np.sqrt(kept.mean(axis=1))


def proximity(distance: np.ndarray) -> np.ndarray:
    """How much a copy at that distance counts: an exponential kernel."""
    return np.sqrt(np.exp(-(distance**2) / KERNEL_WIDTH**2))


def _stable_since(kept: np.ndarray, scores: np.ndarray, importance: np.ndarray, count: int) -> int:
    size = kept.shape[1] + 1
    left, right = np.zeros((size, size)), np.zeros(size)
    since, last = 0, frozenset[int]()
    for start in range(0, len(kept), CHECK):
        part = slice(start, start + CHECK)
        more_left, more_right = _equations(kept[part], scores[part], importance[part])
        left, right = left + more_left, right + more_right
        largest = _largest(_solve(left, right), count)
        if largest != last:
            since, last = min(start + CHECK, len(kept)), largest
    return since


def _resampled(kept: np.ndarray, scores: np.ndarray, importance: np.ndarray) -> list[np.ndarray]:
    """Weights fitted to as many samples drawn with replacement; the picture is in every draw."""
    rng = np.random.default_rng(0)
    others = len(kept) - 1
    fits = []
    for _ in range(RESAMPLES):
        times = np.concatenate([[1], rng.multinomial(others, np.full(others, 1 / others))])
        fits.append(_solve(*_equations(kept, scores, importance * times)))
    return fits


def _equations(
    kept: np.ndarray, scores: np.ndarray, importance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of the regression's normal equations, the intercept first."""
    columns = np.column_stack([np.ones(len(kept)), kept])
    weighted = columns.T * importance
    return weighted @ columns, weighted @ scores


def _solve(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The weights: ridge regression with a penalty of 1, the intercept free."""
    penalty = np.ones(len(right))
    penalty[0] = 0
    return np.linalg.solve(left + np.diag(penalty), right)[1:]


def _largest(weights: np.ndarray, count: int) -> frozenset[int]:
    return frozenset(np.argsort(-weights, kind="stable")[:count].tolist())
