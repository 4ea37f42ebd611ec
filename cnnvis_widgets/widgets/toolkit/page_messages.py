"""What comes from a page, looked at before anything is made of it, and what is said to the page.

A visitor's browser may send whatever it likes. A message that no page of ours would send is
dropped, and told to the server's log once, not to the page: its size must cost nothing.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

MOST_VALUES = 20_000
"""Numbers, texts and lists in one message; the longest of ours has some thousands."""

MOST_CHARACTERS = 200_000
MOST_DEPTH = 16
LONGEST_SENTENCE = 1000

_LOG = logging.getLogger("cnnvis_widgets.page")
_told: set[tuple[str, str]] = set()


class Unexpected(Exception):
    """A message that no page of ours sends."""


def weigh(value: Any) -> None:
    """Look at the size of what came, and no longer than until it is too much.

    Raises:
        Unexpected: more values, longer texts or deeper lists than any page of ours sends.
    """
    values, characters = 0, 0
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        values += 1
        if isinstance(item, str):
            characters += len(item)
        elif isinstance(item, Mapping):
            waiting.extend((part, depth + 1) for part in item.values())
            characters += sum(len(name) for name in item if isinstance(name, str))
        elif isinstance(item, list):
            values += len(item)
            if values <= MOST_VALUES:
                waiting.extend((part, depth + 1) for part in item)
        if values > MOST_VALUES or characters > MOST_CHARACTERS or depth > MOST_DEPTH:
            raise Unexpected("too large")


def put_buffers(
    state: dict[str, Any], paths: Any, buffers: Sequence[memoryview], names: frozenset[str]
) -> None:
    """Put binary values to their places in `state`; those of other names are left out.

    Raises:
        Unexpected: a place that is not there.
    """
    if not isinstance(paths, list) or len(paths) != len(buffers):
        raise Unexpected("buffers without a place")
    for path, buffer in zip(paths, buffers, strict=True):
        if not isinstance(path, list) or not path:
            raise Unexpected("buffers without a place")
        if path[0] not in names:
            continue
        place: Any = state
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = buffer
        except (LookupError, TypeError) as error:
            raise Unexpected("buffers without a place") from error


def note(who: str, what: str) -> None:
    """Tell the server's log of an odd message, once for each kind of it.

    Not by way of the kernel's own `stderr`: that would go to the page.
    """
    if (who, what) in _told or len(_told) > 1000:
        return
    _told.add((who, what))
    if not _LOG.handlers:
        _LOG.addHandler(logging.StreamHandler(sys.__stderr__))
        _LOG.propagate = False
    _LOG.warning("A page sent to %s what no page of ours sends (%s); it is ignored.", who, what)
