"""Messages with fields: "{n} of {n2} layers". The start of a field's name is its type.

`n` is a number, `name` is not translated (a layer, a file), `text` is itself a message, and `any`
may be one (a name in a lesson).
"""

from __future__ import annotations

import re

from cnnvis_widgets.errors import InvalidValueError

_FIELD = re.compile(r"\{((?:n|name|text|any)\d*)\}")
_NUMBER = r"[-−–+±]?[\d.,\u202f]+(?:e[-−+]?\d+|×10⁻?[⁰¹²³⁴-⁹]+)?"
_PATTERNS = {"n": f"({_NUMBER})", "name": "(.+?)", "text": "(.+?)", "any": "(.+?)"}


def names(message: str) -> list[str]:
    """The sorted fields of a message.

    Example:
        >>> names("{n} of {n2} layers")
        ['n', 'n2']
    """
    return sorted(_FIELD.findall(message))


def kind(field: str) -> str:
    """The type of a field: "n", "name", "text" or "any"."""
    return field.rstrip("0123456789")


def pattern(message: str, translation: str) -> tuple[str, str, list[str]]:
    """A message as a regular expression for the page.

    Args:
        message: with unique fields.
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
    pieces = _FIELD.split(message)
    fields = pieces[1::2]
    expression = "".join(
        _PATTERNS[kind(piece)] if index % 2 else re.sub(r"([\\^$.*+?()[\]{}|/])", r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )
    return expression, translation, fields
