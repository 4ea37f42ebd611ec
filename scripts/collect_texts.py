"""Bring the translations' PO files up to date with the notebooks; name what is missing in them.

python -m scripts.collect_texts                    all that are there
python -m scripts.collect_texts 03_08_grad_cam     one notebook's; makes the file where it is new
python -m scripts.collect_texts --check            change nothing; exit with 1 if a text is missing
"""

from __future__ import annotations

import argparse
import sys

import nbformat

from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.translation.catalogues import path_of, updated, wanting


def main() -> int:
    """Update or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NOTEBOOK", help="all with a translation")
    parser.add_argument("--language", default="es")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    folder, language = notebooks_folder(), options.language
    missing = 0
    for path in sorted(folder.glob("*.ipynb")):
        file = path_of(language, path.stem)
        if path.stem not in options.names and (options.names or not file.is_file()):
            continue
        notebook = nbformat.read(path, 4)
        if not options.check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(updated(notebook, path.stem, language))
        for text in wanting(notebook, path.stem, language):
            missing += 1
            print(f"{path.stem}: {text[:100]!r}")
    print(f"{missing} texts are missing or out of date.")
    return int(options.check and missing > 0)


if __name__ == "__main__":
    sys.exit(main())
