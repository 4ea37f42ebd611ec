"""The language of texts in figures: English, or the language of the page around them."""

from __future__ import annotations

from collections.abc import Callable

_translation: list[Callable[[str], str]] = []


def translated(text: str) -> str:
    """Translate a text of a figure.

    Args:
        text: English, or a caller's own text; each line is translated separately.

    Returns:
        The translation, or the same text if there is none.
    """
    return "\n".join(map(_translation[-1], text.split("\n"))) if _translation else text


def set_translation(translation: Callable[[str], str] | None) -> None:
    """Set the language of this process' figures.

    Args:
        translation: a function from a text to its translation, or to the same text if it has none;
            None for English.
    """
    _translation[:] = [translation] if translation else []
