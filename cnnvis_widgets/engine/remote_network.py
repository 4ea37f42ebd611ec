"""A network of the zoo whose computations run on the shared engine, if there is one.

`cnnvis.load_network` returns it in a served page, which then does not load TensorFlow, and a
`Network` in a notebook; the same code works with both.
"""

from __future__ import annotations

import queue
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property, partial, wraps
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.engine import explain as explaining
from cnnvis_widgets.engine.questions import FACTS, QUESTIONS, AnswerWithWarnings, Ask, Compute
from cnnvis_widgets.engine.requests import Image
from cnnvis_widgets.errors import ServiceLostError, UnknownNameError
from cnnvis_widgets.zoo import loading
from cnnvis_widgets.zoo.images import checked_name

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.methods.explanation import Explanation


class RemoteNetwork:
    """A `Network` whose methods are computed by the shared engine.

    What cannot be serialized (the Keras model, derivatives with a user's own rule) needs the
    network itself, which is then loaded in this process, with TensorFlow.

    Args:
        zoo_name: a name that `cnnvis.load_network` takes.
    """

    def __init__(self, zoo_name: str) -> None:
        self.zoo_name = zoo_name

    def __repr__(self) -> str:
        return f"Network({self.name!r}, input {self.input_shape})"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle look for such attributes
            raise AttributeError(name)
        if name in QUESTIONS:
            return partial(self._ask, name)
        if name in FACTS:
            return vars(self).setdefault(name, self._ask(name))
        return getattr(self.local, name)

    @cached_property
    def local(self) -> Network:
        """The network itself, in this process."""
        return loading.load_network(self.zoo_name)

    def explain(
        self,
        image: Any,
        method: str,
        neuron: Neuron | int | tuple[str, int] | None,
        seed: int,
        parameters: Mapping[str, Any],
        progress: Callable[[int, int], None] | None = None,
        preview: Callable[[Callable[[], Explanation]], None] | None = None,
    ) -> Explanation:
        """See `cnnvis.explain`."""
        image = _sendable(image)
        request = Compute(self.zoo_name, image, method, neuron, seed, dict(parameters))
        return _answer(
            request, progress, None if preview is None else partial(_preview_explanation, preview)
        )

    def _ask(self, question: str, *arguments: Any, **keywords: Any) -> Any:
        return _answer(Ask(self.zoo_name, question, arguments, keywords))


def _sendable(image: Any) -> Image:
    """A picture's name or its pixels: a path is meaningless on another machine."""
    if isinstance(image, str):
        try:
            return checked_name(image)
        except UnknownNameError:
            pass
    return explaining.pixels_of(image)


def _preview_explanation(
    preview: Callable[[Callable[[], Explanation]], None], so_far: Explanation
) -> None:
    preview(lambda: so_far)


def _answer(
    request: Ask | Compute,
    progress: Callable[[int, int], None] | None = None,
    preview: Callable[[Any], None] | None = None,
) -> Any:
    """Wait for the shared engine's answer; callbacks run on the caller's thread."""
    from cnnvis_widgets.engine import shared_engine

    events: queue.SimpleQueue[Callable[[], AnswerWithWarnings | None]] = queue.SimpleQueue()

    def failed(error: Exception) -> None:
        events.put(partial(_fail, error))

    pending = shared_engine().submit(
        object(),
        request,
        done=lambda answer: events.put(lambda: answer),
        failed=failed,
        progress=progress and (lambda *at: events.put(partial(_call, progress, *at))),
        preview=preview and (lambda answer: events.put(partial(_call, preview, answer))),
    )
    try:
        while (answered := events.get()()) is None:
            pass
    except BaseException:  # of a callback, or the user's interrupt
        pending.cancel()
        raise
    for text in answered.warnings:
        warnings.warn(text, stacklevel=4)
    return answered.value


def _call(callback: Callable[..., object], *values: Any) -> None:
    callback(*values)  # its result is not an answer


def _fail(error: Exception) -> None:
    if not isinstance(error, ServiceLostError):
        raise error
    warnings.warn(str(error), stacklevel=4)  # the answer may still come


@wraps(explaining.explain)
def explain(
    network: Any,
    image: Any,
    method: Any = "grad_cam",
    neuron: Any = None,
    seed: int = 0,
    progress: Any = None,
    preview: Any = None,
    **parameters: Any,
) -> Explanation:
    """Explain where the network is."""
    if isinstance(network, RemoteNetwork):
        name = explaining.name_of(method)
        return network.explain(image, name, neuron, seed, parameters, progress, preview)
    return explaining.explain(network, image, method, neuron, seed, progress, preview, **parameters)


@wraps(loading.load_network)
def load_network(name: Any, weights: Any = None, **options: Any) -> Network:
    """Return a `RemoteNetwork` for a name of the zoo if there is a shared engine."""
    from cnnvis_widgets.engine import shared_engine

    plain = weights is None and not options and name in loading.all_names()
    if plain and not shared_engine().in_process:
        return RemoteNetwork(name)  # type: ignore[return-value]
    return loading.load_network(name, weights, **options)
