"""The names of an own network's outputs in a link, where they are few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from cnnvis_widgets.errors import InvalidValueError

LABELS, FILE = "labels", "labels_file"
"""What a link says of the names: all of them, or the file that they came from."""

MOST, LONGEST = 50, 1000
"""Names, and characters of them all as an address writes them, that a link carries."""


def labels_part(labels: Sequence[str], filename: str) -> dict[str, str]:
    """The part of a link that is about names.

    Args:
        labels: one for each output; none for numbers.
        filename: of the file that they came from.

    Returns:
        One entry: the names, with commas between them, or the file where they are too many for a
        link; none without names.
    """
    if not labels:
        return {}
    text = ",".join(name.replace("%", "%25").replace(",", "%2C") for name in labels)
    if len(labels) > MOST or len(quote(text)) > LONGEST:
        return {FILE: filename}
    return {LABELS: text}


def labels_in(state: Mapping[str, str]) -> tuple[str, ...]:
    """The names that the parts of a link carry; none where it carries none.

    Raises:
        InvalidValueError: more than a link carries.
    """
    text = state.get(LABELS, "")
    names = tuple(unquote(name) for name in text.split(",")) if text else ()
    if len(names) > MOST or len(text) > LONGEST or not all(names):
        raise InvalidValueError(
            f"In a link, labels are up to {MOST} names, none of them empty, with commas between "
            f"them; got {len(names)} names in {len(text)} characters."
        )
    return names
