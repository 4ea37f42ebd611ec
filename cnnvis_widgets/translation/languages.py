"""The languages, and the pages that are offered in each."""

from __future__ import annotations

import functools
from pathlib import Path

import nbformat

from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.translation.catalogues import SOURCE, path_of, untranslated

NAMES = {"en": "English", "es": "Español"}
"""The name of each language in itself."""

OFFERED: dict[str, frozenset[str]] = {
    "es": frozenset(
        {
            "00_index",
            "explorer",
            "comparer",
            "scoreboard",
            "rating",
            "who_cheats",
            "glossary",
            "01_introduction",
            "03_01_visualizing_cnns",
            "03_02_activation_maximization",
            "03_03_deconvnet",
            "03_04_saliency_maps",
            "03_05_guided_backpropagation",
            "03_06_deep_taylor",
            "03_07_cam",
            "03_08_grad_cam",
            "03_09_guided_grad_cam",
            "03_10_lime",
            "03_11_visual_backprop",
            "03_12_network_inversion",
            "03_13_theoretical_comparison",
            "05_conclusions",
        }
    )
}
"""The pages whose interface is completely translated; `offers` also checks the notebook."""


def supported(language: str) -> str:
    """The language if it is supported, or English.

    Args:
        language: unchecked input from an address.

    Example:
        >>> asked("es"), asked("../../etc"), asked("")
        ('es', 'en', 'en')
    """
    return language if language in NAMES else SOURCE


def offers(notebook: Path, language: str) -> bool:
    """Whether a page is completely translated into a language.

    Args:
        notebook: its file.
        language: of `supported`.
    """
    if language == SOURCE:
        return True
    if notebook.stem not in OFFERED.get(language, ()) or not notebook.is_file():
        return False
    translation = path_of(language, notebook.stem)
    changed = [path.stat().st_mtime_ns for path in (notebook, translation) if path.is_file()]
    return _is_complete(notebook, language, tuple(changed))


@functools.lru_cache(256)
def _is_complete(notebook: Path, language: str, _changed: tuple[int, ...]) -> bool:
    try:
        read = nbformat.read(notebook, 4)
        return not untranslated(read, notebook.stem, language)
    except (
        CnnvisError,
        nbformat.ValidationError,
        AttributeError,
        KeyError,
        SyntaxError,
        ValueError,
    ):
        return False  # a user's notebook of the same name
