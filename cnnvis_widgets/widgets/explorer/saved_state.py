"""Text embedded in a saved picture, from which its map can be recomputed and compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import numpy as np

from cnnvis_widgets import checks
from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import FileError, UnsuitableError
from cnnvis_widgets.widgets.explorer.explanation_view import MOST_ZOOM
from cnnvis_widgets.widgets.explorer.explorer_state import (
    LOOKS,
    choices,
    look_text,
    network_of,
    open_link,
)
from cnnvis_widgets.widgets.explorer.link_labels import FILE, LABELS
from cnnvis_widgets.widgets.explorer.page_facts import PACKAGES, fingerprint, versions

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import PageExplanation
    from cnnvis_widgets.widgets.explorer.explorer import Explorer
    from cnnvis_widgets.widgets.explorer.explorer_view import ExplorerView

LONGEST = 100_000
"""Most characters of the embedded text."""


class Saved(NamedTuple):
    """The parsed text of a file.

    Attributes:
        link: as `Explorer.link`.
        network: its name, even if the link has none.
        sha256: of the map's values, float32, little-endian, row after row (or of the bytes of a
            picture that the method made).
        shape: of the map.
        largest: its largest absolute value.
        versions: package → version.
        own_picture: whether the picture is the visitor's own, and in the file.
        look: the view's settings, by the names of `explorer_state.LOOKS`; zoom; and corner, the
            upper left corner of the visible part, x and y as shares of the picture. The page adds
            it when the picture is saved; {} in older files.
        labels: the link's part with the output names of an own network, see `link_labels.py`.
    """

    link: str
    network: str
    sha256: str
    shape: list[int]
    largest: float
    versions: dict[str, str]
    own_picture: bool
    look: dict[str, Any]
    labels: dict[str, str]


class Look(NamedTuple):
    """The view's settings when a file was saved.

    Attributes:
        texts: as texts for a link, by the names of `explorer_state.LOOKS`.
        zoom: None if not in the file.
        corner: x and y; None if not in the file.
    """

    texts: dict[str, str]
    zoom: float | None
    corner: list[float] | None


def state_of(explorer: Explorer, answer: PageExplanation) -> str:
    """The text to embed in the file of the current map, as JSON."""
    own_picture = explorer.pictures.value in explorer.pictures.uploads
    network = explorer.networks.value
    labels = explorer.bringing.labels_part(network)
    return saved_text(choices(explorer), network, answer, own_picture=own_picture, labels=labels)


def saved_text(
    link: str,
    network: str,
    answer: PageExplanation,
    *,
    own_picture: bool,
    labels: Mapping[str, str] | None = None,
) -> str:
    """The text to embed in the file of any map, as JSON.

    Args:
        link: the choices.
        network: its name.
        answer: the map.
        own_picture: whether the picture is the visitor's own.
        labels: see `Saved`.
    """
    saved = Saved(
        link, network, *fingerprint(answer), versions(), own_picture, {}, dict(labels or {})
    )
    record = {"format": 1, **saved._asdict(), "code": answer.code}
    return json.dumps(record, ensure_ascii=False)


def parsed(text: str) -> Saved:
    """Parse the text of a file.

    Raises:
        FileError: it was not written by an explorer.
    """
    try:
        record = json.loads(text[:LONGEST]) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        record = None
    kinds: dict[str, Any] = {
        "link": str, "network": str, "sha256": str, "shape": list, "largest": (int, float),
        "versions": dict, "own_picture": bool, "look": dict,
        "labels": dict,
    }  # fmt: skip
    if not isinstance(record, dict) or record.get("format") != 1:
        raise FileError("It does not say how its map was made in a way that is known here.")
    record = {"look": {}, "labels": {}, **record}
    for name, kind in kinds.items():
        if not isinstance(record.get(name), kind):
            raise FileError(f"What it says of its map has no {name}, or one of another kind.")
    return Saved(**{name: record[name] for name in kinds})


def look_of(saved: Saved) -> Look:
    """The view's settings of a file.

    Raises:
        CnnvisError: an invalid value for the view.
    """
    look = saved.look
    texts = {name: look_text(look[name]) for name in LOOKS if name in look}
    for name, text in texts.items():
        LOOKS[name](name, text)
    zoom, corner = look.get("zoom"), look.get("corner")
    if zoom is not None:
        zoom = checks.number("zoom", zoom, 1, MOST_ZOOM)
    if corner is not None:
        if not isinstance(corner, list) or len(corner) != 2:
            raise FileError("What it says of the corner that was seen is not two numbers.")
        corner = [checks.number("corner", share, 0, 1) for share in corner]
    return Look(texts, zoom, corner)


def restore(explorer: Explorer, text: str, picture: bytes, filename: str) -> None:
    """Restore the settings of a saved picture; its map is recomputed and compared.

    Args:
        explorer: the explorer.
        text: the file's embedded text.
        picture: the picture file in it; b"" for none.
        filename: the file's name.

    Raises:
        FileError: it was not written by an explorer.
        UnsuitableError: its network is missing here.
        CnnvisError: a picture, network or method that is missing here, as `open_link`.
    """
    saved = parsed(text)
    look = look_of(saved)
    current_network = explorer.networks.value
    labels = {name: str(saved.labels[name]) for name in (LABELS, FILE) if name in saved.labels}
    state = dict(parse_qsl(saved.link)) | look.texts | labels
    if "file" in state:
        network_of(explorer, state)
    elif "network" not in state and saved.network != current_network:
        raise UnsuitableError(
            f"Its map is of {saved.network!r}, which is not a network that a link can name. Choose "
            "that network, and open the file again."
        )
    if saved.own_picture and not picture:
        raise FileError("The picture that its map is of is not in it.")
    with explorer._quietly():
        if saved.own_picture:
            explorer.pictures.add(listings.decode(picture), filename)
        open_link(explorer, saved.link)
        _look_at(explorer.view, look)
        explorer._expected = saved


def _look_at(view: ExplorerView, look: Look) -> None:
    """Set the view to the settings of a file."""
    for name, text in look.texts.items():
        setattr(view, name, LOOKS[name](name, text))
    if look.zoom is not None:
        view.zoom = look.zoom
    if look.corner is not None:
        view.send({"kind": "corner", "corner": look.corner})


def compared(explorer: Explorer, answer: PageExplanation) -> str:
    """A sentence on whether the map of an opened file is reproduced; "" if none was opened."""
    saved, explorer._expected = explorer._expected, None
    if saved is None or choices(explorer) != saved.link:
        return ""  # the visitor has chosen something else
    sha256, shape, largest = fingerprint(answer)
    if sha256 == saved.sha256:
        count = f"{int(np.prod(shape)):,}"
        return f"Reproduced: all {count} values are those of the file (SHA-256 {sha256[:12]}…)."
    why = f"largest value {largest:.6g}, in the file {saved.largest:.6g}"
    if shape != saved.shape:
        why = f"{shape} values, in the file {saved.shape}"
    now = versions()
    other_versions = [
        f"{name} {then}, here {now.get(name, 'unknown')}"
        for name, then in saved.versions.items()
        if now.get(name) != then and name in PACKAGES
    ]
    version_note = f" It was made with {'; '.join(other_versions)}." if other_versions else ""
    return f"Differs: the map is not that of the file ({why}).{version_note}"
