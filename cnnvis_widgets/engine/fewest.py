"""The fewest superpixels that keep a class first: a search, and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.engine.requests import Explain, Library, Preview, Step, no_preview
from cnnvis_widgets.engine.touch import GREY, picture_of, pieces_of
from cnnvis_widgets.errors import InvalidValueError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Fewest(NamedTuple):
    """What was found.

    Attributes:
        kept: numbers of the superpixels that stay, as `Superpixels` gives them.
        off: the others.
        label: the class that they keep first.
        score: its probability then; its logit where the network gives none.
        greedy: how many were needed in the map's order.
        evaluations: how many pictures the network was asked about.
    """

    kept: tuple[int, ...]
    off: tuple[int, ...]
    label: str
    score: float
    greedy: int
    evaluations: int


@dataclass(frozen=True)
class FewestSuperpixels(Explain):
    """Which superpixels suffice for the class to stay the most probable one, the others grey.

    Not all sets are tried, 2 to the number of superpixels. First they come in the falling order of
    the map's sum in each, until the class is first. Then, again and again from the smallest sum up,
    each is left out that can be, until no single one can. So each that is left is needed, but there
    may be a smaller set.

    The class is the neuron's; for a neuron below the output, the most probable one.
    """

    def perform(  # type: ignore[override]
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> Fewest:
        """See `Fewest`.

        Raises:
            InvalidValueError: a class that is not first on the whole picture; a method that makes a
                picture; a network with several outputs.
        """
        explanation = library.remembered(self) or self.explanation(library, step)
        network, neuron = library.network(self.network), explanation.neuron
        if explanation.attribution is None or network.several_outputs:
            raise InvalidValueError("A map of a network with one output is needed.")
        picture = picture_of(network, self.image)
        pieces = pieces_of(picture)
        count = int(pieces.max()) + 1
        search = _Search(network, picture, pieces, lambda asked: step(asked, 3 * count))
        unit = neuron.unit if neuron.layer is None and neuron.single else search.first
        if unit != search.first:
            raise InvalidValueError(
                f"{network.label(unit)} is not first on the whole picture: "
                f"{network.label(search.first)} is. Choose that class, or another picture."
            )
        sums = np.bincount(pieces.ravel(), explanation.heatmap().ravel(), count)
        order = np.argsort(-sums, kind="stable").tolist()
        kept = next(order[:n] for n in range(count + 1) if search.keeps(unit, order[:n]))
        greedy = len(kept)
        kept = _without_needless(kept, lambda some: search.keeps(unit, some))
        off = tuple(sorted(set(order) - set(kept)))
        score = search.score(unit, kept)
        return Fewest(
            tuple(sorted(kept)), off, network.label(unit), score, greedy, search.evaluations
        )


class _Search:
    """Asks the network about sets of superpixels, each set once, and counts.

    Attributes:
        first: the most probable class of the whole picture.
    """

    def __init__(
        self,
        network: Network,
        picture: np.ndarray,
        pieces: np.ndarray,
        asked: Callable[[int], None],
    ) -> None:
        self._network, self._picture, self._pieces = network, picture, pieces
        self._asked = asked
        self._known: dict[frozenset[int], tuple[np.ndarray, np.ndarray]] = {}
        self.first = int(np.argmax(self._ask(range(int(pieces.max()) + 1))[0]))

    @property
    def evaluations(self) -> int:
        """How many pictures the network was asked about."""
        return len(self._known)

    def keeps(self, unit: int, kept: list[int]) -> bool:
        """Whether a class is first with these superpixels, all others grey."""
        return int(np.argmax(self._ask(kept)[0])) == unit

    def score(self, unit: int, kept: list[int]) -> float:
        """Its probability or, where the network gives none, its logit."""
        return float(self._ask(kept)[1][unit])

    def _ask(self, kept: range | list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Logits and scores."""
        if (key := frozenset(kept)) not in self._known:
            self._asked(len(self._known))
            picture = self._picture.copy()
            picture[~np.isin(self._pieces, list(kept))] = GREY
            every = self._network.predict(picture, self._network.units)
            logits, scores = np.empty(len(every)), np.empty(len(every))
            for one in every:
                logits[one.unit] = one.logit
                scores[one.unit] = one.logit if one.score is None else one.score
            self._known[key] = logits, scores
        return self._known[key]


def _without_needless(kept: list[int], enough: Callable[[list[int]], bool]) -> list[int]:
    """What is left when none can be left out any more; the last are tried first."""
    while True:
        before = len(kept)
        for one in reversed(kept):
            fewer = [other for other in kept if other != one]
            if enough(fewer):
                kept = fewer
        if len(kept) == before:
            return kept
