"""The explorer: choose picture, network, layer, neuron and method, and see the explanation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np

from cnnvis_widgets.engine import Engine, listings
from cnnvis_widgets.engine.requests import (
    Explain,
    LayerView,
    NetworkFacts,
    Neurons,
    Open,
    PageExplanation,
    Predict,
)
from cnnvis_widgets.widgets.explorer.explorer_answer import show_answer, show_growth
from cnnvis_widgets.widgets.explorer.explorer_bar import ExplorerBar
from cnnvis_widgets.widgets.explorer.explorer_card import follow_card, look, stop
from cnnvis_widgets.widgets.explorer.explorer_keeping import Keeping
from cnnvis_widgets.widgets.explorer.explorer_layout import lay_out, show_target
from cnnvis_widgets.widgets.explorer.explorer_own import Bringing
from cnnvis_widgets.widgets.explorer.explorer_records import (
    CLASSES,
    MOST_NEURONS,
    THUMBNAIL,
    as_neuron,
    chosen_neuron,
    fact,
    layer_records,
    method_records,
    network_records,
    offer_pictures,
    offered_parameters,
    show_neurons,
)
from cnnvis_widgets.widgets.explorer.explorer_start import adopt_network, adopt_picture
from cnnvis_widgets.widgets.explorer.explorer_state import open_link, query
from cnnvis_widgets.widgets.explorer.explorer_touch import follow_touch, touch_again, untouch
from cnnvis_widgets.widgets.explorer.explorer_trust import check, uncheck
from cnnvis_widgets.widgets.explorer.explorer_view import ExplorerView
from cnnvis_widgets.widgets.explorer.kept_maps import KeptMaps
from cnnvis_widgets.widgets.explorer.layer_picker import LayerPicker
from cnnvis_widgets.widgets.explorer.method_picker import MethodPicker
from cnnvis_widgets.widgets.explorer.network_picker import NetworkPicker
from cnnvis_widgets.widgets.explorer.neuron_card import NeuronCard
from cnnvis_widgets.widgets.explorer.neuron_picker import NeuronPicker
from cnnvis_widgets.widgets.explorer.own_network import OwnNetwork
from cnnvis_widgets.widgets.explorer.parameter_panel import ParameterPanel
from cnnvis_widgets.widgets.explorer.picture_picker import PicturePicker
from cnnvis_widgets.widgets.explorer.predictions import Predictions
from cnnvis_widgets.widgets.explorer.saved_state import compared, restore, state_of
from cnnvis_widgets.widgets.explorer.trust_strip import TrustStrip
from cnnvis_widgets.widgets.toolkit.composed import Composed
from cnnvis_widgets.widgets.toolkit.optimization_history import OptimizationHistory

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Network, Neuron, Prediction
    from cnnvis_widgets.widgets.explorer.saved_state import Saved

STOPPED = "Stopped before it was done: this is the answer so far, and the code gives the same."


class Explorer(Composed, ipywidgets.Box):
    """Choose what to explain, and see the result; computation runs off the kernel's main thread.

    Each part can be set and observed on its own.

    Args:
        network: a name of the zoo, a .keras or .h5 file, or a `cnnvis.Network`.
        image: a name of the zoo, or a picture, uint8 (rows, columns, 3).
        method: the first method.
        neuron: None for the most probable class, an output unit, or a `cnnvis.Neuron`.
        engine: runs the requests; by default the engine that all widgets of this process share.

    Attributes:
        pictures: `PicturePicker`.
        networks: `NetworkPicker`.
        own: `OwnNetwork`, for the visitor's own files.
        layers: `LayerPicker`; its first entry is the network's output.
        neurons: `NeuronPicker`, of the chosen layer.
        card: `NeuronCard`, details of the chosen neuron.
        predictions: `Predictions`, the classes.
        methods: `MethodPicker`.
        parameters: `ParameterPanel`, of the chosen method.
        view: `ExplorerView`, the picture and its touch tools.
        kept: `KeptMaps`, the maps that the visitor keeps.
        trust: `TrustStrip`, whether the map can be trusted.
        growth: `OptimizationHistory`, for methods that work step by step.

    Raises:
        UnknownNameError: an unknown network, picture or method.
        InvalidValueError: an invalid image.

    Examples:
        >>> cnnvis.Explorer("mini_vgg", "cat", method="saliency").methods.value
        'saliency'
    """

    def __init__(
        self,
        network: str | Path | Network = "efficientnet_lite0",
        image: str | np.ndarray = "cat",
        method: str = "grad_cam",
        neuron: Neuron | int | None = None,
        *,
        engine: Engine | None = None,
    ) -> None:
        self._connect(engine)
        self._silent = 0
        self._touched = self._warmed = self._stopped = False
        self._class_chosen = self._turned = False
        self._first = as_neuron(neuron)
        self._image: str | np.ndarray = image
        self._asked: Explain | None = None
        self._expected: Saved | None = None
        self.header = ExplorerBar(on_cancel=self.cancel)
        self.pictures = PicturePicker(decode=listings.decode, pictures=listings.pictures())
        self.pictures.opens = partial(restore, self)
        self.networks = NetworkPicker(networks=network_records())
        self.own = OwnNetwork()
        self.layers = LayerPicker()
        self.neurons = NeuronPicker()
        self.card = NeuronCard()
        self.predictions = Predictions(label="Class")
        self.methods = MethodPicker(methods=method_records({}), value=method)
        self.parameters = ParameterPanel(parameters=self._declared())
        self.view = ExplorerView()
        self.kept = KeptMaps()
        self.trust = TrustStrip()
        self.growth = OptimizationHistory()
        adopt_picture(self, image)
        adopt_network(self, network)
        super().__init__(lay_out(self), "cnnvis-explorer")
        self.bringing = Bringing(self)
        self.keeping = Keeping(self)
        self._observe()
        self.header.follow(self)  # after the above, which the link depends on
        self._open()

    def cancel(self) -> None:
        """Cancel this explorer's requests; the map that is shown stays."""
        super().cancel()
        with self._lock:
            self._stopped = True
            self.header.working = ""
            self.view.waiting("")
            self.trust.busy = False
            stop(self)
            self.own.stop()
            self.keeping.stop()
            if self.header.partial:
                self.header.partial = False
                self.view.notes = [STOPPED, *self.view.notes]

    @property
    def link(self) -> str:
        """The choices as a URL query: "network=…&picture=…&method=…"."""
        return query(self)

    def open_link(self, link: str) -> None:
        """Apply a link: a URL of the explorer's page, or its query.

        Raises:
            UnknownNameError: a network, picture or method that is not offered here.
            UnsuitableError: a network whose weights are missing.
            InvalidValueError: invalid numbers or parameters.

        Examples:
            >>> explorer = cnnvis.Explorer("mini_vgg")
            >>> explorer.open_link("?method=saliency&neuron=2")
            >>> explorer.methods.value
            'saliency'
        """
        with self._quietly():
            open_link(self, link)

    def _parts(self) -> tuple[Any, ...]:
        pickers = (self.pictures, self.networks, self.layers, self.neurons, self.predictions)
        displays = (self.header, self.view, self.kept, self.trust, self.growth, self.card, self.own)
        return (*displays, *pickers, self.methods, self.parameters)

    def _observe(self) -> None:
        def on(part: Any, names: list[str], react: Callable[[], None]) -> None:
            part.observe(lambda _change: self._react(react), names)

        on(self.networks, ["value"], self._open)
        on(self.pictures, ["value"], self._picture_changed)
        on(self.layers, ["value"], self._layer_changed)
        on(self.neurons, ["value", "aggregate", "position"], self._explain)
        on(self.predictions, ["value"], self._class_changed)
        on(self.methods, ["value"], self._method_changed)
        on(self.parameters, ["value"], self._explain)
        follow_touch(self)
        follow_card(self)

    # A choice was made in the page (any thread), or an answer came (the worker's thread)

    def _react(self, react: Callable[[], None]) -> None:
        with self._lock:
            if not self._silent:
                react()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Within this, setting a part's value does not count as a visitor's choice."""
        with self._lock:
            self._silent += 1
            try:
                yield
            finally:
                self._silent -= 1

    def _ask(
        self, concern: str, request: Any, done: Callable[[Any], None], part: Any, working: str
    ) -> None:
        """Submit a request; its error will appear beside `part`."""
        part.error = ""
        self.header.working = working

        def finished(result: Any) -> None:
            with self._quietly():
                part.error = ""
                done(result)
                if self.header.working == working:
                    self.header.working = ""

        def failed(message: str) -> None:
            with self._quietly():
                self.header.working = ""
                part.error = message
                if concern == "explain":
                    self.view.fail(message)

        def improved(result: Any) -> None:
            with self._quietly():
                if not self._stopped:
                    self._show(result, unfinished=True)

        watching: dict[str, Any] = {}
        if concern == "explain":
            self.header.partial = self._stopped = False
            watching = {"progress": self._show_progress, "preview": improved}
        self._submit(concern, request, finished, failed, **watching)

    def _show_progress(self, done: int, total: int) -> None:
        self.view.progress = done / total if total > 1 else -1.0

    def _open(self) -> None:
        name = self.networks.value
        if not name:
            return
        self._warmed, self._class_chosen = False, self._first is not None
        working = f"loading {fact(self.networks.networks, name)}"
        self._ask("open", Open(name), self._opened, self.networks, working)

    def _opened(self, facts: NetworkFacts) -> None:
        records = layer_records(facts)
        keep_picture = self._turned or not self.layers.layers
        offer_pictures(self.pictures, self.networks.value, first=keep_picture)
        self._turned = False
        chosen = self._first.layer if self._first else None
        self.layers.layers = records
        self.layers.value = chosen or CLASSES
        self.predictions.predictions = []
        self.predictions.labels = list(facts.labels)
        self.methods.methods = method_records(facts.unsuited)
        if not self.methods.value:
            usable = [r["name"] for r in self.methods.methods if r["suits"]]
            self.methods.value = usable[0] if usable else ""
        self.parameters.parameters = self._declared()
        self.networks.loading = f"weights: {facts.note}" if facts.note else ""
        show_target(self)
        self._picture_changed()

    def _picture_changed(self) -> None:
        name = self.pictures.value
        if not name or not self.layers.layers:
            return
        self._image = self.pictures.uploads.get(name, name)
        first, self._first = self._first or self._kept_neuron(), None
        classes = self.layers.value == CLASSES
        with self._quietly():  # the classes of the last picture do not apply to this one
            self.predictions.predictions = []
            self.predictions.value = first.unit if first and classes else None
        if classes:
            self._explain()
        else:
            self._look_for_neurons(first)
        request = Predict(self.networks.value, self._image)
        self._ask("predict", request, self._predicted, self.predictions, "predicting")

    def _kept_neuron(self) -> Neuron | None:
        """The neuron of the last picture; a class only if the visitor chose it."""
        neuron = self._neuron()
        if isinstance(neuron, str) or neuron is None:
            return None
        return neuron if neuron.layer or self._class_chosen else None

    def _class_changed(self) -> None:
        self._class_chosen = True
        self._explain()

    def _predicted(self, predictions: list[Prediction]) -> None:
        self.predictions.predictions = [p._asdict() for p in predictions]
        if self.predictions.value is None and predictions:
            self.predictions.value = predictions[0].unit

    def _layer_changed(self) -> None:
        show_target(self)
        if self.layers.value == CLASSES:
            self._explain()
        elif self.layers.value:
            self._look_for_neurons(None)

    def _look_for_neurons(self, first: Neuron | None) -> None:
        layer = self.layers.value
        with self._quietly():
            self.neurons.units, self.neurons.value = 0, None
            self.neurons.neurons, self.neurons.positions = [], []

        def done(layer_view: LayerView) -> None:
            self._show_neurons(layer_view, first)

        request = Neurons(self.networks.value, self._image, layer, MOST_NEURONS, THUMBNAIL)
        self._ask("neurons", request, done, self.neurons, f"looking at {layer}")

    def _show_neurons(self, layer_view: LayerView, first: Neuron | None) -> None:
        show_neurons(self.neurons, layer_view)
        self.neurons.value = first.unit if first else layer_view.neurons[0].unit
        if first:
            self.neurons.aggregate = first.aggregate
            self.neurons.position = list(first.position) if first.position else None
        self._explain()

    def _method_changed(self) -> None:
        with self._quietly():
            self.parameters.parameters = self._declared()
        self._explain()

    def _explain(self) -> None:
        method = self.methods.value
        neuron = self._neuron()
        if not method or not self.layers.layers or neuron == "none yet":
            return
        parameters = dict(self.parameters.value)
        request = Explain(
            self.networks.value,
            self._image,
            method,
            neuron,  # type: ignore[arg-type]
            parameters.pop("seed", 0),
            parameters,
        )
        untouch(self, request)
        uncheck(self, request)
        self.view.waiting("computing")
        defaults = {p["name"]: p["default"] for p in self.parameters.parameters}
        part = self.methods if self.parameters.value == defaults else self.parameters
        self.methods.error = self.parameters.error = ""
        working = f"computing {fact(self.methods.methods, method)}"
        self._ask("explain", request, self._show, part, working)
        look(self, request)

    def _neuron(self) -> Neuron | str | None:
        return chosen_neuron(self)

    def _show(self, answer: PageExplanation, *, unfinished: bool = False) -> None:
        self.header.partial = unfinished
        show_growth(self.growth, answer)
        if answer.neuron.layer is None and self.predictions.value is None:
            self.predictions.value = answer.neuron.unit
        picture = self.pictures.value
        alt = fact(self.pictures.pictures, picture, "alt", "your picture")
        show_answer(self.view, answer, picture, alt, unfinished=unfinished)
        self.view.state = "" if unfinished else state_of(self, answer)
        self.keeping.shown(answer, self._asked)
        if not unfinished:
            self.view.notes = [*filter(None, [compared(self, answer)]), *self.view.notes]
            check(self, answer)
            touch_again(self, answer)

    def _declared(self) -> list[dict[str, Any]]:
        for method in listings.methods():
            if method["name"] == self.methods.value:
                return offered_parameters(method, self.layers.layers)
        return []
