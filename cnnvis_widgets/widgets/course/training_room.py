"""Train a small network in less than a minute, and watch its map as it learns."""

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
    """A kind of mini network, a training set and a button; then the loss, and a changing map.

    The map is Grad-CAM's for the class of one drawn picture with snow on the ground. At the end the
    network is tested on new pictures, and is available as `network`.

    Args:
        network: the first kind, a mini network of the zoo.
        seconds: the duration of a training, 5 to 60.
        seed: of weights and pictures; each further training uses the next seed.
        engine: runs the requests; by default the engine that all widgets of this process share.

    Attributes:
        networks: `NetworkPicker`, the kind.
        controls: `TrainControls`.
        growth: `OptimizationHistory`, the loss and the frames of the map.
        network: the last trained network, a `cnnvis.Network`; None before.

    Raises:
        UnknownNameError: an unknown mini network.
        InvalidValueError: `seconds` out of range.
    """

    def __init__(
        self,
        network: str = "mini_vgg",
        seconds: float = 45.0,
        seed: int = 0,
        *,
        engine: Engine | None = None,
    ) -> None:
        kinds = [record for record in listings.networks() if record["labels"] == "drawn"]
        if network not in [record["name"] for record in kinds]:
            raise UnknownNameError.of("mini network", network, [record["name"] for record in kinds])
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
        """Start a training; the last one's curve stays until the first result arrives."""
        request = Train(
            self.networks.value,
            self.controls.cheating,
            self._seconds,
            self._seed,
            watched=(self._seed, CHEATED),
        )
        self._seed += 1
        self.controls.error, self.controls.status = "", "Drawing the training pictures …"
        self.controls.running, self.controls.share = True, 0.0
        self._submit(
            "train", request, self._done, self._failed, progress=self._progress, preview=self._show
        )

    def stop(self) -> None:
        """Stop the training; the curve so far stays, the network is dropped."""
        self._withdraw()
        with self._lock:
            if self.controls.running:
                self.controls.running = False
                self.controls.status = "Stopped before it was done."

    def cancel(self) -> None:
        """As `stop`."""
        self.stop()

    def _parts(self) -> tuple[ipywidgets.Widget, ...]:
        return self.networks, self.controls, self.growth

    def _progress(self, done: int, total: int) -> None:
        self.controls.share = done / total

    def _show(self, training: Trained) -> None:
        if not self.controls.running:  # stopped in the meantime
            return
        self.growth.show(
            training.steps,
            training.losses,
            "loss: mean cross-entropy",
            training.frames,
            training.frame_steps,
        )
        self.controls.status = (
            f"Learning: {training.steps[-1]} batches, loss {training.losses[-1]:.2f}"
        )

    def _done(self, training: Trained) -> None:
        self._show(training)
        self.network = self.engine.library.network(training.name)
        self.controls.running = False
        self.controls.status = self._verdict(training)

    def _failed(self, message: str) -> None:
        self.controls.running, self.controls.status = False, ""
        self.controls.error = message

    @staticmethod
    def _verdict(training: Trained) -> str:
        honesty, cheated = training.honesty, CLASSES[CHEATED]
        if honesty is None:
            return ""
        return (
            f"Examined on fresh pictures: right on {honesty.with_snow:.0%} of the pictures of a "
            f"{cheated} with snow, on {honesty.without_snow:.0%} of the same ones without, and on "
            f"{honesty.others:.0%} of the other classes; with snow under another class it says "
            f"{cheated} {honesty.lured:.0%} of the time."
        )
