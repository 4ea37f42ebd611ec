"""The words in figures: as they are written here, or in the language of the page around them."""

from __future__ import annotations

from collections.abc import Callable

_translation: list[Callable[[str], str]] = []


def said(text: str) -> str:
    """A text as a figure shows it.

    Args:
        text: English, or whatever a caller wrote; each line is a message of its own.
    """
    return "\n".join(map(_translation[-1], text.split("\n"))) if _translation else text


def use(translation: Callable[[str], str] | None) -> None:
    """Let this process' figures be in another language.

    Args:
        translation: text → the text in it, or the same where it is not known; None ends it.
    """
    _translation[:] = [translation] if translation else []
