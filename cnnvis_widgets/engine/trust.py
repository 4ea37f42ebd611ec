"""Whether a map can be trusted: four checks that a page asks for once the map is there.

Each says green, amber, red or nothing, in a sentence. docs/trust.md says where the limits come
from, and what each method gets.
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
"""Share of the network's layers from which on the method is another one; our choice."""

ENOUGH = 0.05
"""Error of a sum that the paper of integrated gradients calls close enough (its section 5)."""

TOO_FAR = 0.25
"""Error of a sum beyond which the shares say little; our choice."""

FORGETS, REMEMBERS = 0.5, 0.9
"""Rank correlation with the map of a random top layer: below the first, from the second on."""

UNLIKE, ALIKE = 0.5, 0.9
"""Rank correlation with an edge detector: below the first, from the second on."""

LARGEST_COPY = 60_000_000
"""Parameters of a network that is copied: 240 MB."""


class Check(NamedTuple):
    """One check of a map.

    Attributes:
        name: "coverage", "sum", "edges" or "random_top".
        verdict: "good", "doubtful", "bad", or "open" where it cannot be said.
        value: the figure behind it; None without one.
        sentence: what it means.
    """

    name: str
    verdict: str
    value: float | None
    sentence: str


@dataclass(frozen=True)
class OfAMap(Explain, ABC):
    """Checks of the map that `Explain` asks for."""

    def perform(  # type: ignore[override]
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[Check, ...]:
        """See `Check`; none of a method that makes a picture."""
        explanation = library.remembered(self) or self.explanation(library, step)
        return () if explanation.attribution is None else self.checks(explanation, library, step)

    @abstractmethod
    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """What is said of the map."""


@dataclass(frozen=True)
class TrustChecks(OfAMap):
    """What can be said of a map at once: coverage, the sum, likeness to edges."""

    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """Of coverage; of the sum and the edges, where there is something to say."""
        coverage = coverage_check(explanation, len(library.network(self.network).layers))
        return coverage, *filter(None, (sum_check(explanation), edges_check(explanation)))


@dataclass(frozen=True)
class RandomTopLayer(OfAMap):
    """Whether a map stays when the layer on top of the network is random (Adebayo et al. 2018)."""

    def checks(self, explanation: Explanation, library: Library, step: Step) -> tuple[Check, ...]:
        """One check, which is open where the network cannot be copied."""
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
        copy: Cascade = library.beside(
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
                other = compute(
                    copy.network, self.image, self.method, explanation.neuron, self.seed, step,
                    self.parameters,
                )  # fmt: skip
                likenesses.append(likeness(explanation, other))
        finally:
            copy.randomise(0)
        return random_top_check(likenesses, copy.layers[count - 1])


def reaching(copy: Cascade, pixels: np.ndarray, explanation: Explanation) -> int:
    """How many layers from the top must be random for the neuron to be another one.

    Args:
        copy: as it was trained.
        pixels: float32 (rows, columns, channels), the input.
        explanation: says which neuron.
    """
    neuron, count = explanation.neuron, 1
    before = copy.network.values(pixels[None], neuron)
    if neuron.layer is not None:
        paths = [call.path for call in copy.network.structure.forward.calls]
        last = {path: place for place, path in enumerate(paths)}
        above = [path for path in copy.layers if last[path] > last.get(neuron.layer, len(paths))]
        count = min(len(above) + 1, len(copy.layers))
    while True:
        copy.randomise(count)
        if count == len(copy.layers) or (copy.network.values(pixels[None], neuron) != before).any():
            return count
        count += 1


def likeness(one: Explanation, other: Explanation) -> float | None:
    """Spearman's correlation of the absolute attributions, as docs/randomisation.md has it.

    Returns:
        None where the other map is zero everywhere: it says nothing about what a map depends on.
    """
    assert one.attribution is not None
    assert other.attribution is not None
    if not other.attribution.any():
        return None
    sizes = [np.abs(a).sum(-1, dtype=np.float64) for a in (one.attribution, other.attribution)]
    return spearman(*sizes)


def coverage_check(explanation: Explanation, layers: int) -> Check:
    """Whether the method could be applied as published, everywhere.

    Args:
        explanation: the map.
        layers: how many the network has.
    """
    count = len(explanation.coverage.untreated)
    if not count:
        return Check("coverage", GOOD, 0.0, "The method was applied as published to every layer.")
    verdict = BAD if count >= MOST_UNTREATED * layers else DOUBTFUL
    return Check("coverage", verdict, float(count), explanation.coverage.warning)


def sum_check(explanation: Explanation) -> Check | None:
    """Whether the shares add up to what the method promises; None where it promises nothing."""
    promised = explanation.method.promised(explanation)
    if promised is None:
        return None
    assert explanation.attribution is not None
    kept = float(explanation.attribution.sum(dtype=np.float64))
    if promised == 0:
        return Check("sum", OPEN, None, "There is nothing to share out: the neuron is not active.")
    error = abs(kept - promised) / abs(promised)
    verdict = GOOD if error <= ENOUGH else DOUBTFUL if error <= TOO_FAR else BAD
    return Check(
        "sum",
        verdict,
        error,
        f"The shares add up to {kept:.4g}; the method promises {promised:.4g}. "
        f"The error is {error:.1%}.",
    )


def edges_check(explanation: Explanation) -> Check | None:
    """How like the map is to an edge detector; None where there is no picture."""
    assert explanation.attribution is not None
    if explanation.picture is None:
        return None
    sizes = np.abs(explanation.attribution).sum(-1, dtype=np.float64)
    if not sizes.any():
        return Check("edges", OPEN, None, "The map is zero everywhere.")
    alike = spearman(sizes, shrunk(edges(explanation.picture), sizes.shape))
    if alike is None:
        return Check("edges", OPEN, None, "Neither the map nor the picture has any structure.")
    said = f"The rank correlation with an edge detector is {alike:.2f}: "
    if alike < UNLIKE:
        return Check("edges", GOOD, alike, said + "the map is not just the picture's edges.")
    if alike < ALIKE:
        return Check("edges", DOUBTFUL, alike, said + "much of the map follows the edges.")
    return Check(
        "edges", BAD, alike, said + "an edge detector, which knows no network, says as much."
    )


def random_top_check(likenesses: list[float | None], layer: str) -> Check:
    """Whether the map stays the same when the network forgets its top layer.

    Args:
        likenesses: of the map to those of random top layers; None of a map of zeros.
        layer: the lowest that was random.
    """
    known = [value for value in likenesses if value is not None]
    if not known:
        return _unchecked("the neuron of the random network is not active")
    alike = float(np.mean(known))
    random = layer.replace("/", " ")
    said = f"The rank correlation with the map of random weights in {random} is {alike:.2f}: "
    if alike < FORGETS:
        verdict, told = GOOD, "it depends on what the network has learned there."
    elif alike < REMEMBERS:
        verdict, told = (
            DOUBTFUL,
            "part of it does not depend on what the network has learned there.",
        )
    else:
        verdict, told = BAD, "it does not depend on what the network has learned there."
    return Check("random_top", verdict, alike, said + told)


def _unchecked(why: str) -> Check:
    return Check("random_top", OPEN, None, f"Not checked against a random top layer: {why}.")


def shrunk(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The mean over each cell of a coarser grid: float64 of that shape."""
    from PIL import Image

    if values.shape == shape:
        return values
    image = Image.fromarray(values.astype(np.float32))
    rows, columns = shape
    return np.asarray(image.resize((columns, rows), Image.Resampling.BOX), np.float64)
