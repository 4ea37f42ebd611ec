"""The package's errors; messages say what was expected, what was passed, and what exists."""

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
    """Base class of the errors of this package.

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
    """A name (or a unit's index) that does not exist."""

    @classmethod
    def of(cls, kind: str, name: object, valid: Iterable[object]) -> UnknownNameError:
        """The error for an unknown name, with the nearest matches and all valid names.

        Args:
            kind: what the name is of, in words ("picture", "layer").
            name: the unknown name.
            valid: the names that exist.
        """
        names = [str(candidate) for candidate in valid]
        shortened = str(name)[:LONGEST_NAME]  # comparing takes quadratic time
        matches = difflib.get_close_matches(shortened, names, n=3)
        hint = f" Did you mean {' or '.join(map(repr, matches))}?" if matches else ""
        listed = ", ".join(names[:20]) + (f", … ({len(names)} in all)" if len(names) > 20 else "")
        quoted = repr(name if len(str(name)) <= LONGEST_NAME else f"{shortened}…")
        return cls(f"There is no {kind} {quoted}.{hint} There are: {listed or 'none'}.")


class UnsuitableError(CnnvisError, ValueError):
    """A method cannot be applied to this network or neuron; the message suggests another."""


class ServiceLostError(CnnvisError):
    """The computing service does not answer; pending requests are repeated when it is back."""


class FileError(CnnvisError, OSError):
    """A file is missing, unreadable, damaged or of the wrong kind."""


class Cancelled(CnnvisError):
    """The work was cancelled; raised by a progress callback and not reported as a failure."""


def gist(error: Exception) -> str:
    """The first informative line of an error, as those of Keras and TensorFlow have dozens."""
    text = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras colours its messages
    lines = [line.strip() for line in text.splitlines()]
    boilerplate = (
        *("Exception encountered", "Graph execution error", "Traceback", "File ", "-"),
        *("Detected at", "in user code"),
    )
    messages = [x for x in lines if x and not x.startswith(boilerplate)] or [type(error).__name__]
    return messages[0] if len(messages[0]) < 300 else f"{messages[0][:300]} …"


def without_paths(text: str) -> str:
    """Shorten each path in a text to its last part, for visitors.

    Examples:
        >>> without_paths("The file '/home/anna/my pictures/cat.png' is empty.")
        "The file 'cat.png' is empty."
    """

    def file_name(match: re.Match[str]) -> str:
        quote, path = match.groups()
        return f"{quote}{PureWindowsPath(path).name}{quote}"  # takes both kinds of slashes

    return _BARE.sub(r"\1", _QUOTED.sub(file_name, text))
