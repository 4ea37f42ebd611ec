"""Requests of an explorer for its touch tools, and how their answers are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.engine.fewest import FewestSuperpixels
from cnnvis_widgets.engine.requests import Explain, PageExplanation
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES

if TYPE_CHECKING:
    import numpy as np

    from cnnvis_widgets.engine.fewest import Fewest
    from cnnvis_widgets.engine.touch import Deletion, OcclusionResult, ReceptiveFields
    from cnnvis_widgets.widgets.explorer.explorer import Explorer


def follow_touch(explorer: Explorer) -> None:
    """React to the tools of the explorer's picture."""
    view = explorer.view

    def on(name: str, react: Callable[[Explorer], None]) -> None:
        view.observe(lambda _change: explorer._react(lambda: react(explorer)), name)

    on("tool", prepare)
    on("touched", cover)
    view.on_msg(lambda _view, content, _buffers: _receive(explorer, content))


def _receive(explorer: Explorer, content: dict[str, Any]) -> None:
    """Handle a chosen position of the layer, or a request for the fewest superpixels."""
    kind = content.get("kind")
    if kind in ("fewest", "stop fewest"):
        with explorer._lock:
            explorer.engine.cancel((id(explorer), "fewest"))
            explorer.view.fewest = {}
            if kind == "fewest":
                find_fewest(explorer)
        return
    if content.get("kind") != "place" or explorer.layers.value in ("", CLASSES):
        return
    explorer.view.touch_error = ""
    try:
        explorer.neurons.position = content.get("place")
    except CnnvisError as error:
        explorer.view.touch_error = str(error)


def untouch(explorer: Explorer, request: Explain) -> None:
    """Forget results for the last picture, layer or map: another map is requested."""
    view, last = explorer.view, explorer._asked
    for concern in ("touch", "deletion", "fewest"):
        explorer.engine.cancel((id(explorer), concern))
    view.forget_touch()
    layer = explorer.layers.value
    if view.layer != ("" if layer == CLASSES else layer) or not _same(last, request, "network"):
        view.layer, view.receptive_fields = "" if layer == CLASSES else layer, {}
    if not _same(last, request, "network") or not _same(last, request, "image"):
        view.pieces = b""


def _same(one: Explain | None, other: Explain, name: str) -> bool:
    value, other_value = getattr(one, name, None), getattr(other, name)
    both_names = isinstance(value, str) and isinstance(other_value, str)
    return value == other_value if both_names else value is other_value  # an upload is an array


def touch_again(explorer: Explorer, answer: PageExplanation) -> None:
    """Request the results of the chosen tool again for a new map."""
    prepare(explorer)
    touched = explorer.view.touched
    if answer.heatmap is not None and (touched["boxes"] or touched["off"]):
        cover(explorer)


def prepare(explorer: Explorer) -> None:
    """Request the data that the chosen tool needs, unless it has arrived."""
    view, map_request = explorer.view, explorer._asked
    if map_request is None:
        return
    if view.tool == "position" and view.layer and not view.receptive_fields:
        _ask(explorer, "fields", Fields(map_request.network, view.layer), _show_fields)
    elif view.tool == "superpixels" and not view.pieces:
        _ask(explorer, "pieces", Superpixels(map_request.network, map_request.image), _show_pieces)
    elif view.tool == "deletion" and not view.deletion:
        _ask(explorer, "deletion", DeletionCurve(**_fields(map_request)), _show_deletion)


def _fields(request: Explain) -> dict[str, Any]:
    return {field.name: getattr(request, field.name) for field in fields(Explain)}


def find_fewest(explorer: Explorer) -> None:
    """Request the fewest superpixels that keep the class first."""
    view, map_request = explorer.view, explorer._asked
    if map_request is None:
        return

    def progress(done: int, total: int) -> None:
        view.fewest = {"progress": [done, total]}

    def done(fewest: Fewest) -> None:
        view.fewest = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in fewest._asdict().items()
        }

    def failed(message: str) -> None:
        view.fewest = {"failed": message}

    view.fewest = {"progress": [0, 0]}
    request = FewestSuperpixels(**_fields(map_request))
    explorer._submit("fewest", request, done, failed, progress=progress)


def cover(explorer: Explorer) -> None:
    """Request predictions for the picture with the covered parts grey."""
    map_request, touched = explorer._asked, explorer.view.touched
    if map_request is None:
        return
    neuron = explorer._neuron()
    inner = neuron if not isinstance(neuron, str | None) and neuron.layer is not None else None
    units = [p["unit"] for p in explorer.predictions.predictions]
    if explorer.predictions.value is not None:
        units.append(explorer.predictions.value)
    request = Occlude(
        map_request.network,
        map_request.image,
        tuple(tuple(box) for box in touched["boxes"]),
        tuple(touched["off"]),
        tuple(sorted(set(units))),
        inner,
    )
    number = touched["number"]
    _ask(
        explorer,
        "touch",
        request,
        lambda explorer, answers: _show_answers(explorer, answers, number),
    )


def _ask(
    explorer: Explorer, concern: str, request: Any, show: Callable[[Explorer, Any], None]
) -> None:
    def done(answer: Any) -> None:
        explorer.view.touch_error = ""
        show(explorer, answer)

    def failed(message: str) -> None:
        explorer.view.touch_error = message

    explorer._submit(concern, request, done, failed)


def _show_fields(explorer: Explorer, result: ReceptiveFields) -> None:
    field = result.field
    geometry = {} if field is None else {n: list(v) for n, v in field._asdict().items()}
    explorer.view.receptive_fields = {"places": list(result.places), **geometry}


def _show_pieces(explorer: Explorer, pieces: np.ndarray) -> None:
    explorer.view.show_pieces(pieces)


def _show_deletion(explorer: Explorer, deletion: Deletion) -> None:
    explorer.view.deletion = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in deletion._asdict().items()
    }


def _show_answers(explorer: Explorer, answers: OcclusionResult, number: int) -> None:
    view = explorer.view
    before = {p["unit"]: _size(p) for p in explorer.predictions.predictions}
    with view.hold_sync():
        view.rows = [
            {"unit": p.unit, "label": p.label, "before": before.get(p.unit), "now": now}
            for p in answers.predictions
            for now in [_size(p._asdict())]
        ]
        view.answers = {"number": number, "share": answers.share, "value": answers.value}


def _size(prediction: dict[str, Any]) -> float:
    score = prediction["score"]
    return float(prediction["logit"] if score is None else score)
