"""What can go wrong: each error says what was expected, what came, and what exists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from pathlib import PureWindowsPath

LONGEST_NAME = 200

_QUOTED = re.compile(r"""(['"])((?:~|/|[A-Za-z]:\\)[^'"]*)\1""")
_BARE = re.compile(
    r"""(?<![\w:/.~-])(?:~[\w.-]*|[A-Za-z]:)?[/\\](?:[^\s'"/\\,;()]+[/\\])+([^\s'"/\\,;()]*)"""
)


class CnnvisError(Exception):
    """Base of every error that this package raises on purpose.

    Examples:
        >>> try:
        ...     cnnvis.load_image("ct")
        ... except cnnvis.CnnvisError as error:
        ...     print(type(error).__name__)
        UnknownNameError
    """


class InvalidValueError(CnnvisError, ValueError):
    """A value of the wrong type, shape or range."""


class UnknownNameError(CnnvisError, LookupError):
    """A name (or a unit number) that does not exist where it was looked up."""

    @classmethod
    def of(cls, kind: str, name: object, known: Iterable[object]) -> UnknownNameError:
        """The error for a misspelt name: the nearest matches first, then all that exist.

        Args:
            kind: what was looked up, in words ("picture", "layer").
            name: what came.
            known: the names that exist.
        """
        names = [str(k) for k in known]
        said = str(name)[:LONGEST_NAME]  # its comparison takes the square of the length
        near = difflib.get_close_matches(said, names, n=3)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        shown = ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")
        came = repr(name if len(str(name)) <= LONGEST_NAME else f"{said}…")
        return cls(f"There is no {kind} {came}.{hint} There are: {shown or 'none'}.")


class UnsuitableError(CnnvisError, ValueError):
    """A method that cannot be applied to this network or neuron; the message names one that can."""


class ServiceLostError(CnnvisError):
    """The service that computes does not answer; a request is repeated as soon as it does."""


class FileError(CnnvisError, OSError):
    """A file that is absent, unreadable, damaged or not what it should be."""


class Cancelled(CnnvisError):
    """The work was stopped on request; raised out of a progress callback, never a failure."""


def gist(error: Exception) -> str:
    """What an error says, in one line: those of Keras and TensorFlow have dozens."""
    said = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras colours its messages
    lines = [line.strip() for line in said.splitlines()]
    frame = (
        *("Exception encountered", "Graph execution error", "Traceback", "File ", "-"),
        *("Detected at", "in user code"),
    )
    telling = [x for x in lines if x and not x.startswith(frame)] or [type(error).__name__]
    return telling[0] if len(telling[0]) < 300 else f"{telling[0][:300]} …"


def without_paths(text: str) -> str:
    """A sentence with the last part of each path alone, as a visitor may read it.

    Examples:
        >>> without_paths("The file '/home/anna/my pictures/cat.png' is empty.")
        "The file 'cat.png' is empty."
    """

    def last(match: re.Match[str]) -> str:
        quote, path = match.groups()
        return f"{quote}{PureWindowsPath(path).name}{quote}"  # takes both kinds of slashes

    return _BARE.sub(r"\1", _QUOTED.sub(last, text))
