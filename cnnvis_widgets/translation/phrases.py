"""The interface's messages in Python, where a figure is drawn; in a page messages.js has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs

from cnnvis_widgets.translation import fields, interface
from cnnvis_widgets.translation.catalogues import SOURCE
from cnnvis_widgets.translation.languages import asked


def of_query(query: str) -> Callable[[str], str] | None:
    """How the figures of a page are worded.

    Args:
        query: the part of its address after the ?.

    Returns:
        None for a page in English.
    """
    language = asked(parse_qs(query).get("lang", [""])[0])
    return None if language == SOURCE else phrases(language)


def phrases(language: str) -> Callable[[str], str]:
    """Text → the text in a language, or the same where there is no message.

    Example:
        >>> phrases("es")("clipped at 0.5 (largest value 2)")
        'recortado en 0.5 (valor mayor 2)'
    """
    compiled = interface.compiled(language)
    exact: dict[str, str] = compiled["exact"]
    patterns = [(re.compile(p), said, names) for p, said, names in compiled["patterns"]]

    def of_field(name: str, value: str) -> str | None:
        kind = fields.kind(name)
        if kind == "any":
            return look(value) or value
        return look(value) if kind == "text" else value

    def look(text: str) -> str | None:
        """None where there is no message."""
        if text in exact or not any(map(str.isalpha, text)):
            return exact.get(text, text)
        for pattern, translation, names in patterns:
            match = pattern.fullmatch(text)
            values = dict(zip(names, match.groups(), strict=True)) if match else {}
            said = {name: of_field(name, value) for name, value in values.items()}
            if match and None not in said.values():
                return str(translation.format_map(said))
        return None

    return lambda text: look(text) or text
