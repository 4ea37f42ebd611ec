"""LIME's linear model: how it is fitted, when its top is settled, and how far it can be trusted.

Distances and regression are those of the lime package (Ribeiro, Singh & Guestrin 2016).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cnnvis_widgets.methods.sampling import counted

KERNEL_WIDTH = 0.25  # the lime package's, for pictures
CHECK = 10  # samples from one look at the top superpixels to the next
ROUNDING = 1e-6  # scores that differ by less than this share of the largest are the same
RESAMPLES = 20
NEARLY_ALL = RESAMPLES - 1


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A linear model of a score in what is kept of a picture.

    Attributes:
        weights: float64 (superpixels,): what each adds to the score when it is there.
        r2: how much of the score's (weighted) variance the model accounts for, at most 1; 1 where
            there is none.
        top: the superpixels that speak most for the score: the largest weights, of those above
            zero, the largest first.
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
        """The model without what chance gave to superpixels that hiding does not change.

        Args:
            changed: bool (superpixels,).
        """
        return replace(
            self,
            weights=np.where(changed, self.weights, 0.0),
            top=tuple(one for one in self.top if changed[one]),
            steady=tuple(one for one in self.steady if changed[one]),
        )


class Settling:
    """Watches the superpixels with the largest weights while samples come in.

    Every `CHECK` samples, later after every round (see `draws.counted`), the model is fitted to
    those so far; the equations are kept, so that a look costs one small linear system.
    """

    def __init__(self, superpixels: int, count: int, one_round: int = 0) -> None:
        self._count, self._round = count, one_round
        self._left = np.zeros((superpixels + 1, superpixels + 1))
        self._right = np.zeros(superpixels + 1)
        self._samples, self._since = 0, 0
        self._last = frozenset[int]()

    def add(self, kept: np.ndarray, scores: np.ndarray) -> None:
        """Take more samples in: kept (samples, superpixels), scores (samples,)."""
        importance, start = proximity(distances(kept)), 0
        while start < len(kept):
            look = self._next_look() - self._samples
            part = slice(start, start + look)
            left, right = _equations(kept[part], scores[part], importance[part])
            self._left += left
            self._right += right
            self._samples += len(kept[part])
            if len(kept[part]) == look:
                self._since, self._last = self.since(), self.top()
            start += look

    def _next_look(self) -> int:
        soon, first = self._samples // CHECK * CHECK + CHECK, 1 + self._round
        if not self._round or self._samples < first:
            return min(soon, first) if self._round else soon
        return counted(self._samples, self._round) + self._round

    def since(self) -> int:
        """The number of samples from which on the largest are those of now."""
        return self._since if self.top() == self._last else self._samples

    def top(self) -> frozenset[int]:
        """The superpixels with the largest weights now."""
        return _largest(_solve(self._left, self._right), self._count)


def fit(kept: np.ndarray, scores: np.ndarray, count: int, one_round: int = 0) -> Surrogate:
    """Fit the model, and fit it again to fewer and to resampled samples.

    Args:
        kept: as `draw` gives it.
        scores: (samples,).
        count: how many superpixels are called the top.
        one_round: as `draws.whole_round` gives it.

    Returns:
        The model; of scores that differ by rounding alone one whose weights are all exactly 0.
    """
    if np.ptp(scores) <= ROUNDING * np.abs(scores).max():
        nothing = np.zeros(kept.shape[1])
        return Surrogate(nothing, 1.0, (), 1, nothing, ())
    from lime.lime_base import LimeBase  # with scikit-learn, which takes seconds to load

    far = distances(kept)
    _, pairs, r2, _ = LimeBase(proximity).explain_instance_with_data(
        kept, scores[:, None], far, 0, kept.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(pairs)])
    importance = proximity(far)
    again = _resampled(kept, scores, importance, 2 if one_round else 1)
    tops = [_largest(fitted, count) for fitted in again]
    settling = Settling(kept.shape[1], count, one_round)
    settling.add(kept, scores)
    top = tuple(int(one) for one in np.argsort(-weights, kind="stable")[:count] if weights[one] > 0)
    return Surrogate(
        weights,
        float(r2),
        top,
        settling.since(),
        np.std(again, axis=0),
        tuple(one for one in top if sum(one in largest for largest in tops) >= NEARLY_ALL),
    )


def distances(kept: np.ndarray) -> np.ndarray:
    """The cosine distance of each copy's row of 0 and 1 to the whole picture's row of ones."""
    return 1 - np.sqrt(kept.mean(axis=1))


def proximity(distance: np.ndarray) -> np.ndarray:
    """How much a copy at that distance counts: an exponential kernel."""
    return np.sqrt(np.exp(-(distance**2) / KERNEL_WIDTH**2))


def _resampled(
    kept: np.ndarray, scores: np.ndarray, importance: np.ndarray, together: int
) -> list[np.ndarray]:
    """Weights fitted to as many samples drawn with replacement; the picture is in every draw."""
    rng = np.random.default_rng(0)
    others = len(kept) - 1
    units = -(-others // together)
    fits = []
    for _ in range(RESAMPLES):
        drawn = rng.multinomial(units, np.full(units, 1 / units)).repeat(together)[:others]
        times = np.concatenate([[1], drawn])
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
