"""LIME's linear model: its fit, the stability of its top superpixels, and its uncertainty.

Distances and regression are those of the lime package (Ribeiro, Singh & Guestrin 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnvis_widgets.methods.sampling import balanced_count

KERNEL_WIDTH = 0.25  # the lime package's, for pictures
CHECK = 10  # samples between checks of the top superpixels
ROUNDING = 1e-6  # scores that differ by less than this share of the largest are the same
RESAMPLES = 20
NEARLY_ALL = RESAMPLES - 1


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A linear model of a score as a function of the superpixels that are kept.

    Attributes:
        weights: float64 (superpixels,): what each adds to the score when it is kept.
        r2: how much of the score's (weighted) variance the model accounts for, at most 1; 1 where
            there is none.
        top: the superpixels with the largest positive weights, the largest first.
        stable_since: the number of samples from which on the superpixels with the largest weights
            are the same.
        spread: float64 (superpixels,): by how much each weight would move with another seed, the
            standard deviation over fits to resampled samples (Efron's bootstrap). Of a balanced
            draw an upper bound, since resampling spoils the balance: two or three times too large.
        steady: those of `top` that are among the largest in nearly all of these fits.
    """

    weights: np.ndarray
    r2: float
    top: tuple[int, ...]
    stable_since: int
    spread: np.ndarray
    steady: tuple[int, ...]

    def only(self, changed: np.ndarray) -> Surrogate:
        """The model with zero weights for superpixels that hiding does not change.

        Args:
            changed: bool (superpixels,).
        """
        return replace(
            self,
            weights=np.where(changed, self.weights, 0.0),
            top=tuple(superpixel for superpixel in self.top if changed[superpixel]),
            steady=tuple(superpixel for superpixel in self.steady if changed[superpixel]),
        )


class StabilityMonitor:
    """Tracks the superpixels with the largest weights while samples come in.

    Every `CHECK` samples, later after every round (see `sampling.balanced_count`), the model is
    fitted to the samples so far; the equations are kept, so a check costs one small linear system.
    """

    def __init__(self, superpixels: int, count: int, one_round: int = 0) -> None:
        self._count, self._round = count, one_round
        self._left = np.zeros((superpixels + 1, superpixels + 1))
        self._right = np.zeros(superpixels + 1)
        self._samples, self._since = 0, 0
        self._last = frozenset[int]()

    def add(self, masks: np.ndarray, scores: np.ndarray) -> None:
        """Add samples: masks (samples, superpixels), scores (samples,)."""
        importance, start = proximity(distances(masks)), 0
        while start < len(masks):
            look = self._next_look() - self._samples
            rows = slice(start, start + look)
            left, right = _equations(masks[rows], scores[rows], importance[rows])
            self._left += left
            self._right += right
            self._samples += len(masks[rows])
            if len(masks[rows]) == look:
                self._since, self._last = self.since(), self.top()
            start += look

    def _next_look(self) -> int:
        next_check, first_round = self._samples // CHECK * CHECK + CHECK, 1 + self._round
        if not self._round or self._samples < first_round:
            return min(next_check, first_round) if self._round else next_check
        return balanced_count(self._samples, self._round) + self._round

    def since(self) -> int:
        """The number of samples since which the top superpixels are the current ones."""
        return self._since if self.top() == self._last else self._samples

    def top(self) -> frozenset[int]:
        """The superpixels with the largest current weights."""
        return _largest(_solve(self._left, self._right), self._count)


def fit(masks: np.ndarray, scores: np.ndarray, count: int, one_round: int = 0) -> Surrogate:
    """Fit the model, and fit it again to fewer and to resampled samples.

    Args:
        masks: as `draw` gives it.
        scores: (samples,).
        count: the number of top superpixels.
        one_round: as `sampling.whole_round` gives it.

    Returns:
        The model; if the scores differ by rounding only, all weights are exactly 0.
    """
    if np.ptp(scores) <= ROUNDING * np.abs(scores).max():
        nothing = np.zeros(masks.shape[1])
        return Surrogate(nothing, 1.0, (), 1, nothing, ())
    from lime.lime_base import LimeBase  # with scikit-learn, which takes seconds to load

    distance = distances(masks)
    _, pairs, r2, _ = LimeBase(proximity).explain_instance_with_data(
        masks, scores[:, None], distance, 0, masks.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(pairs)])
    importance = proximity(distance)
    resampled = _resampled(masks, scores, importance, 2 if one_round else 1)
    tops = [_largest(fitted, count) for fitted in resampled]
    stability = StabilityMonitor(masks.shape[1], count, one_round)
    stability.add(masks, scores)
    top = tuple(
        int(superpixel)
        for superpixel in np.argsort(-weights, kind="stable")[:count]
        if weights[superpixel] > 0
    )
    return Surrogate(
        weights,
        float(r2),
        top,
        stability.since(),
        np.std(resampled, axis=0),
        tuple(
            superpixel
            for superpixel in top
            if sum(superpixel in largest for largest in tops) >= NEARLY_ALL
        ),
    )


def distances(masks: np.ndarray) -> np.ndarray:
    """The cosine distance of each copy's row of 0 and 1 to the whole picture's row of ones."""
    return 1 - np.sqrt(masks.mean(axis=1))


def proximity(distance: np.ndarray) -> np.ndarray:
    """How much a copy at that distance counts: an exponential kernel."""
    return np.sqrt(np.exp(-(distance**2) / KERNEL_WIDTH**2))


def _resampled(
    masks: np.ndarray, scores: np.ndarray, importance: np.ndarray, block_size: int
) -> list[np.ndarray]:
    """Weights fitted to bootstrap resamples; the picture itself is in each of them."""
    rng = np.random.default_rng(0)
    copies = len(masks) - 1
    units = -(-copies // block_size)
    fits = []
    for _ in range(RESAMPLES):
        repeats = rng.multinomial(units, np.full(units, 1 / units)).repeat(block_size)[:copies]
        counts = np.concatenate([[1], repeats])
        fits.append(_solve(*_equations(masks, scores, importance * counts)))
    return fits


def _equations(
    masks: np.ndarray, scores: np.ndarray, importance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of the regression's normal equations, the intercept first."""
    columns = np.column_stack([np.ones(len(masks)), masks])
    weighted = columns.T * importance
    return weighted @ columns, weighted @ scores


def _solve(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The weights: ridge regression with a penalty of 1, the intercept free."""
    penalty = np.ones(len(right))
    penalty[0] = 0
    return np.linalg.solve(left + np.diag(penalty), right)[1:]


def _largest(weights: np.ndarray, count: int) -> frozenset[int]:
    return frozenset(np.argsort(-weights, kind="stable")[:count].tolist())
