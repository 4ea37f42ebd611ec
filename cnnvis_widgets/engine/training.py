"""A request that trains a network and reports its loss and its map of one picture."""

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
    """The progress or the result of a training.

    Attributes:
        steps: the training step of each loss.
        losses: mean cross-entropy of the last batches.
        frames: uint8 (rows, columns, 3) each: Grad-CAM for the picture's class, overlaid on it.
        frame_steps: the training step of each frame.
        name: the network's name in the library; "" until the end.
        honesty: accuracies on new pictures; None until the end.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    frames: tuple[np.ndarray, ...]
    frame_steps: tuple[int, ...]
    name: str = ""
    honesty: Honesty | None = None


@dataclass(frozen=True)
class Train:
    """Train a mini network for a limited time.

    Attributes:
        network: the mini network's name.
        cheating: whether one class has the shortcut.
        seconds: the time limit.
        seed: of weights and pictures.
        watched: seed and class of the picture (with snow) whose map is shown.
    """

    network: str
    cheating: bool = False
    seconds: float = 45.0
    seed: int = 0
    watched: tuple[int, int] = (0, 0)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Trained:
        """See `Trained`; adds the network to the library."""
        from cnnvis_widgets.backend.tensorflow_import import import_tensorflow

        step(0, 100)
        import_tensorflow()
        from cnnvis_widgets.backend.network import Network
        from cnnvis_widgets.zoo.loading import architectures

        architecture = architectures()[self.network]
        curve: list[tuple[int, float]] = []
        recent: list[float] = []
        frames: list[tuple[int, np.ndarray]] = []
        network: Network | None = None
        last_frame_time = -np.inf

        def so_far() -> Trained:
            at, values = zip(*curve, strict=True) if curve else ((), ())
            steps, images = zip(*frames, strict=True) if frames else ((), ())
            return Trained(at, values, images, steps)

        for moment in training(
            self.network, seconds=self.seconds, seed=self.seed, cheating=self.cheating
        ):
            step(round(99 * moment.share), 100)
            if network is None:
                network = Network(
                    moment.model, architecture.preprocess, CLASSES, f"your {architecture.title}"
                )
            if moment.step:
                recent = [*recent, moment.loss][-MEAN_OF:]
                if moment.step % MEAN_OF == 0 or not curve:
                    curve.append((moment.step, float(np.mean(recent))))
            if moment.step and time.monotonic() - last_frame_time > FRAME_SECONDS:
                last_frame_time = time.monotonic()
                frames.append((moment.step, self._map(network)))
                preview(so_far)
        assert network is not None
        name = f"your {architecture.title}{' (cheating)' if self.cheating else ''}"
        name = library.add(name, network)
        honesty = Judge((name,)).perform(library, lambda done, total: step(99, 100))[0]
        return so_far()._replace(name=name, honesty=honesty)

    def _map(self, network: object) -> np.ndarray:
        """Grad-CAM for the watched picture's class, overlaid on the picture."""
        from cnnvis_widgets.engine.explain import explain

        scene = drawn_picture(*self.watched, snow=True)
        explanation = explain(network, scene.picture, "grad_cam", scene.label)  # type: ignore[arg-type]
        enlarged = scene.picture.repeat(4, axis=0).repeat(4, axis=1)
        return overlay(enlarged, explanation.heatmap())
