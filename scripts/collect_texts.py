"""Bring the translations' PO files up to date; name what is missing in them.

python -m scripts.collect_texts                    all notebooks' that are there
python -m scripts.collect_texts 03_08_grad_cam     one notebook's; makes the file where it is new
python -m scripts.collect_texts --interface        the interface's and the glossary's
python -m scripts.collect_texts --interface --met misses.json    and what a page reported (a list)
python -m scripts.collect_texts --check            change nothing; exit with 1 if a text is missing
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat

from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.translation import interface
from cnnvis_widgets.translation.catalogues import path_of, untranslated, updated
from cnnvis_widgets.translation.languages import OFFERED
from scripts.interface_texts import glossary_texts, interface_texts


def main() -> int:
    """Update or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NOTEBOOK", help="all with a translation")
    parser.add_argument("--language", default="es")
    parser.add_argument("--interface", action="store_true")
    parser.add_argument("--met", type=Path, help="a JSON list of texts without a translation")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.interface and not options.check:
        met = json.loads(options.met.read_text("utf-8")) if options.met else []
        interface.add("interface", [*interface_texts(), *met], options.language)
        interface.add("glossary", glossary_texts(), options.language)
    missing = 0
    parts = [] if options.interface else [of_notebooks(options.names, options)]
    if options.interface or options.check:
        parts.append(of_interface(options.language))
    for part in parts:
        for where, text in part:
            missing += 1
            print(f"{where}: {text[:100]!r}")
    print(f"{missing} texts are missing or out of date.")
    return int(options.check and missing > 0)


def of_notebooks(names: Iterable[str], options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """(Notebook, text) of what is not translated; updates the files first, unless it only checks.

    Args:
        names: of notebooks; none: all that have a translation.
        options: language, check.
    """
    offered = OFFERED.get(options.language, frozenset())
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        file = path_of(options.language, path.stem)
        wanted = path.stem in offered if options.check else file.is_file()
        if path.stem not in names and (names or not wanted):
            continue
        notebook = nbformat.read(path, 4)
        if not options.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(updated(notebook, path.stem, options.language))
        for text in untranslated(notebook, path.stem, options.language):
            yield path.stem, text


def of_interface(language: str) -> Iterator[tuple[str, str]]:
    """("interface" or "glossary", text) of what is not translated."""
    for name, texts in (("interface", interface_texts()), ("glossary", glossary_texts())):
        known = interface.texts(language, name)
        new = [text for text in texts if text not in known]
        for text in dict.fromkeys([*new, *interface.untranslated(language, name)]):
            yield name, text


if __name__ == "__main__":
    sys.exit(main())
