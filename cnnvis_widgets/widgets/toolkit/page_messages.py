"""Checks of messages from a page, and limits of messages to it.

A visitor's browser may send anything. A message that no page of ours would send is dropped and
logged once on the server, without an answer to the page, so that even a large one costs little.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import Any

MOST_VALUES = 20_000
"""Numbers, texts and lists in one message; our longest has some thousands."""

MOST_CHARACTERS = 200_000
MOST_DEPTH = 16
LONGEST_SENTENCE = 1000

_LOG = logging.getLogger("cnnvis_widgets.page")
_told: set[tuple[str, str]] = set()


class Unexpected(Exception):
    """A message that no page of ours sends."""


def weigh(value: Any) -> None:
    """Check the size of a message; stop as soon as a limit is exceeded.

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
    """Put binary values into `state` at their paths; traits not in `names` are left out.

    Raises:
        Unexpected: an invalid path.
    """
    if not isinstance(paths, list) or len(paths) != len(buffers):
        raise Unexpected("buffers without a place")
    for path, buffer in zip(paths, buffers, strict=True):
        if not isinstance(path, list) or not path:
            raise Unexpected("buffers without a place")
        if path[0] not in names:
            continue
        target: Any = state
        try:
            for key in path[:-1]:
                target = target[key]
            target[path[-1]] = buffer
        except (LookupError, TypeError) as error:
            raise Unexpected("buffers without a place") from error


def note(who: str, what: str) -> None:
    """Log an unexpected message on the server, once for each kind.

    The kernel's `stderr` is not used, since it is sent to the page.
    """
    if (who, what) in _told or len(_told) > 1000:
        return
    _told.add((who, what))
    if not _LOG.handlers:
        _LOG.addHandler(logging.StreamHandler(sys.__stderr__))
        _LOG.propagate = False
    _LOG.warning("A page sent to %s what no page of ours sends (%s); it is ignored.", who, what)
