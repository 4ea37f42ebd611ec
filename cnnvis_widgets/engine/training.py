"""What a page asks to see a network learn: the loss, and what its maps make of one picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.engine.evidence import CLASSES, Honesty, Judge, drawn_picture
from cnnvis_widgets.engine.requests import Library, Preview, Step, no_preview
from cnnvis_widgets.rendering import overlay
from cnnvis_widgets.zoo.timed_training import training

FRAME_SECONDS = 2.0
MEAN_OF = 8  # batches whose losses make one value of the curve


class Trained(NamedTuple):
    """How far a training is, or what came of it.

    Attributes:
        steps: batches seen at each value of the curve.
        losses: mean cross-entropy of the last batches.
        frames: uint8 (rows, columns, 3) each: Grad-CAM for the picture's class, laid over it.
        frame_steps: the step after which each was made.
        name: what the library calls the network; "" until it is done.
        honesty: how often it is right on fresh pictures; None until it is done.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    frames: tuple[np.ndarray, ...]
    frame_steps: tuple[int, ...]
    name: str = ""
    honesty: Honesty | None = None


@dataclass(frozen=True)
class Train:
    """Train a mini network for a while.

    Attributes:
        network: the mini network's name.
        cheating: whether the shortcut goes with one class.
        seconds: how long.
        seed: of weights and pictures.
        watched: seed and class of the picture whose map is shown as it changes, with snow.
    """

    network: str
    cheating: bool = False
    seconds: float = 45.0
    seed: int = 0
    watched: tuple[int, int] = (0, 0)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Trained:
        """See `Trained`; the network is in the library afterwards."""
        from cnnvis_widgets.backend.tensorflow_import import import_tensorflow

        step(0, 100)
        import_tensorflow()
        from cnnvis_widgets.backend.network import Network
        from cnnvis_widgets.zoo.loading import architectures

        kind = architectures()[self.network]
        curve: list[tuple[int, float]] = []
        recent: list[float] = []
        frames: list[tuple[int, np.ndarray]] = []
        network: Network | None = None
        last = -np.inf

        def so_far() -> Trained:
            at, values = zip(*curve, strict=True) if curve else ((), ())
            steps, made = zip(*frames, strict=True) if frames else ((), ())
            return Trained(at, values, made, steps)

        for moment in training(
            self.network, seconds=self.seconds, seed=self.seed, cheating=self.cheating
        ):
            step(round(99 * moment.share), 100)
            if network is None:
                network = Network(moment.model, kind.preprocess, CLASSES, f"your {kind.title}")
            if moment.step:
                recent = [*recent, moment.loss][-MEAN_OF:]
                if moment.step % MEAN_OF == 0 or not curve:
                    curve.append((moment.step, float(np.mean(recent))))
            if moment.step and time.monotonic() - last > FRAME_SECONDS:
                last = time.monotonic()
                frames.append((moment.step, self._map(network)))
                preview(so_far)
        assert network is not None
        name = f"your {kind.title}{' (cheating)' if self.cheating else ''}"
        name = library.add(name, network)
        honesty = Judge((name,)).perform(library, lambda done, total: step(99, 100))[0]
        return so_far()._replace(name=name, honesty=honesty)

    def _map(self, network: object) -> np.ndarray:
        """Grad-CAM for the watched picture's class, on the picture."""
        from cnnvis_widgets.engine.explain import explain

        drawn = drawn_picture(*self.watched, snow=True)
        explanation = explain(network, drawn.picture, "grad_cam", drawn.label)  # type: ignore[arg-type]
        big = drawn.picture.repeat(4, axis=0).repeat(4, axis=1)
        return overlay(big, explanation.heatmap())
