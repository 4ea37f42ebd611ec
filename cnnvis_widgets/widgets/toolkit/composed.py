"""Base classes of widgets that use the engine: a lock, requests, and clean-up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from cnnvis_widgets.engine import Engine, shared_engine
from cnnvis_widgets.engine.remote_network import RemoteNetwork
from cnnvis_widgets.errors import CnnvisError


def sentence(error: Exception) -> str:
    """An error as a sentence for the visitor."""
    if isinstance(error, CnnvisError):
        return str(error)
    return f"Something went wrong that was not foreseen ({type(error).__name__}: {error})."


class Asking:
    """A widget that submits requests to the engine.

    Answers arrive on a thread of the engine. Each callback runs with the widget's lock, and none
    runs after the widget is closed.

    Attributes:
        engine: runs the requests.
    """

    def _connect(self, engine: Engine | None) -> None:
        """Call this first in the constructor; None for the engine of this process."""
        self.engine = engine or shared_engine()
        self._lock = threading.RLock()
        self._concerns: set[str] = set()
        self._own_networks: list[str] = []
        self._ended = False

    def _submit(
        self,
        concern: str,
        request: Any,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        *,
        progress: Callable[[int, int], None] | None = None,
        preview: Callable[[Any], None] | None = None,
    ) -> None:
        """Submit a request; it replaces an older one of the same concern.

        Args:
            concern: what the request is about, in a word.
            request: one of `engine/requests.py`.
            done: called with the answer.
            failed: called with a sentence for the visitor.
            progress: called with (steps done, total steps).
            preview: called with an answer that still improves.
        """
        self._concerns.add(concern)
        self.engine.submit(
            (id(self), concern),
            request,
            done=self._guarded(done),
            failed=self._guarded(lambda error: failed(sentence(error))),
            progress=progress and self._guarded(progress),
            preview=preview and self._guarded(preview),
        )

    def _adopted_as(self, name: str, network: Any) -> str:
        """The name for requests of a network that the caller gave as an object."""
        if isinstance(network, RemoteNetwork):
            return network.zoo_name
        added = self.engine.library.add(f"your network ({name})", network)
        self._own_networks.append(added)
        return added

    def _guarded(self, callback: Callable[..., None]) -> Callable[..., None]:
        def call(*answer: Any) -> None:
            with self._lock:
                if not self._ended:
                    callback(*answer)

        return call

    def _withdraw(self) -> None:
        """Cancel all requests of this widget."""
        for concern in sorted(self._concerns):
            self.engine.cancel((id(self), concern))

    def _end(self) -> None:
        """Cancel all requests, ignore later answers, and release the caller's networks."""
        self._withdraw()
        with self._lock:
            self._ended = True
        for name in self._own_networks:
            self.engine.library.release(name)
        self._own_networks = []


class Composed(Asking, ipywidgets.DOMWidget):
    """A box of widgets that uses the engine: a base class before ipywidgets' `Box` or `VBox`.

    Attributes:
        engine: runs the requests.
    """

    _laid_out = False  # with an invalid argument there is nothing to close

    def __init__(self, children: Iterable[ipywidgets.Widget], style: str) -> None:
        """Lay out the parts; a subclass calls `_connect` before it creates them.

        Args:
            children: the widgets shown, in order.
            style: the CSS class.
        """
        super().__init__(list(children))
        self.add_class(style)
        self._laid_out = True

    def _parts(self) -> Iterable[ipywidgets.Widget]:
        """All widgets that are closed with this one; by default its children."""
        return tuple(self.children)

    def cancel(self) -> None:
        """Cancel this widget's requests; what is shown stays."""
        self._withdraw()

    def close(self) -> None:
        """Cancel all requests, and close all parts."""
        if not self._laid_out:
            return
        self.cancel()
        self._end()
        for part in self._parts():
            part.close()
        super().close()
