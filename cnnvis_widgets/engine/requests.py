"""Requests of a page: plain data in and out, so that another process can answer them too.

A request is performed with a `Library` of loaded networks. Only `Library` loads TensorFlow.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import LayerInfo, PlannedLayer, Prediction
from cnnvis_widgets.engine.facts import facts
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.methods.contract import Curve
from cnnvis_widgets.rendering.pictures import averaged, jpeg_bytes
from cnnvis_widgets.zoo.images import checked_name, load_named

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.engine.explain import ExplanationPreview
    from cnnvis_widgets.methods.explanation import Explanation

Step = Callable[[int, int], None]
Preview = Callable[[Callable[[], Any]], None]
Image = str | np.ndarray
MAX_NETWORKS = 3  # VGG-16 alone takes 550 MB
MAX_EXPLANATIONS = 4


def no_preview(make: Callable[[], Any]) -> None:
    """Ignore previews."""


class Library:
    """The networks of this process; of the zoo's, the most recently used.

    Args:
        max_networks: how many networks of the zoo stay loaded.
    """

    def __init__(self, max_networks: int = MAX_NETWORKS) -> None:
        self._max_networks = max_networks
        self._networks: OrderedDict[str, Network] = OrderedDict()
        self._added: dict[str, tuple[Network, int]] = {}
        self._lock = threading.RLock()
        self._explanations: OrderedDict[Hashable, Explanation] = OrderedDict()
        self._last_made: tuple[Hashable, Any] = (None, None)

    def add(self, name: str, network: Network) -> str:
        """Add a network, until it is released as often as it was added.

        Args:
            name: its name; if another network has it, a number is appended.
            network: the network.

        Returns:
            The name for requests.
        """
        with self._lock:
            key, count = name, 1
            while key in self._added and self._added[key][0] is not network:
                count += 1
                key = f"{name} {count}"
            self._added[key] = (network, self._added[key][1] + 1 if key in self._added else 1)
            return key

    def release(self, name: str) -> None:
        """Remove an added network when it was released as often as it was added."""
        with self._lock:
            if name in self._added:
                network, holders = self._added.pop(name)
                if holders > 1:
                    self._added[name] = (network, holders - 1)

    def network(self, name: str) -> Network:
        """Return a network by name, loading it on first use."""
        if name in self._added:
            return self._added[name][0]
        with self._lock:
            if name not in self._networks:
                from cnnvis_widgets.zoo.loading import load_network

                self._networks[name] = load_network(name)
                while len(self._networks) > self._max_networks:
                    self.drop_oldest()
            self._networks.move_to_end(name)
            return self._networks[name]

    def holds(self, name: str) -> bool:
        """Whether a network is loaded or was added."""
        return name in self._networks or name in self._added

    def owns(self, name: str) -> bool:
        """Whether a network was added."""
        return name in self._added

    def cache_explanation(self, request: Explain, explanation: Explanation) -> None:
        """Cache an explanation for later requests about it; the last few stay."""
        if (key := _key(request)) is None:
            return
        with self._lock:
            self._explanations[key] = explanation
            self._explanations.move_to_end(key)
            while len(self._explanations) > MAX_EXPLANATIONS:
                self._explanations.popitem(last=False)

    def cached_explanation(self, request: Explain) -> Explanation | None:
        """The cached explanation of an equal request, or None."""
        return self._explanations.get(_key(request))

    def cached(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """A value that several requests share and that takes long to make; only one is cached.

        Args:
            key: everything that the value depends on.
            make: makes it.
        """
        if self._last_made[0] != key:
            self._last_made = (None, None)  # free the memory of the old value first
            self._last_made = (key, make())
        return self._last_made[1]

    def drop_oldest(self) -> bool:
        """Unload the zoo's least recently used network; returns whether there was one."""
        with self._lock:
            if self._networks:
                self._networks.popitem(last=False)
                return True
            return False


class NetworkFacts(NamedTuple):
    """Facts of a network for a page.

    Attributes:
        title: its printed name.
        layers: records of all layers.
        labels: names of the output units; empty if there are several outputs.
        unsuited: method → why it cannot be used.
        note: a remark on its weights, or "".
        plan: the layers with their inputs and windows; empty if unknown.
    """

    title: str
    layers: tuple[LayerInfo, ...]
    labels: tuple[str, ...]
    unsuited: dict[str, str]
    note: str
    plan: tuple[PlannedLayer, ...] = ()


@dataclass(frozen=True)
class Open:
    """Load a network and return its facts."""

    network: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> NetworkFacts:
        """See `NetworkFacts`."""
        network = library.network(self.network)
        step(1, 2)
        units = 0 if network.several_outputs else network.units
        unsuited = {name: m.unsuited(network) for name, m in all_methods().items()}
        return NetworkFacts(
            network.name,
            network.layers,
            tuple(network.label(u) for u in range(units)),
            {name: reason for name, reason in unsuited.items() if reason},
            "" if network.trained_on in ("", "ImageNet") else network.trained_on,
            network.plan,
        )


@dataclass(frozen=True)
class Predict:
    """Predict the most probable classes of a picture."""

    network: str
    image: Image = field(repr=False)
    top: int = 5

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> list[Prediction]:
        """See `Network.predict`; empty for a network with several outputs."""
        network = library.network(self.network)
        step(0, 1)
        if network.several_outputs:
            return []
        return network.predict(as_pixels(self.image), self.top)


class NeuronMap(NamedTuple):
    """The activation map of one unit on one picture.

    Attributes:
        unit: its index.
        value: the mean activation.
        map: float32 (rows, columns); None for a layer without rows.
    """

    unit: int
    value: float
    map: np.ndarray | None


class LayerView(NamedTuple):
    """The most active neurons of a layer.

    Attributes:
        units: the number of units.
        positions: (rows, columns) of the layer's maps; () if it has none.
        neurons: the most active ones, in descending order.
    """

    units: int
    positions: tuple[int, ...]
    neurons: tuple[NeuronMap, ...]


@dataclass(frozen=True)
class Neurons:
    """The most active neurons of a layer on a picture, by mean activation.

    Attributes:
        top: how many.
        side: the largest number of rows and columns of the maps; larger maps are averaged down.
    """

    network: str
    image: Image = field(repr=False)
    layer: str
    top: int = 12
    side: int | None = None

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> LayerView:
        """See `LayerView`."""
        network = library.network(self.network)
        step(0, 1)
        activations = network.activations(as_pixels(self.image), self.layer)
        means = activations.mean(axis=tuple(range(activations.ndim - 1)))
        best = np.argsort(-means, kind="stable")[: self.top]
        maps = activations if activations.ndim == 3 else None
        if maps is not None and self.side is not None:
            maps = averaged(maps, self.side)
        return LayerView(
            len(means),
            activations.shape[:-1] if activations.ndim == 3 else (),
            tuple(
                NeuronMap(int(u), float(means[u]), None if maps is None else maps[..., u].copy())
                for u in best
            ),
        )


class PageExplanation(NamedTuple):
    """An explanation as plain data for a page.

    Attributes:
        title: method, neuron and network.
        neuron: the explained neuron, with its unit.
        value: its activation.
        picture: uint8 (rows, columns, 3), the network's input as a picture.
        heatmap: float32 (rows, columns), raw; None if the method synthesises a picture.
        image: uint8 (rows, columns, 3), the synthesised picture, or None.
        fine: whether the map has the input's resolution.
        unit: of the heatmap's values.
        notes: remarks for the reader.
        warning: what the method could not treat as published, or "".
        code: a script that computes the same explanation.
        curve: a quantity during the method's optimisation, or None.
        film: JPEG files of the synthesised picture during the optimisation; may be empty.
        film_steps: the step of each frame.
        facts: settings in words, see `engine.facts`.
    """

    title: str
    neuron: Neuron
    value: float
    picture: np.ndarray
    heatmap: np.ndarray | None
    image: np.ndarray | None
    fine: bool
    unit: str
    notes: tuple[str, ...]
    warning: str
    code: str
    curve: Curve | None = None
    film: tuple[bytes, ...] = ()
    film_steps: tuple[int, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Explain:
    """Compute an explanation; the fields are the arguments of `cnnvis.explain`."""

    network: str
    image: Image = field(repr=False)
    method: str
    neuron: Neuron | int | None = None
    seed: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> PageExplanation:
        """See `PageExplanation`."""

        def answer_preview(make: Callable[[], Explanation]) -> None:
            preview(lambda: page_explanation(make(), film=False))

        return page_explanation(self.explanation(library, step, answer_preview))

    def explanation(
        self, library: Library, step: Step, preview: ExplanationPreview | None = None
    ) -> Explanation:
        """Compute the `Explanation` and cache it in the library."""
        from cnnvis_widgets.engine.explain import compute

        network = library.network(self.network)
        step(0, 1)
        if isinstance(self.image, str):
            checked_name(self.image)  # other texts could be paths of files on this machine
        explanation = compute(
            network, self.image, self.method, self.neuron, self.seed, step, self.parameters, preview
        )
        library.cache_explanation(self, explanation)
        return explanation


@dataclass(frozen=True)
class ExplainAgain(Explain):
    """As `Explain`, at idle priority: for maps restored from a link, for example."""


def _key(request: Explain) -> Hashable:
    """A cache key; None if the request holds more than names, numbers and a picture."""
    image, parameters = request.image, tuple(sorted(request.parameters.items()))
    if isinstance(image, np.ndarray):
        content = np.ascontiguousarray(image)
        image = f"{content.shape} {hashlib.blake2b(content.data, digest_size=20).hexdigest()}"
    plain = all(isinstance(value, str | int | float | None) for _, value in parameters)
    if not plain or type(request.neuron) not in (Neuron, int, type(None)):
        return None
    return request.network, image, request.method, request.neuron, request.seed, parameters


def page_explanation(explanation: Explanation, *, film: bool = True) -> PageExplanation:
    """Convert an explanation for a page; previews omit the film, which is large."""
    frames = explanation.details.get("frames", ()) if film else ()
    size = (*explanation.input_size, 3)
    return PageExplanation(
        explanation.title,
        explanation.neuron,
        explanation.value,
        np.full(size, 255, np.uint8) if explanation.picture is None else explanation.picture,
        None if explanation.attribution is None else explanation.heatmap(),
        explanation.image,
        explanation.method.resolution == "high",
        explanation.method.unit,
        explanation.notes,
        explanation.coverage.warning,
        explanation.code(),
        explanation.curve,
        tuple(jpeg_bytes(frame) for frame in frames),
        tuple(int(step) for step in explanation.details.get("frame_steps", ())) if film else (),
        facts(explanation),
    )


@dataclass(frozen=True)
class Warm:
    """Compile the functions of the quick methods, so that their first use takes no longer."""

    network: str
    image: Image = field(repr=False)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> None:
        """Run every quick method once and discard the results."""
        for number, (name, method) in enumerate(all_methods().items()):
            step(number, len(all_methods()))
            if method.quick and not method.unsuited(library.network(self.network)):
                Explain(self.network, self.image, name).perform(library, step)


def as_pixels(image: Image) -> np.ndarray:
    """A picture's pixels, by its name in the zoo (never by a path) or as they are."""
    return image if isinstance(image, np.ndarray) else load_named(image)
