"""The data of a saved page: maps bit for bit; six of 224 × 224 take less than 2 MB."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import textwrap
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from cnnvis_widgets.rendering import Scale, colorize, overlay, png_bytes
from cnnvis_widgets.widgets.explorer.explanation_state import labelled_ticks

THUMBNAIL = 72
QUOTES = '"""'
"""Separates the parts of a script; a picture is a part."""


class PageMap(NamedTuple):
    """One map of a page.

    Attributes:
        state: the view state, see `explanation_state.py`.
        facts: how it was made: pairs of a name and a text.
        checks: records of a `TrustStrip`; () without checks.
        saved: text to embed when the map is saved as a picture, see `saved_state.py`; may be
            empty.
    """

    state: Mapping[str, Any]
    facts: Sequence[tuple[str, str]] = ()
    checks: Sequence[Mapping[str, Any]] = ()
    saved: str = ""


def packed(values: NDArray[np.float32]) -> bytes:
    """Values compressed without loss; `unpacked` in `toolkit/packed_floats.js` restores them.

    The bits of each float32 are read as an integer, and the one to its left in the row is
    subtracted (modulo 2³²): neighbours of a smooth map differ only in their lower bits. The four
    bytes of the differences are stored in four planes, the lowest first, compressed by zlib.

    Args:
        values: float32 (rows, columns).
    """
    bits = np.ascontiguousarray(values, "<f4").view("<u4")
    differences = bits.copy()
    differences[:, 1:] -= bits[:, :-1]
    planes = differences.view(np.uint8).reshape(-1, 4).T
    return zlib.compress(planes.tobytes(), 6)


def page_data(maps: Sequence[PageMap]) -> str:
    """The maps as JSON; shared pictures and parts of scripts are stored once."""
    files: dict[str, str] = {}
    texts: dict[str, int] = {}

    def filed(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()[:16] if content else ""
        if digest and digest not in files:
            files[digest] = _text(content)
        return digest

    scales = shared_scales([page_map.state for page_map in maps])
    records = []
    for page_map, shared in zip(maps, scales, strict=True):
        state = dict(page_map.state)
        state["heatmap"] = _text(packed(values_of(state))) if state["heatmap"] else ""
        script_parts: list[int | str] = []
        picture = state["picture"]
        written = in_script(picture)
        for part in state["code"].split(QUOTES):
            is_picture = bool(picture) and part == written
            script_parts.append(
                filed(picture) if is_picture else texts.setdefault(part, len(texts))
            )
        picture_in_script = any(isinstance(part, str) for part in script_parts)
        state["picture"] = filed(picture if picture_in_script else _smaller(picture))
        state["image"] = filed(_smaller(state["image"]))
        state["lookup"] = filed(state.get("lookup", b""))
        state["code"] = script_parts
        records.append(
            {
                "state": state,
                "facts": list(page_map.facts),
                "checks": [dict(check) for check in page_map.checks],
                "saved": _without_code(page_map.saved),
                "shared": shared,
                "thumbnail": _url(thumbnail(page_map.state)),
            }
        )
    content = {"maps": records, "files": files, "texts": list(texts)}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def in_script(file: bytes) -> str:
    """A picture file as a script holds it, between its quotes."""
    return f"\n{textwrap.fill(_text(file), 96)}\n"


def values_of(state: Mapping[str, Any]) -> NDArray[np.float32]:
    """The values of a map, float32 (rows, columns)."""
    values: NDArray[np.float32] = np.frombuffer(state["heatmap"], "<f4").reshape(state["shape"])
    return values


def shared_scales(states: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """For each map the scale that it shares with all others of its unit and kind.

    Returns:
        low, high, ticks and clipped; None for a map without others.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for state in states:
        if state["heatmap"]:
            groups.setdefault((state["unit"], state["kind"]), []).append(state)
    shared: list[dict[str, Any] | None] = []
    for state in states:
        group = groups.get((state["unit"], state.get("kind", "")), []) if state["heatmap"] else []
        if len(group) < 2:
            shared.append(None)
            continue
        high = max(member["high"] for member in group)
        largest = float(np.abs(values_of(state).astype(np.float64)).max())
        low = -high if state["kind"] == "diverging" else 0.0
        note = Scale(low, high, state["kind"], largest=max(high, largest)).note
        ticks = labelled_ticks(low, high, state["kind"])
        shared.append({"low": low, "high": high, "ticks": ticks, "clipped": note})
    return shared


def thumbnail(state: Mapping[str, Any], side: int = THUMBNAIL) -> bytes:
    """The map over its picture (or the picture that the method made), small, as a PNG file."""
    if not state["heatmap"]:
        small = pixels_of(state["image"] or state["picture"])
    else:
        values = values_of(state)
        scale = Scale(state["low"], state["high"], state["kind"], largest=None)
        below = pixels_of(state["picture"])
        if below.shape[0] < values.shape[0] or below.shape[1] < values.shape[1]:
            small = colorize(values, scale)
        else:
            small = overlay(below, values, scale)
    image = Image.fromarray(small)
    image.thumbnail((side, side))
    return png_bytes(np.asarray(image))


def pixels_of(file: bytes) -> NDArray[np.uint8]:
    """The pixels of a picture file, uint8 (rows, columns, 3)."""
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert("RGB"))


@lru_cache(maxsize=24)  # the maps of a page often have one picture
def _smaller(file: bytes) -> bytes:
    """The same pixels as lossless WebP if Pillow can write it and it is smaller."""
    if not file or not features.check("webp"):
        return file
    webp = io.BytesIO()
    Image.fromarray(pixels_of(file)).save(webp, "WEBP", lossless=True, exact=True, method=4)
    return min(file, webp.getvalue(), key=len)


def _without_code(saved: str) -> str:
    """The text without the script; the page has it, and adds it to pictures saved there."""
    if not saved:
        return ""
    record = json.loads(saved)
    record.pop("code", None)
    return json.dumps(record, ensure_ascii=False)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _url(file: bytes) -> str:
    return f"data:image/png;base64,{_text(file)}"
