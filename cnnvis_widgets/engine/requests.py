"""What a page asks: plain data in, plain data out, so that it can be asked of another process too.

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
KEPT_NETWORKS = 3  # VGG-16 alone takes 550 MB
KEPT_EXPLANATIONS = 4


def no_preview(make: Callable[[], Any]) -> None:
    """Nobody watches the answer grow."""


class Library:
    """The networks that are loaded in this process, the last few used.

    Args:
        kept: how many of the zoo's are kept.
    """

    def __init__(self, kept: int = KEPT_NETWORKS) -> None:
        self._kept = kept
        self._networks: OrderedDict[str, Network] = OrderedDict()
        self._own: dict[str, tuple[Network, int]] = {}
        self._lock = threading.RLock()
        self._explained: OrderedDict[Hashable, Explanation] = OrderedDict()
        self._beside: tuple[Hashable, Any] = (None, None)

    def add(self, name: str, network: Network) -> str:
        """Keep a network of the caller's until it is released as often as it was added.

        Args:
            name: what to call it; where another network has that name, a number is added.
            network: the network itself.

        Returns:
            The name under which requests ask for it.
        """
        with self._lock:
            key, count = name, 1
            while key in self._own and self._own[key][0] is not network:
                count += 1
                key = f"{name} {count}"
            self._own[key] = (network, self._own[key][1] + 1 if key in self._own else 1)
            return key

    def release(self, name: str) -> None:
        """Forget a network of the caller's, once nothing that added it is left."""
        with self._lock:
            if name in self._own:
                network, holders = self._own.pop(name)
                if holders > 1:
                    self._own[name] = (network, holders - 1)

    def network(self, name: str) -> Network:
        """The network of that name, loaded on first use."""
        if name in self._own:
            return self._own[name][0]
        with self._lock:
            if name not in self._networks:
                from cnnvis_widgets.zoo.loading import load_network

                self._networks[name] = load_network(name)
                while len(self._networks) > self._kept:
                    self.drop_oldest()
            self._networks.move_to_end(name)
            return self._networks[name]

    def holds(self, name: str) -> bool:
        """Whether a network is loaded."""
        return name in self._networks or name in self._own

    def owns(self, name: str) -> bool:
        """Whether a network is one that was added."""
        return name in self._own

    def remember(self, request: Explain, explanation: Explanation) -> None:
        """Keep an explanation for what is asked about it next; the last few are kept."""
        if (key := _key(request)) is None:
            return
        with self._lock:
            self._explained[key] = explanation
            self._explained.move_to_end(key)
            while len(self._explained) > KEPT_EXPLANATIONS:
                self._explained.popitem(last=False)

    def remembered(self, request: Explain) -> Explanation | None:
        """The explanation of such a request, where it was made a moment ago."""
        return self._explained.get(_key(request))

    def beside(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What serves several requests and takes long to make; only the last such thing is kept.

        Args:
            key: what it depends on.
            make: makes it.
        """
        if self._beside[0] != key:
            self._beside = (None, None)  # the old one goes before there is another
            self._beside = (key, make())
        return self._beside[1]

    def drop_oldest(self) -> bool:
        """Let go the network of the zoo that was used least recently; whether there was one."""
        with self._lock:
            if self._networks:
                self._networks.popitem(last=False)
                return True
            return False


class NetworkFacts(NamedTuple):
    """What a page must know of a network.

    Attributes:
        title: its name in print.
        layers: every layer's record.
        labels: the output units' names; one for each, none where there are several outputs.
        unsuited: method → why it cannot be used.
        note: what must be said of its weights, or "".
        plan: the same layers with their inputs and windows; none where that is not known.
    """

    title: str
    layers: tuple[LayerInfo, ...]
    labels: tuple[str, ...]
    unsuited: dict[str, str]
    note: str
    plan: tuple[PlannedLayer, ...] = ()


@dataclass(frozen=True)
class Open:
    """Load a network and tell what it is."""

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
            {name: why for name, why in unsuited.items() if why},
            "" if network.trained_on in ("", "ImageNet") else network.trained_on,
            network.plan,
        )


@dataclass(frozen=True)
class Predict:
    """The most probable classes of a picture."""

    network: str
    image: Image = field(repr=False)
    top: int = 5

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> list[Prediction]:
        """See `Network.predict`; none of a network with several outputs."""
        network = library.network(self.network)
        step(0, 1)
        if network.several_outputs:
            return []
        return network.predict(as_pixels(self.image), self.top)


class NeuronMap(NamedTuple):
    """One unit of a layer on one picture.

    Attributes:
        unit: its number.
        value: its mean activation.
        map: float32 (rows, columns), its activation map; None for a layer without rows.
    """

    unit: int
    value: float
    map: np.ndarray | None


class LayerView(NamedTuple):
    """The most active neurons of a layer.

    Attributes:
        units: how many the layer has.
        positions: its (rows, columns); () where it has none.
        neurons: the most active first.
    """

    units: int
    positions: tuple[int, ...]
    neurons: tuple[NeuronMap, ...]


@dataclass(frozen=True)
class Neurons:
    """The most active neurons of a layer on a picture, by mean activation.

    Attributes:
        top: how many.
        side: rows and columns of their maps at most, larger ones being averaged; None for all.
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
        places = tuple(range(activations.ndim - 1))
        means = activations.mean(axis=places)
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


class Shown(NamedTuple):
    """An explanation as a page needs it.

    Attributes:
        title: method, neuron and network.
        neuron: which one it was, its unit known.
        value: its activation.
        picture: uint8 (rows, columns, 3), the crop that the network saw.
        heatmap: float32 (rows, columns), raw; None where the method makes a picture.
        image: uint8 (rows, columns, 3), the picture that it made; else None.
        fine: whether the map has the picture's own resolution.
        unit: of the heatmap's values.
        notes: what a reader must know.
        warning: what could not be treated, or "".
        code: a script that computes the same.
        curve: how a figure went while the method worked; None where it keeps none.
        film: JPEG files, the picture that it made as it grew; may be empty.
        film_steps: the step after which each was made.
        facts: how it was made, in words, see `engine.facts`.
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
    """One explanation; the fields are `cnnvis.explain`'s arguments."""

    network: str
    image: Image = field(repr=False)
    method: str
    neuron: Neuron | int | None = None
    seed: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Shown:
        """See `Shown`."""

        def answer_preview(make: Callable[[], Explanation]) -> None:
            preview(lambda: shown(make(), film=False))

        return shown(self.explanation(library, step, answer_preview))

    def explanation(
        self, library: Library, step: Step, preview: ExplanationPreview | None = None
    ) -> Explanation:
        """The explanation itself; the library remembers it."""
        from cnnvis_widgets.engine.explain import compute

        network = library.network(self.network)
        step(0, 1)
        if isinstance(self.image, str):
            checked_name(self.image)  # another text could be the path of any picture here
        explanation = compute(
            network, self.image, self.method, self.neuron, self.seed, step, self.parameters, preview
        )
        library.remember(self, explanation)
        return explanation


@dataclass(frozen=True)
class ExplainAgain(Explain):
    """The same for a map that nobody waits for, such as one that a link brings back."""


def _key(request: Explain) -> Hashable:
    """What decides an explanation; None where that is more than names and numbers."""
    image, chosen = request.image, tuple(sorted(request.parameters.items()))
    if isinstance(image, np.ndarray):
        content = np.ascontiguousarray(image)
        image = f"{content.shape} {hashlib.blake2b(content.data, digest_size=20).hexdigest()}"
    plain = all(isinstance(value, str | int | float | None) for _, value in chosen)
    if not plain or type(request.neuron) not in (Neuron, int, type(None)):
        return None
    return request.network, image, request.method, request.neuron, request.seed, chosen


def shown(explanation: Explanation, *, film: bool = True) -> Shown:
    """An explanation as a page needs it; the film is long, and sent when it is complete."""
    frames = explanation.details.get("frames", ()) if film else ()
    size = (*explanation.input_size, 3)
    return Shown(
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
    """Compile what the quick methods need, so that the visitor's first use of each is instant."""

    network: str
    image: Image = field(repr=False)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> None:
        """Ask every method that answers within a few passes, and forget what it says."""
        for number, (name, method) in enumerate(all_methods().items()):
            step(number, len(all_methods()))
            if method.quick and not method.unsuited(library.network(self.network)):
                Explain(self.network, self.image, name).perform(library, step)


def as_pixels(image: Image) -> np.ndarray:
    """A picture's pixels, out of a zoo name (never a path) or as they were given."""
    return image if isinstance(image, np.ndarray) else load_named(image)
