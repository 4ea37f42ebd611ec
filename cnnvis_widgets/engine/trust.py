"""Four checks of whether a map can be trusted.

Each gives a verdict and a sentence. docs/trust.md explains the limits and lists the results of
every method.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.engine.requests import Explain, Library, Preview, Step, no_preview
from cnnvis_widgets.engine.similarity import edges, spearman
from cnnvis_widgets.errors import UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.variants.randomization import Cascade
    from cnnvis_widgets.methods.explanation import Explanation

GOOD, DOUBTFUL, BAD, OPEN = "good", "doubtful", "bad", "open"

MOST_UNTREATED = 0.25
"""Share of untreated layers from which the verdict is bad; our choice."""

ENOUGH = 0.05
"""Relative error of a sum that the paper of integrated gradients accepts (its section 5)."""

TOO_FAR = 0.25
"""Relative error of a sum beyond which the verdict is bad; our choice."""

FORGETS, REMEMBERS = 0.5, 0.9
"""Rank correlation with a random top layer: good below the first, bad from the second."""

UNLIKE, ALIKE = 0.5, 0.9
"""Rank correlation with an edge detector: good below the first, bad from the second."""

LARGEST_COPY = 60_000_000
"""The most parameters of a network that is copied: 240 MB."""


class Check(NamedTuple):
    """One check of a map.

    Attributes:
        name: "coverage", "sum", "edges" or "random_top".
        verdict: "good", "doubtful", "bad", or "open" if undecided.
        value: the measured value, or None.
        sentence: the result in words.
    """

    name: str
    verdict: str
    value: float | None
    sentence: str


@dataclass(frozen=True)
class MapCheckRequest(Explain, ABC):
    """A request for checks of the map that an equal `Explain` computes."""

    def perform(  # type: ignore[override]
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[Check, ...]:
        """See `Check`; empty for a method that synthesises a picture."""
        explanation = library.cached_explanation(self) or self.explanation(library, step)
        return () if explanation.attribution is None else self.checks(explanation, library, step)

    @abstractmethod
    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """The checks of a map."""


@dataclass(frozen=True)
class TrustChecks(MapCheckRequest):
    """The quick checks: coverage, sum, similarity to edges."""

    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """The check of coverage, and those of sum and edges where they apply."""
        coverage = coverage_check(explanation, len(library.network(self.network).layers))
        return coverage, *filter(None, (sum_check(explanation), edges_check(explanation)))


@dataclass(frozen=True)
class RandomTopLayer(MapCheckRequest):
    """Compare the map with that of a randomised top layer (Adebayo et al. 2018)."""

    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """One check, with verdict "open" if the network cannot be copied."""
        network = library.network(self.network)
        if network.model.count_params() > LARGEST_COPY:
            return (_unchecked("the network is too large to be copied on the side"),)
        try:
            return (self._checked(network, library, explanation, step),)
        except UnsuitableError as error:
            return (_unchecked(str(error).split(":")[0].rstrip(".")),)

    def _checked(
        self, network: Network, library: Library, explanation: Explanation, step: Step
    ) -> Check:
        from cnnvis_widgets.backend.digest import network_digest
        from cnnvis_widgets.backend.variants.randomization import Cascade
        from cnnvis_widgets.engine.explain import compute, pixels_of

        step(0, 4)
        copy: Cascade = library.cached(
            (self.network, network_digest(network)),
            lambda: Cascade(network, step=lambda: step(0, 4)),
        )
        step(1, 4)
        try:
            count = reaching(copy, network.prepare(pixels_of(self.image)).input, explanation)
            likenesses = []
            for draw, mirrored in enumerate((False, True)):
                copy.randomise(count, mirrored)
                step(2 + draw, 4)
                randomised = compute(
                    copy.network, self.image, self.method, explanation.neuron, self.seed, step,
                    self.parameters,
                )  # fmt: skip
                likenesses.append(likeness(explanation, randomised))
        finally:
            copy.randomise(0)
        return random_top_check(likenesses, copy.layers[count - 1])


def reaching(copy: Cascade, pixels: np.ndarray, explanation: Explanation) -> int:
    """How many layers from the top must be randomised for the neuron's value to change.

    Args:
        copy: a copy with the trained weights.
        pixels: float32 (rows, columns, channels), the input.
        explanation: gives the neuron.
    """
    neuron, count = explanation.neuron, 1
    original = copy.network.values(pixels[None], neuron)
    if neuron.layer is not None:
        paths = [call.path for call in copy.network.structure.forward.calls]
        last_call = {path: index for index, path in enumerate(paths)}
        above = [
            path
            for path in copy.layers
            if last_call[path] > last_call.get(neuron.layer, len(paths))
        ]
        count = min(len(above) + 1, len(copy.layers))
    while True:
        copy.randomise(count)
        if (
            count == len(copy.layers)
            or (copy.network.values(pixels[None], neuron) != original).any()
        ):
            return count
        count += 1


def likeness(first: Explanation, second: Explanation) -> float | None:
    """Spearman's correlation of the absolute attributions, as in docs/randomisation.md.

    Returns:
        None if the second map is zero everywhere.
    """
    assert first.attribution is not None
    assert second.attribution is not None
    if not second.attribution.any():
        return None
    sizes = [np.abs(a).sum(-1, dtype=np.float64) for a in (first.attribution, second.attribution)]
    return spearman(*sizes)


def coverage_check(explanation: Explanation, layers: int) -> Check:
    """Whether the method could be applied to every layer as published.

    Args:
        explanation: the map.
        layers: the number of layers of the network.
    """
    count = len(explanation.coverage.untreated)
    if not count:
        return Check("coverage", GOOD, 0.0, "The method was applied as published to every layer.")
    verdict = BAD if count >= MOST_UNTREATED * layers else DOUBTFUL
    return Check("coverage", verdict, float(count), explanation.coverage.warning)


def sum_check(explanation: Explanation) -> Check | None:
    """Whether the shares add up to the sum that the method guarantees; None without a guarantee."""
    expected = explanation.method.promised(explanation)
    if expected is None:
        return None
    assert explanation.attribution is not None
    total = float(explanation.attribution.sum(dtype=np.float64))
    if expected == 0:
        return Check("sum", OPEN, None, "There is nothing to share out: the neuron is not active.")
    error = abs(total - expected) / abs(expected)
    verdict = GOOD if error <= ENOUGH else DOUBTFUL if error <= TOO_FAR else BAD
    return Check(
        "sum",
        verdict,
        error,
        f"The shares add up to {total:.4g}; the method promises {expected:.4g}. "
        f"The error is {error:.1%}.",
    )


def edges_check(explanation: Explanation) -> Check | None:
    """The similarity of the map to an edge detector; None without a picture."""
    assert explanation.attribution is not None
    if explanation.picture is None:
        return None
    sizes = np.abs(explanation.attribution).sum(-1, dtype=np.float64)
    if not sizes.any():
        return Check("edges", OPEN, None, "The map is zero everywhere.")
    correlation = spearman(sizes, shrunk(edges(explanation.picture), sizes.shape))
    if correlation is None:
        return Check("edges", OPEN, None, "Neither the map nor the picture has any structure.")
    finding = f"The rank correlation with an edge detector is {correlation:.2f}: "
    if correlation < UNLIKE:
        return Check(
            "edges", GOOD, correlation, finding + "the map is not just the picture's edges."
        )
    if correlation < ALIKE:
        return Check("edges", DOUBTFUL, correlation, finding + "much of the map follows the edges.")
    return Check(
        "edges",
        BAD,
        correlation,
        finding + "an edge detector, which knows no network, says as much.",
    )


def random_top_check(likenesses: list[float | None], layer: str) -> Check:
    """Whether the map stays the same when the top layer is randomised.

    Args:
        likenesses: correlations with maps of randomised top layers; None for a map of zeros.
        layer: the lowest randomised layer.
    """
    correlations = [value for value in likenesses if value is not None]
    if not correlations:
        return _unchecked("the neuron of the random network is not active")
    correlation = float(np.mean(correlations))
    random = layer.replace("/", " ")
    finding = (
        f"The rank correlation with the map of random weights in {random} is {correlation:.2f}: "
    )
    if correlation < FORGETS:
        verdict, conclusion = GOOD, "it depends on what the network has learned there."
    elif correlation < REMEMBERS:
        verdict, conclusion = (
            DOUBTFUL,
            "part of it does not depend on what the network has learned there.",
        )
    else:
        verdict, conclusion = BAD, "it does not depend on what the network has learned there."
    return Check("random_top", verdict, correlation, finding + conclusion)


def _unchecked(reason: str) -> Check:
    return Check("random_top", OPEN, None, f"Not checked against a random top layer: {reason}.")


def shrunk(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The mean over each cell of a coarser grid: float64 of that shape."""
    from PIL import Image

    if values.shape == shape:
        return values
    image = Image.fromarray(values.astype(np.float32))
    rows, columns = shape
    return np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float64)
