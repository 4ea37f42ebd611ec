"""What a saved picture says of the map in it, so that it can be computed again and compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

import numpy as np

from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import FileError, UnsuitableError
from cnnvis_widgets.widgets.explorer.explorer_state import choices, network_of, open_link
from cnnvis_widgets.widgets.explorer.page_facts import PACKAGES, fingerprint, versions

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import PageExplanation
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

LONGEST = 100_000
"""Characters of what a file says, its picture left out."""


class Saved(NamedTuple):
    """What a file says.

    Attributes:
        link: as `Explorer.link`.
        network: its name, also where the link has none.
        sha256: of the map's values, float32, little-endian, row after row (or of the picture's
            bytes, where the method makes one).
        shape: of the map.
        largest: its largest absolute value.
        versions: package → version.
        own_picture: the picture is the visitor's, and is in the file.
    """

    link: str
    network: str
    sha256: str
    shape: list[int]
    largest: float
    versions: dict[str, str]
    own_picture: bool


def state_of(explorer: Explorer, answer: PageExplanation) -> str:
    """What goes into the file of a map, as JSON."""
    own = explorer.pictures.value in explorer.pictures.uploads
    return saved_text(choices(explorer), explorer.networks.value, answer, own_picture=own)


def saved_text(link: str, network: str, answer: PageExplanation, *, own_picture: bool) -> str:
    """The same of any map.

    Args:
        link: what was chosen.
        network: its name.
        answer: the map.
        own_picture: the picture is the visitor's.
    """
    facts = Saved(link, network, *fingerprint(answer), versions(), own_picture)._asdict()
    return json.dumps({"format": 1, **facts, "code": answer.code}, ensure_ascii=False)


def parsed(text: str) -> Saved:
    """What a file says.

    Raises:
        FileError: it is not what an explorer writes.
    """
    try:
        record = json.loads(text[:LONGEST]) if len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        record = None
    kinds: dict[str, Any] = {
        "link": str, "network": str, "sha256": str, "shape": list, "largest": (int, float),
        "versions": dict, "own_picture": bool,
    }  # fmt: skip
    if not isinstance(record, dict) or record.get("format") != 1:
        raise FileError("It does not say how its map was made in a way that is known here.")
    for name, kind in kinds.items():
        if not isinstance(record.get(name), kind):
            raise FileError(f"What it says of its map has no {name}, or one of another kind.")
    return Saved(**{name: record[name] for name in kinds})


def restore(explorer: Explorer, text: str, picture: bytes, filename: str) -> None:
    """Show what a saved picture was made of; the map is computed again, and compared.

    Args:
        explorer: which one.
        text: what the file says.
        picture: the picture file in it; b"" for none.
        filename: the file's name.

    Raises:
        FileError: it is not what an explorer writes.
        UnsuitableError: it is of a network that is not here.
        CnnvisError: a picture, network or method that is not here, as `open_link`.
    """
    saved = parsed(text)
    here = explorer.networks.value
    state = dict(parse_qsl(saved.link))
    if "file" in state:
        network_of(explorer, state)
    elif "network" not in state and saved.network != here:
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
        explorer._expected = saved


def compared(explorer: Explorer, answer: PageExplanation) -> str:
    """Whether the map of an opened file is reproduced, in a sentence; "" where none was opened."""
    saved, explorer._expected = explorer._expected, None
    if saved is None or choices(explorer) != saved.link:
        return ""  # something else was chosen meanwhile
    sha256, shape, largest = fingerprint(answer)
    if sha256 == saved.sha256:
        count = f"{int(np.prod(shape)):,}"
        return f"Reproduced: all {count} values are those of the file (SHA-256 {sha256[:12]}…)."
    why = f"largest value {largest:.6g}, in the file {saved.largest:.6g}"
    if shape != saved.shape:
        why = f"{shape} values, in the file {saved.shape}"
    now = versions()
    other = [
        f"{name} {then}, here {now.get(name, 'unknown')}"
        for name, then in saved.versions.items()
        if now.get(name) != then and name in PACKAGES
    ]
    made = f" It was made with {'; '.join(other)}." if other else ""
    return f"Differs: the map is not that of the file ({why}).{made}"
