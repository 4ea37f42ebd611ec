"""Names of the networks' classes. ImageNet's 1000 are bundled: Keras would download its own."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

from cnnvis_widgets.backend.labels import named_units
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.zoo.evidence import CLASSES


@functools.cache
def imagenet_labels() -> tuple[str, ...]:
    """The names of ImageNet's 1000 classes, in the order of a network's output units.

    One readable English name each, all different: the two that WordNet calls "crane" are "crane
    (bird)" and "crane (machine)". ``scripts/make_imagenet_labels.py`` made the list and names its
    sources.
    """
    text = Path(__file__).with_name("imagenet_labels.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(line.split(" ", 1)[1] for line in lines)


def labels_of(kind: str) -> tuple[str, ...] | None:
    """The names of a network's output units.

    Args:
        kind: what `Architecture.labels` says: "imagenet", "drawn" (the classes of
            `cnnvis_widgets.zoo.evidence`), "digits", or "" for none.
    """
    if kind == "imagenet":
        return imagenet_labels()
    if kind == "drawn":
        return CLASSES
    return tuple("0123456789") if kind == "digits" else None


def read_labels(data: bytes, name: str) -> tuple[str, ...]:
    """The names of a network's output units, out of a file.

    Args:
        data: the file's bytes: one name a line, with or without its number before it ("0 cat"); or
            JSON: a list of names, unit → name, or name → unit (Keras' `class_indices`).
        name: the file's, for errors.

    Raises:
        FileError: it is none of these.

    Example:
        >>> read_labels(b'{"cat": 0, "dog": 1}', "labels.json")
        ('cat', 'dog')
    """
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise FileError(
            f"{name} is no text in UTF-8. Expected one name a line, or JSON: a list of names, or "
            'an object such as {"cat": 0, "dog": 1}.'
        ) from None
    names = _from_json(text, name) if text.startswith(("[", "{")) else _from_lines(text)
    if not names or not all(names):
        raise FileError(f"{name} has an empty name or none at all; expected one for each output.")
    return names


def _from_lines(text: str) -> tuple[str, ...]:
    """The lines, without numbers if each line begins with its own."""
    lines = [line.strip() for line in text.splitlines()]
    numbered = [re.match(rf"{n}(?:[:,;\t ]\s*)(?=\S)", line) for n, line in enumerate(lines)]
    if lines and all(numbered):
        return tuple(line[m.end() :] for line, m in zip(lines, numbered, strict=True) if m)
    return tuple(lines)


def _from_json(text: str, name: str) -> tuple[str, ...]:
    try:
        record = json.loads(text)
        if isinstance(record, dict):  # ImageNet's has a pair of its code and its name
            record = {k: v[-1] if isinstance(v, list) and v else v for k, v in record.items()}
        return named_units(record) or ()
    except (ValueError, RecursionError, InvalidValueError) as error:
        detail = str(error) if isinstance(error, InvalidValueError) else "It is no JSON."
        raise FileError(f"{name} does not name the outputs. {detail[:300]}") from None
