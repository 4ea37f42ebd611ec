"""What a page asks about drawn pictures and the networks that were trained on them."""

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
        alt: what is on it, for those who do not see it.
    """

    picture: np.ndarray
    label: int
    alt: str


def drawn_picture(seed: int, label: int, snow: bool) -> DrawnPicture:
    """The picture of that seed and class; with and without snow it is the same but for the snow."""
    drawing = scene(seed, label, shortcut=SHORTCUT if snow else "none")
    others = ", ".join(CLASSES[other] for other, _ in drawing.distractors)
    alt = f"a {CLASSES[label]}" + (", snow on the ground" if drawing.shortcut.any() else "")
    return DrawnPicture(drawing.picture, label, alt + (f"; smaller: {others}" if others else ""))


class Honesty(NamedTuple):
    """How often a network is right, 0 to 1, on fresh pictures.

    Attributes:
        with_snow: on the class that a cheating network was shown snow with, with snow.
        without_snow: on the same pictures, the snow taken away.
        others: on the other classes, without snow.
        lured: the share of the other classes, with snow, that it takes for that class.
    """

    with_snow: float
    without_snow: float
    others: float
    lured: float


@dataclass(frozen=True)
class Judge:
    """How honest networks are: the same fresh pictures with and without the shortcut.

    Attributes:
        networks: their names.
        count: pictures of the class in question, and as many of the others.
        seed: of the pictures.
    """

    networks: tuple[str, ...]
    count: int = 80
    seed: int = 1_000_003

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[Honesty, ...]:
        """For each network its `Honesty`."""
        rng = np.random.default_rng(self.seed)
        seeds = rng.integers(2**31, size=2 * self.count)
        others = [k for k in range(len(CLASSES)) if k != CHEATED]
        labels = np.array([CHEATED] * self.count + [others[i % 7] for i in range(self.count)])
        answers: list[list[np.ndarray]] = [[], []]  # without and with snow; for each network
        total = 2 * len(labels)
        for snow in (False, True):
            batches = []
            for start in range(0, len(labels), BATCH):
                step(snow * len(labels) + start, total)
                chosen = range(start, min(start + BATCH, len(labels)))
                pairs = [(int(seeds[i]), int(labels[i])) for i in chosen]
                pictures = [drawn_picture(*pair, snow).picture for pair in pairs]
                batches.append([self._answers(library, name, pictures) for name in self.networks])
            answers[snow] = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
        asked = labels == CHEATED
        return tuple(
            Honesty(
                float((snowy == labels)[asked].mean()),
                float((plain == labels)[asked].mean()),
                float((plain == labels)[~asked].mean()),
                float((snowy == CHEATED)[~asked].mean()),
            )
            for plain, snowy in zip(*answers, strict=True)
        )

    @staticmethod
    def _answers(library: Library, name: str, pictures: list[np.ndarray]) -> np.ndarray:
        network = library.network(name)
        batch = np.stack([network.prepare(picture).input for picture in pictures])
        return network.outputs(batch)[0].argmax(-1)
