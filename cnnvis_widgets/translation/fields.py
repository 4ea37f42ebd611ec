"""Messages with fields: "{n} of {n2} layers". What a field's name begins with says what it holds.

`n` holds a number, `name` what stays as it is (a layer, a file), `text` what is a message itself,
`any` what may be one (what a lesson calls something).
"""

from __future__ import annotations

import re

from cnnvis_widgets.errors import InvalidValueError

_FIELD = re.compile(r"\{((?:n|name|text|any)\d*)\}")
_NUMBER = r"[-−–+±]?[\d.,\u202f]+(?:e[-−+]?\d+|×10⁻?[⁰¹²³⁴-⁹]+)?"
_PATTERNS = {"n": f"({_NUMBER})", "name": "(.+?)", "text": "(.+?)", "any": "(.+?)"}


def names(message: str) -> list[str]:
    """The fields of a message, sorted.

    Example:
        >>> names("{n} of {n2} layers")
        ['n', 'n2']
    """
    return sorted(_FIELD.findall(message))


def kind(field: str) -> str:
    """What a field holds: "n", "name", "text" or "any"."""
    return field.rstrip("0123456789")


def pattern(message: str, translation: str) -> tuple[str, str, list[str]]:
    """A message as a regular expression, for the page.

    Args:
        message: with fields, each once.
        translation: with the same fields.

    Returns:
        The expression, the translation, the fields in the order of the expression's groups.

    Raises:
        InvalidValueError: the two have different fields.

    Example:
        >>> pattern("Layer {name}", "Capa {name}")
        ('Layer (.+?)', 'Capa {name}', ['name'])
    """
    if names(message) != names(translation):
        raise InvalidValueError(
            f"The translation {translation!r} was expected to have the fields of {message!r}: "
            f"{names(message)}, and has {names(translation)}."
        )
    parts = _FIELD.split(message)
    fields = parts[1::2]
    expression = "".join(
        _PATTERNS[kind(part)] if place % 2 else re.sub(r"([\\^$.*+?()[\]{}|/])", r"\\\1", part)
        for place, part in enumerate(parts)
    )
    return expression, translation, fields
