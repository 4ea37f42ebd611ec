"""What a saved page holds: maps bit for bit; six of 224 × 224 take less than 2 MB."""

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
"""Between the parts of a script; a picture has a part of its own."""


class PageMap(NamedTuple):
    """One map of a page.

    Attributes:
        state: the values of `SHOWN`, see `explanation_state.py`.
        facts: how it was made: pairs of a name and a text.
        checks: records of a `TrustStrip`; none where they were not made.
        saved: what goes into a picture that is saved of it, see `saved_state.py`; may be empty.
    """

    state: Mapping[str, Any]
    facts: Sequence[tuple[str, str]] = ()
    checks: Sequence[Mapping[str, Any]] = ()
    saved: str = ""


def packed(values: NDArray[np.float32]) -> bytes:
    """Values as few bytes, exactly: `unpacked` in `toolkit/packed_floats.js` gives them back.

    The bits of each float32 are taken as a whole number, and the one at its left in the row is
    subtracted (modulo 2³²): neighbours of a smooth map differ in their lower bits alone. The four
    bytes of all differences are then put in four planes, the lowest first, packed by zlib.

    Args:
        values: float32 (rows, columns).
    """
    bits = np.ascontiguousarray(values, "<f4").view("<u4")
    differences = bits.copy()
    differences[:, 1:] -= bits[:, :-1]
    planes = differences.view(np.uint8).reshape(-1, 4).T
    return zlib.compress(planes.tobytes(), 6)


def page_data(maps: Sequence[PageMap]) -> str:
    """The maps as JSON; what several share (pictures, parts of scripts) is in it once."""
    files: dict[str, str] = {}
    texts: dict[str, int] = {}

    def filed(content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()[:16] if content else ""
        if digest and digest not in files:
            files[digest] = _text(content)
        return digest

    together = shared_scales([one.state for one in maps])
    records = []
    for one, shared in zip(maps, together, strict=True):
        state = dict(one.state)
        state["heatmap"] = _text(packed(values_of(state))) if state["heatmap"] else ""
        parts: list[int | str] = []
        picture = state["picture"]
        written = in_script(picture)
        for part in state["code"].split(QUOTES):
            own = bool(picture) and part == written
            parts.append(filed(picture) if own else texts.setdefault(part, len(texts)))
        named = any(isinstance(part, str) for part in parts)
        state["picture"] = filed(picture if named else _smaller(picture))
        state["image"] = filed(_smaller(state["image"]))
        state["lookup"] = filed(state.get("lookup", b""))
        state["code"] = parts
        records.append(
            {
                "state": state,
                "facts": list(one.facts),
                "checks": [dict(check) for check in one.checks],
                "saved": _without_code(one.saved),
                "shared": shared,
                "thumbnail": _url(thumbnail(one.state)),
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
    """For each map the scale that it has together with all others of its unit and kind.

    Returns:
        low, high, ticks and clipped; None for a map that has nobody to share with.
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
        high = max(one["high"] for one in group)
        largest = float(np.abs(values_of(state).astype(np.float64)).max())
        low = -high if state["kind"] == "diverging" else 0.0
        note = Scale(low, high, state["kind"], largest=max(high, largest)).note
        ticks = labelled_ticks(low, high, state["kind"])
        shared.append({"low": low, "high": high, "ticks": ticks, "clipped": note})
    return shared


def thumbnail(state: Mapping[str, Any], side: int = THUMBNAIL) -> bytes:
    """The map over its picture (or the picture that was made), small, as a PNG file."""
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
    """The same pixels in a file of lossless WebP, where Pillow writes that and it is smaller."""
    if not file or not features.check("webp"):
        return file
    made = io.BytesIO()
    Image.fromarray(pixels_of(file)).save(made, "WEBP", lossless=True, exact=True, method=4)
    return min(file, made.getvalue(), key=len)


def _without_code(saved: str) -> str:
    """The page has the script already, and puts it back into a picture that is saved there."""
    if not saved:
        return ""
    said = json.loads(saved)
    said.pop("code", None)
    return json.dumps(said, ensure_ascii=False)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _url(file: bytes) -> str:
    return f"data:image/png;base64,{_text(file)}"
