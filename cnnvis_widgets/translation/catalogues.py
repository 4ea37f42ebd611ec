"""Translations of notebooks: a PO file for each."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.translation.cells import messages, translate

_FOLDER = Path(__file__).parent
SOURCE = "en"


def languages() -> list[str]:
    """The languages with translations: ``["es"]``."""
    return sorted(path.name for path in _FOLDER.iterdir() if (path / "notebooks").is_dir())


def path_of(language: str, name: str) -> Path:
    """The path of a notebook's translation.

    Args:
        language: of `languages`.
        name: of the notebook's file, without its ending.
    """
    return _FOLDER / language / "notebooks" / f"{name}.po"


def read(path: Path) -> Catalog:
    """Read a PO file.

    Raises:
        FileError: it does not exist.
    """
    if not path.is_file():
        raise FileError(f"There is no translation {path.name!r}.")
    with path.open("rb") as file:
        return read_po(file, charset="utf-8")


def updated(notebook: Any, name: str, language: str) -> bytes:
    """Update the PO file of a notebook; existing translations stay.

    A message whose text has changed keeps its translation and is marked fuzzy; a message that is no
    longer in the notebook is moved to the end of the file as obsolete.

    Args:
        notebook: as `nbformat.read` gives it.
        name: of its file, without the ending.
        language: "es".
    """
    template = Catalog(locale=language, project="cnnvis-widgets", charset="utf-8", fuzzy=False)
    for message in messages(notebook):
        added = template.add(message.text, auto_comments=[f"{message.kind}, cell {message.cell}"])
        added.flags.clear()  # Babel takes the braces of a formula for fields
    path = path_of(language, name)
    catalogue = template
    if path.is_file():
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=False)
        catalogue.fuzzy = False
    file = io.BytesIO()
    write_po(file, catalogue, width=0, omit_header=True, sort_output=False)
    return file.getvalue()


def untranslated(notebook: Any, name: str, language: str) -> list[str]:
    """The texts of a notebook without a current translation."""
    path = path_of(language, name)
    translations = _translations(path, path.stat().st_mtime_ns) if path.is_file() else {}
    return [message.text for message in messages(notebook) if message.text not in translations]


def translated(notebook: Any, name: str, language: str) -> Any:
    """Translate a notebook.

    Args:
        notebook: as `nbformat.read` gives it.
        name: of its file, without the ending.
        language: as `languages` gives it.

    Raises:
        FileError: a text has no current translation.
    """
    missing = untranslated(notebook, name, language)
    if missing:
        raise FileError(
            f"The notebook {name!r} was expected to be translated into {language!r}; "
            f"{len(missing)} of its texts are not, the first: {missing[0][:60]!r}. "
            "`python -m scripts.collect_texts` brings the file up to date."
        )
    path = path_of(language, name)
    translations = _translations(path, path.stat().st_mtime_ns)
    return translate(notebook, translations.__getitem__)


@functools.lru_cache(64)
def _translations(path: Path, changed: int) -> dict[str, str]:
    """Text → current translation."""
    return {
        str(message.id): str(message.string)
        for message in read(path)
        if message.id and message.string and not message.fuzzy
    }
