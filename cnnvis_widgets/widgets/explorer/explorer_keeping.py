"""Maps that an explorer keeps while its page is open, and the page that they are saved to."""

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
"""The map that is shown has its place in the page too."""


@dataclass(eq=False)
class KeptMap:
    """A map with what made it.

    Attributes:
        request: what was asked.
        picture: the picture's name in the picker.
        link: what was chosen, see `explorer_state.choices`.
        state: what the view was told, see `explanation_state.py`.
        facts: how it was made, in words.
        saved: see `saved_state.py`; "" for an answer that was stopped.
        checks: of the trust strip, once they are there.
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
        """Whether both are the same map of the same picture; of stopped answers nobody can say."""
        if not self.saved or self.saved != other.saved:
            return False
        one, two = self.request.image, other.request.image
        if isinstance(one, str) or isinstance(two, str):
            return isinstance(one, str) and isinstance(two, str) and one == two
        return np.array_equal(one, two)

    def for_page(self) -> PageMap:
        """The map as a page holds it; the lessons are not beside it there."""
        told = [{**check, "lesson": ""} for check in self.checks if check["sentence"]]
        return PageMap(self.state, self.facts, told, self.saved)


class Keeping:
    """What an explorer keeps.

    Args:
        explorer: whose; its view, its row of kept maps and its strip of checks are followed.
    """

    def __init__(self, explorer: Explorer) -> None:
        self._explorer = explorer
        self._kept: list[KeptMap] = []
        self._shown: KeptMap | None = None
        self._count = 0
        self._coming: list[Wanted] = []
        self._asked = False  # whether the first of them is computed now
        explorer.view.observe(lambda _change: self._recoloured(), "lookup")
        explorer.view.on_msg(lambda _view, content, _buffers: self._receive(content))
        explorer.kept.on_msg(lambda _row, content, _buffers: self._receive(content))
        explorer.trust.observe(lambda _change: self._checked(), "checks")

    def shown(self, made: PageExplanation, request: Explain | None) -> None:
        """A map is shown, with all that the view was told of it."""
        explorer, view = self._explorer, self._explorer.view
        if request is None:
            return
        picture, saved = explorer.pictures.value, view.state
        records = [*explorer.pictures.pictures, *explorer.pictures._uploads]
        link = choices(explorer)
        facts = self._facts(made, fact(records, picture), link)
        state = {name: getattr(view, name) for name in SHOWN}
        self._shown = KeptMap(request, picture, link, state, facts, saved)
        kept = self._same(self._shown)
        explorer.kept.value = kept.name if kept else ""
        self._next()

    def text(self) -> str:
        """The kept maps as a link says them, those included that are still computed again."""
        links = [one.link for one in self._kept] + [one.link for one in self._coming]
        return kept_text(links)

    def wanted(self, text: str) -> list[Wanted]:
        """Those kept maps of a link that are not here, to be computed again.

        Args:
            text: as `text` makes it.

        Raises:
            CnnvisError: what is not offered here, see `kept_links.wanted`.
        """
        here = {one.link for one in self._kept} | {one.link for one in self._coming}
        links = [link for link in dict.fromkeys(kept_links(text)) if link not in here]
        room = MOST_KEPT - len(self._kept) - len(self._coming)
        return [wanted(self._explorer, link) for link in links[:room]]

    def bring_back(self, maps: list[Wanted], *, now: bool) -> None:
        """Compute kept maps again.

        Args:
            maps: those.
            now: another map is not asked for before them.
        """
        self._coming += maps
        if not maps:
            return
        self._draw(self._explorer.kept.value)
        if now and self._shown is not None:
            self._next()

    def stop(self) -> None:
        """All work was cancelled; what is still to come is asked for after the next map."""
        self._asked = False

    def _next(self) -> None:
        """Ask for the next map that is still to come."""
        if not self._coming or self._asked:
            return
        one, self._asked = self._coming[0], True

        def done(made: PageExplanation) -> None:
            self._coming, self._asked = self._coming[1:], False
            kept = KeptMap(
                one.request,
                one.picture,
                one.link,
                self._state(made, one.picture),
                self._facts(made, listings.picture(one.picture)["title"], one.link),
                self._saved(one, made),
            )
            if self._same(kept) is None:
                self._add(kept)
            value = self._explorer.kept.value
            shown = self._shown
            self._draw(kept.name if shown is not None and kept.same_as(shown) else value)
            self._next()

        def failed(said: str) -> None:
            self._coming, self._asked = self._coming[1:], False
            self._draw(self._explorer.kept.value)
            self._explorer.kept.error = f"A kept map of the link is not here again. {said}"
            self._next()

        self._explorer._submit("kept", one.request, done, failed)

    def _saved(self, one: Wanted, made: PageExplanation) -> str:
        network = one.request.network
        labels = self._explorer.bringing.labels_part(network)
        return saved_text(one.link, network, made, own_picture=False, labels=labels)

    def _state(self, made: PageExplanation, picture: str) -> dict[str, Any]:
        """What a view is told of a map, in the colours that were chosen."""
        view = self._explorer.view
        state = view.coloured(answer_state(made, picture, listings.picture(picture)["alt"]))
        return {**{name: view.trait_defaults(name) for name in SHOWN}, **state}

    def _facts(self, made: PageExplanation, picture: str, link: str) -> tuple[tuple[str, str], ...]:
        facts = (("Picture", picture), *made.facts, *array_facts(made))
        return (*facts, ("Link", link)) if link else facts

    def _recoloured(self) -> None:
        """The map that is shown has other colours; where it is kept, there too."""
        if self._shown is not None:
            self._shown.state = {**self._shown.state, "lookup": self._explorer.view.lookup}

    def _same(self, shown: KeptMap) -> KeptMap | None:
        return next((one for one in self._kept if one is shown or one.same_as(shown)), None)

    def _checked(self) -> None:
        explorer = self._explorer
        shown, checks = self._shown, list(explorer.trust.checks)
        if shown is None or shown.request is not explorer._asked or not checks:
            return
        shown.checks = checks
        if same := self._same(shown):
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
                    chosen = [one for one in self._kept if one.name == content.get("name")]
                    for one in chosen:
                        self._show(one) if kind == "show" else self._remove(one)
            except CnnvisError as error:
                explorer.kept.error = str(error)

    def _keep(self) -> None:
        shown = self._there()
        if same := self._same(shown):
            self._explorer.kept.value = same.name
            return
        if len(self._kept) + len(self._coming) >= MOST_KEPT:
            raise InvalidValueError(f"{MOST_KEPT} maps are kept; remove one to keep another.")
        self._add(shown)
        self._draw(shown.name)

    def _add(self, kept: KeptMap) -> None:
        self._count += 1
        kept.name = f"kept-{self._count}"
        self._kept.append(kept)

    def _there(self) -> KeptMap:
        """The map that is shown, and complete or stopped."""
        if self._shown is None or self._explorer.header.partial:
            raise InvalidValueError("There is no map yet that is done: wait for it, or stop it.")
        return self._shown

    def _draw(self, value: str) -> None:
        row = self._explorer.kept
        with row.hold_sync():
            row.label = f"Kept maps ({len(self._kept)} of {MOST_KEPT})"
            row.coming = len(self._coming)
            row.entries = [
                {
                    "name": one.name,
                    "title": one.state["title"],
                    "thumbnail": thumbnail(one.state),
                }
                for one in self._kept
            ]
            row.value = value

    def _remove(self, kept: KeptMap) -> None:
        self._kept.remove(kept)
        value = self._explorer.kept.value
        self._draw("" if value == kept.name else value)

    def _show(self, kept: KeptMap) -> None:
        """Turn the explorer to the settings of a kept map."""
        explorer, request = self._explorer, kept.request
        explorer.kept.value = kept.name
        shown = self._shown
        if shown and kept in (shown, self._same(shown)) and explorer._asked is shown.request:
            return  # it is what is shown
        image: str | np.ndarray = kept.picture
        if isinstance(request.image, str):
            offer_picture(explorer.pictures, kept.picture)
        elif kept.picture not in explorer.pictures.uploads:
            image = request.image
        # The most probable class was not chosen, and is not chosen now.
        named = "neuron=" in kept.link or explorer.engine.library.owns(request.network)
        neuron = as_neuron(request.neuron) if named else None
        parameters = chosen_parameters(request)
        turn(explorer, request.network, image, request.method, neuron, parameters)

    def _send_page(self) -> None:
        shown = self._there()
        maps = [one.for_page() for one in self._kept]
        if not self._same(shown):
            maps.insert(0, shown.for_page())
        name = f"{shown.state['filename'] if len(maps) == 1 else 'maps'}.html"
        self._send(name, "text/html", page(maps).encode())

    def _send_figure(self, kind: object) -> None:
        shown, view = self._there(), self._explorer.view
        look = {name: getattr(view, name) for name in LOOK}
        content = figure_file(shown.state, look, shown.facts, kind)
        self._send(f"{shown.state['filename']}.{kind}", TYPES[str(kind)], content)

    def _send(self, name: str, media: str, content: bytes) -> None:
        self._explorer.view.send({"kind": "file", "name": name, "type": media}, [content])
