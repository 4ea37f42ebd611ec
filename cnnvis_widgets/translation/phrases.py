"""Translates the interface's messages in Python, for figures; messages.js does so in pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from cnnvis_widgets.translation import fields, interface
from cnnvis_widgets.translation.catalogues import SOURCE
from cnnvis_widgets.translation.languages import supported


def of_query(query: str) -> Callable[[str], str] | None:
    """The translation function for a page's figures.

    Args:
        query: the query string of its address.

    Returns:
        None for a page in English.
    """
    language = supported(parse_qs(query).get("lang", [""])[0])
    return None if language == SOURCE else phrases(language)


def phrases(language: str) -> Callable[[str], str]:
    """A function from a text to its translation, or to the same text if it has none.

    Example:
        >>> phrases("es")("clipped at 0.5 (largest value 2)")
        'recortado en 0.5 (valor mayor 2)'
    """
    compiled = interface.compiled(language)
    exact: dict[str, str] = compiled["exact"]
    patterns = [
        (re.compile(p), translation, names) for p, translation, names in compiled["patterns"]
    ]

    def translate_field(name: str, value: str) -> str | None:
        kind = fields.kind(name)
        if kind == "any":
            return translate_text(value) or value
        return translate_text(value) if kind == "text" else value

    def translate_text(text: str) -> str | None:
        """The translation, or None."""
        if text in exact or not any(map(str.isalpha, text)):
            return exact.get(text, text)
        for pattern, translation, names in patterns:
            match = pattern.fullmatch(text)
            values = dict(zip(names, match.groups(), strict=True)) if match else {}
            translated_fields = {
                name: translate_field(name, value) for name, value in values.items()
            }
            if match and None not in translated_fields.values():
                return str(translation.format_map(translated_fields))
        return None

    return lambda text: translate_text(text) or text
