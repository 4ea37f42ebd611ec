"""A search for the fewest superpixels for which a class stays the most probable one."""

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
    """The result of the search.

    Attributes:
        kept: numbers of the superpixels that stay, as in `Superpixels`.
        off: numbers of the grey ones.
        label: the class that stays first.
        score: its probability; its logit if the network gives no probability.
        greedy: how many superpixels were needed in the map's order.
        evaluations: how many pictures the network evaluated.
    """

    kept: tuple[int, ...]
    off: tuple[int, ...]
    label: str
    score: float
    greedy: int
    evaluations: int


@dataclass(frozen=True)
class FewestSuperpixels(Explain):
    """Find superpixels that suffice for the class to stay first, with all others grey.

    The search is greedy, as there are 2^n subsets. It first adds superpixels in descending order
    of the map's sum in each, until the class is first. Then it removes superpixels from the
    smallest sum up, until no single one can be removed. So each remaining superpixel is needed,
    but a smaller set may exist.

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
        explanation = library.cached_explanation(self) or self.explanation(library, step)
        network, neuron = library.network(self.network), explanation.neuron
        if explanation.attribution is None or network.several_outputs:
            raise InvalidValueError("A map of a network with one output is needed.")
        picture = picture_of(network, self.image)
        pieces = pieces_of(picture)
        count = int(pieces.max()) + 1
        search = _Search(network, picture, pieces, lambda evaluations: step(evaluations, 3 * count))
        unit = neuron.unit if neuron.layer is None and neuron.single else search.top_class
        if unit != search.top_class:
            raise InvalidValueError(
                f"{network.label(unit)} is not first on the whole picture: "
                f"{network.label(search.top_class)} is. Choose that class, or another picture."
            )
        sums = np.bincount(pieces.ravel(), explanation.heatmap().ravel(), count)
        order = np.argsort(-sums, kind="stable").tolist()
        kept = next(order[:n] for n in range(count + 1) if search.keeps(unit, order[:n]))
        greedy = len(kept)
        kept = _minimal_subset(kept, lambda subset: search.keeps(unit, subset))
        off = tuple(sorted(set(order) - set(kept)))
        score = search.score(unit, kept)
        return Fewest(
            tuple(sorted(kept)), off, network.label(unit), score, greedy, search.evaluations
        )


class _Search:
    """Evaluates subsets of the superpixels, each subset once.

    Attributes:
        top_class: the most probable class of the whole picture.
    """

    def __init__(
        self,
        network: Network,
        picture: np.ndarray,
        pieces: np.ndarray,
        report_evaluations: Callable[[int], None],
    ) -> None:
        self._network, self._picture, self._pieces = network, picture, pieces
        self._report_evaluations = report_evaluations
        self._responses: dict[frozenset[int], tuple[np.ndarray, np.ndarray]] = {}
        self.top_class = int(np.argmax(self._respond(range(int(pieces.max()) + 1))[0]))

    @property
    def evaluations(self) -> int:
        """How many pictures the network evaluated."""
        return len(self._responses)

    def keeps(self, unit: int, kept: list[int]) -> bool:
        """Whether a class is first with only these superpixels."""
        return int(np.argmax(self._respond(kept)[0])) == unit

    def score(self, unit: int, kept: list[int]) -> float:
        """The class' probability; its logit if the network gives no probability."""
        return float(self._respond(kept)[1][unit])

    def _respond(self, kept: range | list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Logits and scores with only these superpixels."""
        if (key := frozenset(kept)) not in self._responses:
            self._report_evaluations(len(self._responses))
            picture = self._picture.copy()
            picture[~np.isin(self._pieces, list(kept))] = GREY
            predictions = self._network.predict(picture, self._network.units)
            logits, scores = np.empty(len(predictions)), np.empty(len(predictions))
            for prediction in predictions:
                logits[prediction.unit] = prediction.logit
                scores[prediction.unit] = (
                    prediction.logit if prediction.score is None else prediction.score
                )
            self._responses[key] = logits, scores
        return self._responses[key]


def _minimal_subset(kept: list[int], is_enough: Callable[[list[int]], bool]) -> list[int]:
    """Remove elements, the last first, until no single one can be removed."""
    while True:
        size = len(kept)
        for candidate in reversed(kept):
            fewer = [piece for piece in kept if piece != candidate]
            if is_enough(fewer):
                kept = fewer
        if len(kept) == size:
            return kept
