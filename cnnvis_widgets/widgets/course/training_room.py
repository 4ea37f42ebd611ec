"""Train a network of one's own in less than a minute, and watch its map as it learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from cnnvis_widgets.engine import Engine, listings
from cnnvis_widgets.engine.evidence import CHEATED, CLASSES
from cnnvis_widgets.engine.training import Train, Trained
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.course.train_controls import TrainControls
from cnnvis_widgets.widgets.explorer.network_picker import NetworkPicker
from cnnvis_widgets.widgets.toolkit.composed import Composed
from cnnvis_widgets.widgets.toolkit.optimization_history import OptimizationHistory

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Network


class TrainingRoom(Composed, ipywidgets.VBox):
    """A kind of mini network, a training set, a button; then the loss, and a map that changes.

    The map is Grad-CAM's for one drawn picture's class, with snow on the ground. At the end the
    network is examined on fresh pictures, and `network` is it.

    Args:
        network: the first kind, a mini network of the zoo.
        seconds: how long a training lasts, 5 to 60.
        seed: of weights and pictures; each further training has the next one.
        engine: what does the work; the one that all widgets of this process share by default.

    Attributes:
        networks: `NetworkPicker`, the kind.
        controls: `TrainControls`.
        growth: `OptimizationHistory`, the loss and the film of the map.
        network: the last network that was trained, a `cnnvis.Network`; None before.

    Raises:
        UnknownNameError: no such mini network.
        InvalidValueError: seconds out of their range.
    """

    def __init__(
        self,
        network: str = "mini_vgg",
        seconds: float = 45.0,
        seed: int = 0,
        *,
        engine: Engine | None = None,
    ) -> None:
        kinds = [one for one in listings.networks() if one["labels"] == "drawn"]
        if network not in [one["name"] for one in kinds]:
            raise UnknownNameError.of("mini network", network, [one["name"] for one in kinds])
        if not 5 <= seconds <= 60:
            raise InvalidValueError(f"A training lasts 5 to 60 seconds; got {seconds!r}.")
        self._connect(engine)
        self.network: Network | None = None
        self._seconds, self._seed = seconds, seed
        records = [{"name": k["name"], "title": k["title"], "note": k["note"]} for k in kinds]
        self.networks = NetworkPicker(networks=records, value=network, label="Kind of network")
        self.controls = TrainControls(self.start, self.stop)
        self.growth = OptimizationHistory()
        super().__init__([self.networks, self.controls, self.growth], "cnnvis-training-room")

    def start(self) -> None:
        """Train; what is shown of the last training goes when the first of this one comes."""
        request = Train(
            self.networks.value,
            self.controls.cheating,
            self._seconds,
            self._seed,
            watched=(self._seed, CHEATED),
        )
        self._seed += 1
        self.controls.error, self.controls.said = "", "Drawing the training pictures …"
        self.controls.running, self.controls.share = True, 0.0
        self._submit(
            "train", request, self._done, self._failed, progress=self._progress, preview=self._show
        )

    def stop(self) -> None:
        """Stop; the curve so far stays, the network does not."""
        self._withdraw()
        with self._lock:
            if self.controls.running:
                self.controls.running = False
                self.controls.said = "Stopped before it was done."

    def cancel(self) -> None:
        """As `stop`."""
        self.stop()

    def _parts(self) -> tuple[ipywidgets.Widget, ...]:
        return self.networks, self.controls, self.growth

    def _progress(self, done: int, total: int) -> None:
        self.controls.share = done / total

    def _show(self, training: Trained) -> None:
        if not self.controls.running:  # stopped meanwhile
            return
        self.growth.show(
            training.steps,
            training.losses,
            "loss: mean cross-entropy",
            training.frames,
            training.frame_steps,
        )
        self.controls.said = (
            f"Learning: {training.steps[-1]} batches, loss {training.losses[-1]:.2f}"
        )

    def _done(self, training: Trained) -> None:
        self._show(training)
        self.network = self.engine.library.network(training.name)
        self.controls.running = False
        self.controls.said = self._verdict(training)

    def _failed(self, said: str) -> None:
        self.controls.running, self.controls.said = False, ""
        self.controls.error = said

    @staticmethod
    def _verdict(training: Trained) -> str:
        how, cheated = training.honesty, CLASSES[CHEATED]
        if how is None:
            return ""
        return (
            f"Examined on fresh pictures: right on {how.with_snow:.0%} of the pictures of a "
            f"{cheated} with snow, on {how.without_snow:.0%} of the same ones without, and on "
            f"{how.others:.0%} of the other classes; with snow under another class it says "
            f"{cheated} {how.lured:.0%} of the time."
        )
