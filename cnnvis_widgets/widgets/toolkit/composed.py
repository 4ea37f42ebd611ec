"""What widgets share that ask the engine: a lock, requests, and an end that leaves nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import ipywidgets

from cnnvis_widgets.engine import Engine, shared_engine
from cnnvis_widgets.engine.remote_network import RemoteNetwork
from cnnvis_widgets.errors import CnnvisError


def sentence(error: Exception) -> str:
    """What a visitor is told of an error."""
    if isinstance(error, CnnvisError):
        return str(error)
    return f"Something went wrong that was not foreseen ({type(error).__name__}: {error})."


class Asking:
    """A widget that asks the engine.

    Answers come on a thread of the engine's. Each callback has the widget's lock while it runs, and
    none runs once the widget is closed.

    Attributes:
        engine: what does the work.
    """

    def _connect(self, engine: Engine | None) -> None:
        """Call this first in the constructor; None is the engine of this process."""
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
        """Ask; an older request of the same concern is replaced.

        Args:
            concern: what the request is about, in a word.
            request: one of `engine/requests.py`.
            done: takes the answer.
            failed: takes a sentence for the visitor.
            progress: takes (steps done, steps in all).
            preview: takes an answer that still improves.
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
        """The name by which requests ask for a network that the caller gave as an object."""
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
        """Drop all that this widget has asked."""
        for concern in sorted(self._concerns):
            self.engine.cancel((id(self), concern))

    def _end(self) -> None:
        """Drop all requests and the caller's networks; nothing that still comes is taken."""
        self._withdraw()
        with self._lock:
            self._ended = True
        for name in self._own_networks:
            self.engine.library.release(name)
        self._own_networks = []


class Composed(Asking, ipywidgets.DOMWidget):
    """A box of widgets that asks the engine: put it before ipywidgets' `Box` or `VBox`.

    Attributes:
        engine: what does the work.
    """

    _made = False  # a refused argument leaves nothing to close

    def __init__(self, children: Iterable[ipywidgets.Widget], style: str) -> None:
        """Lay the parts out; the constructor of a subclass calls `_connect` before it makes them.

        Args:
            children: what is shown, in its order.
            style: the class of the style sheet.
        """
        super().__init__(list(children))
        self.add_class(style)
        self._made = True

    def _parts(self) -> Iterable[ipywidgets.Widget]:
        """All widgets that end with this one: its children, where a subclass names no others."""
        return tuple(self.children)

    def cancel(self) -> None:
        """Stop all that is under way for this widget; what is shown stays."""
        self._withdraw()

    def close(self) -> None:
        """Stop the work, and close all parts."""
        if not self._made:
            return
        self.cancel()
        self._end()
        for part in self._parts():
            part.close()
        super().close()
