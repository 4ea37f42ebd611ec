"""The translations of the interface, and their form for a page."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from cnnvis_widgets.translation import catalogues, fields

FILES = ("interface", "glossary")
_FOLDER = Path(__file__).parent


def path_of(language: str, name: str = "interface") -> Path:
    """The path of the PO file "interface" or "glossary"."""
    return _FOLDER / language / f"{name}.po"


def texts(language: str, name: str = "interface") -> dict[str, str]:
    """Message → current translation.

    Args:
        language: of `languages.supported`.
        name: "interface" or "glossary".
    """
    path = path_of(language, name)
    return dict(_texts(path, path.stat().st_mtime_ns)) if path.is_file() else {}


def untranslated(language: str, name: str = "interface") -> list[str]:
    """The messages of a file without a current translation."""
    path = path_of(language, name)
    translations = texts(language, name)
    return [str(m.id) for m in catalogues.read(path) if m.id and str(m.id) not in translations]


def add(name: str, messages: Iterable[str], language: str) -> None:
    """Add new messages to a file.

    Args:
        name: "interface" or "glossary".
        messages: existing ones are ignored.
        language: as `languages.supported` returns it.
    """
    path = path_of(language, name)
    empty = Catalog(locale=language, charset="utf-8", fuzzy=False)
    catalogue = catalogues.read(path) if path.is_file() else empty
    for message in messages:
        if message not in catalogue:
            catalogue.add(message).flags.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=True, sort_output=False)


def compiled(language: str) -> dict[str, Any]:
    """The data for a page's translation: exact messages, and patterns, the most specific first.

    Returns:
        {"exact": {message: translation}, "patterns": [[expression, translation, [field]]]}

    Raises:
        InvalidValueError: a translation and its message have different fields.
    """
    exact: dict[str, str] = {}
    particular: list[tuple[int, tuple[str, str, list[str]]]] = []
    for name in FILES:
        for message, translation in texts(language, name).items():
            names = fields.names(message)
            if names:
                bare = len(message) - sum(len(field) + 2 for field in names)
                particular.append((bare, fields.pattern(message, translation)))
            else:
                exact[message] = translation
    particular.sort(key=lambda entry: -entry[0])
    return {"exact": exact, "patterns": [list(entry) for _, entry in particular]}


@functools.lru_cache(16)
def _texts(path: Path, _changed: int) -> tuple[tuple[str, str], ...]:
    return tuple(
        (" ".join(str(message.id).split()), str(message.string))
        for message in catalogues.read(path)
        if message.id and message.string and not message.fuzzy
    )
