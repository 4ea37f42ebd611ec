"""Kernel SHAP: each superpixel's Shapley value, by a weighted regression over coalitions."""

from __future__ import annotations

from functools import partial
from math import comb

import numpy as np

from cnnvis_widgets.backend.coverage import Coverage
from cnnvis_widgets.methods.batches import FORWARD, batches
from cnnvis_widgets.methods.contract import Answer, Method, Question
from cnnvis_widgets.methods.covering import UNCHANGED
from cnnvis_widgets.methods.lime import COLOUR, hidden_input
from cnnvis_widgets.methods.masking import MaskedCopies, changed
from cnnvis_widgets.methods.parameter import Parameter
from cnnvis_widgets.methods.superpixels import PIECES, SEGMENTATION, colours, superpixels

RESAMPLES = 20
SAMPLES = Parameter(
    "samples",
    "Coalitions",
    "integer",
    1000,
    "how many pictures with hidden superpixels; where there are no more coalitions than that (up "
    "to 9 superpixels with 1000) each is asked once and the values are exact",
    10,
    100000,
    10,
    unit="coalitions",
)


class KernelShap(Method):
    """φ that minimises Σ_z π(z) (a(z) - a(∅) - Σ_i z_i φ_i)², with Σ_i φ_i = a(x) - a(∅).

    z says which superpixels are shown, π(z) = (n - 1) / (C(n, |z|) |z| (n - |z|)). Over all z the φ
    are the Shapley values (the paper's theorem 2). Where these are too many, z and its opposite are
    drawn with a probability in proportion to π. Superpixels that hiding does not change are no
    players and get exactly 0. The game is the neuron's value, before softmax.
    """

    name = "kernel_shap"
    title = "Kernel SHAP"
    summary = "each superpixel's fair share of what the whole picture adds to the neuron"
    paper = (
        "Lundberg & Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017, "
        "arXiv:1705.07874; opposite pairs: Covert & Lee, AISTATS 2021, arXiv:2012.01536"
    )
    section = "not in the thesis"
    order = 62
    gradient_based = False
    resolution = "low"
    needs_training = True
    weaknesses = (
        "Another segmentation or hide colour is another game with other values, and most of its "
        "pictures are unlike any that the network has seen. Slow."
    )
    signed = True
    unit = "Shapley value (activation)"
    random = True
    parameters = (SAMPLES, SEGMENTATION, PIECES, COLOUR)

    def answer(self, question: Question) -> Answer:
        """One forward pass for each coalition, in batches, and one regression."""
        network, parameters = question.network, question.parameters
        neuron, value = network.resolved(question.input, question.neuron)
        picture = question.picture
        if picture is None:
            picture = colours(question.input, *network.bounds)
        segments = superpixels(picture, parameters["segmentation"], parameters["pieces"])
        hidden = hidden_input(question, segments)
        base = float(network.values(hidden[None], neuron)[0])
        players = np.flatnonzero(changed(question.input, hidden, segments))
        masks, importance, exact = coalitions(
            len(players), parameters["samples"], np.random.default_rng(question.seed)
        )
        samples, superpixel_count = len(masks), int(segments.max()) + 1
        masked_copies = MaskedCopies(question.input, hidden, segments)
        values = np.empty(samples)

        def so_far(completed: int) -> Answer:
            weights = np.zeros(superpixel_count)
            sample = masks[:completed], importance[:completed], values[:completed] - base
            total = value - base if len(players) else 0.0
            weights[players] = shares(*sample, total)
            deviation = 0.0 if exact else _seed_deviation(*sample, total)
            return Answer(
                neuron.unit,
                value,
                Coverage({"all layers": "forward passes only"}),
                weights.astype(np.float32)[segments][..., None],
                notes=_notes(
                    weights, base, value, len(players), None if exact else (completed, deviation)
                ),
                details={
                    **{"weights": weights, "base": base, "exact": exact, "spread": deviation},
                    **{"samples": completed, "segments": segments},
                },
                parameters={} if completed == samples else {"samples": completed},
            )

        question.progress(0, samples)
        for batch in batches(samples, question.input.shape, FORWARD):
            shown_superpixels = np.ones((len(batch), superpixel_count), int)
            shown_superpixels[:, players] = masks[batch.start : batch.stop]
            values[batch.start : batch.stop] = network.values(
                masked_copies.copies(shown_superpixels), neuron
            )
            question.progress(batch.stop, samples)
            if not exact and max(10, 2 * len(players)) <= batch.stop < samples:
                question.preview(partial(so_far, batch.stop))
        return so_far(samples)

    def reduce(self, attribution: np.ndarray) -> np.ndarray:
        """The values themselves."""
        return attribution[..., 0]


def coalitions(
    players: int, samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Coalitions as masks, their weights, and whether these are all coalitions.

    Args:
        players: the number of players.
        samples: the largest number of coalitions; a smaller draw is a prefix of a larger one.
        rng: draws the coalitions.

    Returns:
        int (coalitions, players) of 0 and 1 without the empty and the full one; float64
        (coalitions,); bool.

    Example:
        >>> kept, importance, exact = coalitions(3, 10, np.random.default_rng(0))
        >>> kept.sum(1).tolist(), exact
        ([1, 1, 2, 1, 2, 2], True)
    """
    if players < 2:
        return np.zeros((0, players), int), np.zeros(0), True
    sizes = np.arange(1, players)
    mass = (players - 1) / (sizes * (players - sizes))  # total weight of all coalitions of a size
    if 2**players - 2 <= samples:
        numbers = np.arange(1, 2**players - 1)
        masks = numbers[:, None] >> np.arange(players) & 1
        counts = np.array([comb(players, int(size)) for size in sizes])
        return masks, (mass / counts)[masks.sum(1) - 1], True
    masks = np.zeros((samples + 1, players), int)
    for pair in range(0, samples, 2):
        size = rng.choice(sizes, p=mass / mass.sum())
        masks[pair, rng.permutation(players)[:size]] = 1
        masks[pair + 1] = 1 - masks[pair]
    return masks[:samples], np.ones(samples), False


def shares(
    masks: np.ndarray, importance: np.ndarray, gains: np.ndarray, total: float
) -> np.ndarray:
    """The regression's coefficients, whose sum is `total`: float64 (players,).

    Args:
        masks: as `coalitions` gives it.
        importance: (coalitions,).
        gains: (coalitions,), the value of each minus that of the empty one.
        total: the gain of the full coalition.
    """
    players = masks.shape[1]
    if players < 2:
        return np.full(players, total)
    equal_share = total / players
    # The deviations from equal shares add up to 0: so do these rows, and with them the solution.
    share = masks.mean(1, keepdims=True)
    root = np.sqrt(importance)
    left = (masks - share) * root[:, None]
    right = (gains - masks.sum(1) * equal_share) * root
    return equal_share + np.linalg.lstsq(left, right, rcond=None)[0]


def _seed_deviation(
    masks: np.ndarray, importance: np.ndarray, gains: np.ndarray, total: float
) -> float:
    """The uncertainty of a value over seeds: the median over the superpixels.

    The bootstrap standard deviation: regressions on opposite pairs drawn with replacement.
    """
    rng, pairs = np.random.default_rng(0), len(masks) // 2
    fits = []
    for _ in range(RESAMPLES):
        pair_indices = rng.integers(pairs, size=pairs)
        rows = np.stack([2 * pair_indices, 2 * pair_indices + 1], 1).ravel()
        fits.append(shares(masks[rows], importance[rows], gains[rows], total))
    return float(np.median(np.std(fits, axis=0)))


def _notes(
    weights: np.ndarray, base: float, value: float, players: int, estimate: tuple[int, float] | None
) -> tuple[str, ...]:
    if not players:
        return (UNCHANGED,)
    notes: tuple[str, ...] = (
        f"With every superpixel hidden the neuron is {base:.4g}, with the picture {value:.4g}; the "
        f"{len(weights)} values add up to the difference.",
    )
    if players < len(weights):
        notes += (f"Hiding {len(weights) - players} of them changes nothing: these are exactly 0.",)
    if estimate is None:
        return (*notes, "All coalitions were asked: these are the Shapley values.")
    samples, deviation = estimate
    too_few = " Fewer than the superpixels: the values are hardly determined." * (samples < players)
    return (
        *notes,
        f"{samples} coalitions were drawn; with another seed a value would move by about "
        f"{deviation:.2g} (the largest is {weights[np.abs(weights).argmax()]:.2g}).{too_few}",
    )
