"""Output names of a visitor's own network in a link, if they are few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote

from cnnvis_widgets.errors import InvalidValueError

LABELS, FILE = "labels", "labels_file"
"""Keys for the output names: all of them, or the file that they came from."""

MOST, LONGEST = 50, 1000
"""Most names in a link, and most characters of them all when percent-encoded."""


def labels_part(labels: Sequence[str], filename: str) -> dict[str, str]:
    """The part of a link with the output names.

    Args:
        labels: one for each output; () if the outputs are numbered.
        filename: the file that they came from.

    Returns:
        One entry: the names, comma-separated, or the file if they are too long for a link; {}
        without names.
    """
    if not labels:
        return {}
    text = ",".join(name.replace("%", "%25").replace(",", "%2C") for name in labels)
    if len(labels) > MOST or len(quote(text)) > LONGEST:
        return {FILE: filename}
    return {LABELS: text}


def labels_in(state: Mapping[str, str]) -> tuple[str, ...]:
    """The output names in the parts of a link; () for none.

    Raises:
        InvalidValueError: too many or too long.
    """
    text = state.get(LABELS, "")
    names = tuple(unquote(name) for name in text.split(",")) if text else ()
    if len(names) > MOST or len(text) > LONGEST or not all(names):
        raise InvalidValueError(
            f"In a link, labels are up to {MOST} names, none of them empty, with commas between "
            f"them; got {len(names)} names in {len(text)} characters."
        )
    return names
