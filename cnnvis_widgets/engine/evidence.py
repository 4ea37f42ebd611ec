"""Requests about drawn pictures and the networks that were trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.engine.requests import Library, Preview, Step, no_preview
from cnnvis_widgets.zoo.evidence import CLASSES, scene
from cnnvis_widgets.zoo.minis import CHEATED

SHORTCUT = "background"
BATCH = 40


class DrawnPicture(NamedTuple):
    """A drawn picture for a page.

    Attributes:
        picture: uint8 (64, 64, 3).
        label: the class of its object.
        alt: its alternative text.
    """

    picture: np.ndarray
    label: int
    alt: str


def drawn_picture(seed: int, label: int, snow: bool) -> DrawnPicture:
    """Draw the picture of a seed and class; `snow` changes nothing but the snow."""
    drawing = scene(seed, label, shortcut=SHORTCUT if snow else "none")
    distractors = ", ".join(CLASSES[distractor] for distractor, _ in drawing.distractors)
    alt = f"a {CLASSES[label]}" + (", snow on the ground" if drawing.shortcut.any() else "")
    return DrawnPicture(
        drawing.picture, label, alt + (f"; smaller: {distractors}" if distractors else "")
    )


class Honesty(NamedTuple):
    """A network's accuracies on new pictures, 0 to 1.

    Attributes:
        with_snow: on pictures with snow of the class that has the shortcut in training.
        without_snow: on the same pictures without snow.
        others: on the other classes, without snow.
        lured: the share of the other classes, with snow, that it classifies as that class.
    """

    with_snow: float
    without_snow: float
    others: float
    lured: float


@dataclass(frozen=True)
class Judge:
    """Measure how much networks rely on the shortcut: the same new pictures with and without it.

    Attributes:
        networks: names.
        count: pictures of the class with the shortcut, and as many of the others.
        seed: of the pictures.
    """

    networks: tuple[str, ...]
    count: int = 80
    seed: int = 1_000_003

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[Honesty, ...]:
        """The `Honesty` of each network."""
        rng = np.random.default_rng(self.seed)
        seeds = rng.integers(2**31, size=2 * self.count)
        other_labels = [label for label in range(len(CLASSES)) if label != CHEATED]
        labels = np.array([CHEATED] * self.count + [other_labels[i % 7] for i in range(self.count)])
        answers: list[list[np.ndarray]] = [[], []]  # without and with snow; for each network
        total = 2 * len(labels)
        for snow in (False, True):
            batches = []
            for start in range(0, len(labels), BATCH):
                step(snow * len(labels) + start, total)
                indices = range(start, min(start + BATCH, len(labels)))
                pairs = [(int(seeds[i]), int(labels[i])) for i in indices]
                pictures = [drawn_picture(*pair, snow).picture for pair in pairs]
                batches.append([self._answers(library, name, pictures) for name in self.networks])
            answers[snow] = [np.concatenate(per_batch) for per_batch in zip(*batches, strict=True)]
        has_shortcut_class = labels == CHEATED
        return tuple(
            Honesty(
                float((snowy == labels)[has_shortcut_class].mean()),
                float((plain == labels)[has_shortcut_class].mean()),
                float((plain == labels)[~has_shortcut_class].mean()),
                float((snowy == CHEATED)[~has_shortcut_class].mean()),
            )
            for plain, snowy in zip(*answers, strict=True)
        )

    @staticmethod
    def _answers(library: Library, name: str, pictures: list[np.ndarray]) -> np.ndarray:
        network = library.network(name)
        batch = np.stack([network.prepare(picture).input for picture in pictures])
        return network.outputs(batch)[0].argmax(-1)
