"""Requests of an explorer for the card of the chosen neuron of a hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.engine.neuron_card import Gallery, OneNeuron
from cnnvis_widgets.engine.requests import Explain, Neuron, PageExplanation
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.rendering import format_value

if TYPE_CHECKING:
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

PARTS = ("activation", "gallery", "maximum")
STEPS = 64
"""Of activation maximization on the card: a few seconds; the method itself uses more steps."""


def follow_card(explorer: Explorer) -> None:
    """Handle the card's messages; clear it when another layer is chosen."""
    explorer.card.on_msg(lambda _card, content, _buffers: _receive(explorer, content))
    explorer.layers.observe(lambda _change: forget(explorer), "value")
    forget(explorer)


def forget(explorer: Explorer) -> None:
    """Clear the card and cancel its requests: no neuron is chosen."""
    for part in PARTS:
        explorer.engine.cancel((id(explorer), f"card {part}"))
    explorer.card.about = explorer.card.image = None
    explorer.card.clear()
    explorer.card.layout.display = "none"


def stop(explorer: Explorer) -> None:
    """Handle that all work was cancelled; finished parts of the card stay."""
    card = explorer.card
    card.progress = {}
    if not (card.activation and card.gallery):
        card.about = card.image = None  # so that the next choice asks again


def look(explorer: Explorer, request: Explain) -> None:
    """Fill the card for the neuron of a requested map, unless it is already shown.

    Args:
        explorer: the explorer.
        request: the request for the map.
    """
    neuron, card = request.neuron, explorer.card
    if not isinstance(neuron, Neuron) or neuron.layer is None:
        if card.about is not None:
            forget(explorer)
        return
    about = (request.network, neuron.layer, neuron.unit)
    same_neuron = about == card.about
    if not same_neuron:
        forget(explorer)
        card.title = f"unit {neuron.unit} of {neuron.layer}"
        card.layout.display = ""
    if not same_neuron or request.image is not card.image:
        card_request = OneNeuron(request.network, request.image, neuron.layer, neuron.unit)
        _ask(explorer, "activation", card_request, card.show)
    if not same_neuron:
        pictures = explorer.pictures.pictures
        titles = {record["name"]: record["title"] for record in pictures}
        gallery = Gallery(*about, tuple(titles))
        _ask(explorer, "gallery", gallery, lambda excited: card.show_gallery(excited, titles))
    card.about, card.image = about, request.image


def _receive(explorer: Explorer, content: dict[str, Any]) -> None:
    kind = content.get("kind")
    card = explorer.card
    with explorer._lock:
        if kind == "maximise" and card.about is not None:
            _maximise(explorer)
        elif kind == "stop" and content.get("what") in PARTS:
            explorer.engine.cancel((id(explorer), f"card {content['what']}"))
            card.under_way(content["what"], None)
        elif kind == "picture" and content.get("name") in [
            picture["name"] for picture in card.gallery
        ]:
            try:
                explorer.pictures.value = content["name"]
            except CnnvisError as error:  # no longer offered
                card.fail("gallery", str(error))


def _maximise(explorer: Explorer) -> None:
    card = explorer.card
    assert card.about is not None
    network, layer, unit = card.about
    request = Explain(
        network,
        explorer._image,
        "activation_maximization",
        Neuron(layer, unit),
        parameters={"steps": STEPS},
    )

    def done(answer: PageExplanation) -> None:
        value = format_value(answer.value)
        card.show_maximum(answer.image, f"activation {value}, summed; {STEPS} steps, seed 0")

    def improved(answer: PageExplanation) -> None:
        card.show_maximum(answer.image, "on its way")

    _ask(explorer, "maximum", request, done, improved)


def _ask(
    explorer: Explorer,
    part: str,
    request: Any,
    show: Callable[[Any], None],
    improved: Callable[[Any], None] | None = None,
) -> None:
    card = explorer.card
    card.fail(part, "")
    card.under_way(part, 0.0)

    def done(answer: Any) -> None:
        card.under_way(part, None)
        show(answer)

    def failed(message: str) -> None:
        card.under_way(part, None)
        card.fail(part, message)

    explorer._submit(
        f"card {part}",
        request,
        done,
        failed,
        progress=lambda at, of: card.under_way(part, at / of if of else 0.0),
        preview=improved,
    )
