"""Kept maps of an explorer, and the files that they are saved to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import CnnvisError, InvalidValueError
from cnnvis_widgets.widgets.explorer.explanation_state import SHOWN
from cnnvis_widgets.widgets.explorer.explorer_answer import answer_state
from cnnvis_widgets.widgets.explorer.explorer_records import (
    as_neuron,
    chosen_parameters,
    fact,
    offer_picture,
)
from cnnvis_widgets.widgets.explorer.explorer_state import choices
from cnnvis_widgets.widgets.explorer.explorer_turning import turn
from cnnvis_widgets.widgets.explorer.figure_file import LOOK, TYPES, figure_file
from cnnvis_widgets.widgets.explorer.kept_links import Wanted, kept_links, kept_text, wanted
from cnnvis_widgets.widgets.explorer.page_data import PageMap, thumbnail
from cnnvis_widgets.widgets.explorer.page_facts import array_facts
from cnnvis_widgets.widgets.explorer.saved_page import MOST, page
from cnnvis_widgets.widgets.explorer.saved_state import saved_text

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Explain, PageExplanation
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

MOST_KEPT = MOST - 1
"""One less, since a saved page also holds the map that is shown."""


@dataclass(eq=False)
class KeptMap:
    """A map and how it was made.

    Attributes:
        request: the request for it.
        picture: the picture's name in the picker.
        link: the choices, see `explorer_state.choices`.
        state: the view state, see `explanation_state.py`.
        facts: how it was made, in words.
        saved: see `saved_state.py`; "" for an answer that was stopped.
        checks: records of the trust strip, once they have arrived.
        name: in the row of kept maps.
    """

    request: Explain
    picture: str
    link: str
    state: Mapping[str, Any]
    facts: tuple[tuple[str, str], ...]
    saved: str
    checks: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""

    def same_as(self, other: KeptMap) -> bool:
        """Whether both are the same map of the same picture; False for stopped answers."""
        if not self.saved or self.saved != other.saved:
            return False
        image, other_image = self.request.image, other.request.image
        if isinstance(image, str) or isinstance(other_image, str):
            return isinstance(image, str) and isinstance(other_image, str) and image == other_image
        return np.array_equal(image, other_image)

    def for_page(self) -> PageMap:
        """The map for a saved page, without links to lessons, which are not there."""
        checks = [{**check, "lesson": ""} for check in self.checks if check["sentence"]]
        return PageMap(self.state, self.facts, checks, self.saved)


class Keeping:
    """The kept maps of an explorer.

    Args:
        explorer: the explorer; its view, row of kept maps and trust strip are observed.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._kept: list[KeptMap] = []
        self._current: KeptMap | None = None
        self._count = 0
        self._pending: list[Wanted] = []
        self._computing = False  # whether the first pending map has been requested
        explorer.view.observe(lambda _change: self._recoloured(), "lookup")
        explorer.view.on_msg(lambda _view, content, _buffers: self._receive(content))
        explorer.kept.on_msg(lambda _row, content, _buffers: self._receive(content))
        explorer.trust.observe(lambda _change: self._checked(), "checks")

    def shown(self, made: PageExplanation, request: Explain | None) -> None:
        """Note the map that the view shows."""
        explorer, view = self._explorer, self._explorer.view
        if request is None:
            return
        picture, saved = explorer.pictures.value, view.state
        records = [*explorer.pictures.pictures, *explorer.pictures._uploads]
        link = choices(explorer)
        facts = self._facts(made, fact(records, picture), link)
        state = {name: getattr(view, name) for name in SHOWN}
        self._current = KeptMap(request, picture, link, state, facts, saved)
        same = self._same(self._current)
        explorer.kept.value = same.name if same else ""
        self._next()

    def text(self) -> str:
        """The kept maps as text for a link, including those still to be recomputed."""
        links = [m.link for m in self._kept] + [m.link for m in self._pending]
        return kept_text(links)

    def wanted(self, text: str) -> list[Wanted]:
        """The kept maps of a link that are missing here and must be recomputed.

        Args:
            text: as returned by `text`.

        Raises:
            CnnvisError: as `kept_links.wanted`.
        """
        present = {m.link for m in self._kept} | {m.link for m in self._pending}
        links = [link for link in dict.fromkeys(kept_links(text)) if link not in present]
        room = MOST_KEPT - len(self._kept) - len(self._pending)
        return [wanted(self._explorer, link) for link in links[:room]]

    def bring_back(self, maps: list[Wanted], *, now: bool) -> None:
        """Recompute kept maps.

        Args:
            maps: the maps.
            now: start at once, as no other map is requested first.
        """
        self._pending += maps
        if not maps:
            return
        self._draw(self._explorer.kept.value)
        if now and self._current is not None:
            self._next()

    def stop(self) -> None:
        """Handle that all work was cancelled; pending maps are requested after the next map."""
        self._computing = False

    def _next(self) -> None:
        """Request the next pending map."""
        if not self._pending or self._computing:
            return
        pending, self._computing = self._pending[0], True

        def done(answer: PageExplanation) -> None:
            self._pending, self._computing = self._pending[1:], False
            new_map = KeptMap(
                pending.request,
                pending.picture,
                pending.link,
                self._state(answer, pending.picture),
                self._facts(answer, listings.picture(pending.picture)["title"], pending.link),
                self._saved(pending, answer),
            )
            if self._same(new_map) is None:
                self._add(new_map)
            value = self._explorer.kept.value
            current = self._current
            self._draw(new_map.name if current is not None and new_map.same_as(current) else value)
            self._next()

        def failed(message: str) -> None:
            self._pending, self._computing = self._pending[1:], False
            self._draw(self._explorer.kept.value)
            self._explorer.kept.error = f"A kept map of the link is not here again. {message}"
            self._next()

        self._explorer._submit("kept", pending.request, done, failed)

    def _saved(self, pending: Wanted, answer: PageExplanation) -> str:
        network = pending.request.network
        labels = self._explorer.bringing.labels_part(network)
        return saved_text(pending.link, network, answer, own_picture=False, labels=labels)

    def _state(self, answer: PageExplanation, picture: str) -> dict[str, Any]:
        """The view state of a map, in the chosen colours."""
        view = self._explorer.view
        state = view.coloured(answer_state(answer, picture, listings.picture(picture)["alt"]))
        return {**{name: view.trait_defaults(name) for name in SHOWN}, **state}

    def _facts(
        self, answer: PageExplanation, picture: str, link: str
    ) -> tuple[tuple[str, str], ...]:
        facts = (("Picture", picture), *answer.facts, *array_facts(answer))
        return (*facts, ("Link", link)) if link else facts

    def _recoloured(self) -> None:
        """Apply the view's new colours to the current map, which may also be a kept one."""
        if self._current is not None:
            self._current.state = {**self._current.state, "lookup": self._explorer.view.lookup}

    def _same(self, map_: KeptMap) -> KeptMap | None:
        return next((m for m in self._kept if m is map_ or m.same_as(map_)), None)

    def _checked(self) -> None:
        explorer = self._explorer
        current, checks = self._current, list(explorer.trust.checks)
        if current is None or current.request is not explorer._asked or not checks:
            return
        current.checks = checks
        if same := self._same(current):
            same.checks = checks

    def _receive(self, content: Mapping[str, Any]) -> None:
        explorer, kind = self._explorer, content.get("kind")
        actions = {"keep": self._keep, "page": self._send_page}
        with explorer._lock:
            explorer.kept.error = ""
            try:
                if kind == "figure":
                    self._send_figure(content.get("format"))
                elif kind in actions:
                    actions[kind]()
                elif kind in ("show", "remove"):
                    chosen = [m for m in self._kept if m.name == content.get("name")]
                    for kept_map in chosen:
                        self._show(kept_map) if kind == "show" else self._remove(kept_map)
            except CnnvisError as error:
                explorer.kept.error = str(error)

    def _keep(self) -> None:
        current = self._finished()
        if same := self._same(current):
            self._explorer.kept.value = same.name
            return
        if len(self._kept) + len(self._pending) >= MOST_KEPT:
            raise InvalidValueError(f"{MOST_KEPT} maps are kept; remove one to keep another.")
        self._add(current)
        self._draw(current.name)

    def _add(self, new_map: KeptMap) -> None:
        self._count += 1
        new_map.name = f"kept-{self._count}"
        self._kept.append(new_map)

    def _finished(self) -> KeptMap:
        """The current map.

        Raises:
            InvalidValueError: there is none, or it still improves.
        """
        if self._current is None or self._explorer.header.partial:
            raise InvalidValueError("There is no map yet that is done: wait for it, or stop it.")
        return self._current

    def _draw(self, value: str) -> None:
        row = self._explorer.kept
        with row.hold_sync():
            row.label = f"Kept maps ({len(self._kept)} of {MOST_KEPT})"
            row.coming = len(self._pending)
            row.entries = [
                {
                    "name": kept_map.name,
                    "title": kept_map.state["title"],
                    "thumbnail": thumbnail(kept_map.state),
                }
                for kept_map in self._kept
            ]
            row.value = value

    def _remove(self, kept_map: KeptMap) -> None:
        self._kept.remove(kept_map)
        value = self._explorer.kept.value
        self._draw("" if value == kept_map.name else value)

    def _show(self, kept_map: KeptMap) -> None:
        """Set the explorer to the settings of a kept map."""
        explorer, request = self._explorer, kept_map.request
        explorer.kept.value = kept_map.name
        current = self._current
        if (
            current
            and kept_map in (current, self._same(current))
            and explorer._asked is current.request
        ):
            return  # it is shown already
        image: str | np.ndarray = kept_map.picture
        if isinstance(request.image, str):
            offer_picture(explorer.pictures, kept_map.picture)
        elif kept_map.picture not in explorer.pictures.uploads:
            image = request.image
        # If the map was of the most probable class, no neuron was chosen.
        neuron_chosen = "neuron=" in kept_map.link or explorer.engine.library.owns(request.network)
        neuron = as_neuron(request.neuron) if neuron_chosen else None
        parameters = chosen_parameters(request)
        turn(explorer, request.network, image, request.method, neuron, parameters)

    def _send_page(self) -> None:
        current = self._finished()
        maps = [m.for_page() for m in self._kept]
        if not self._same(current):
            maps.insert(0, current.for_page())
        name = f"{current.state['filename'] if len(maps) == 1 else 'maps'}.html"
        self._send(name, "text/html", page(maps).encode())

    def _send_figure(self, kind: object) -> None:
        current, view = self._finished(), self._explorer.view
        look = {name: getattr(view, name) for name in LOOK}
        content = figure_file(current.state, look, current.facts, kind)
        self._send(f"{current.state['filename']}.{kind}", TYPES[str(kind)], content)

    def _send(self, name: str, media: str, content: bytes) -> None:
        self._explorer.view.send({"kind": "file", "name": name, "type": media}, [content])
