"""Validates the files of a study's folder.

Disks fill up, and files are truncated, copied halfway or edited by hand. Invalid content is
reported in a sentence and, if possible, computed again. Nothing outside of the folder is read.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cnnvis_widgets.errors import FileError

KEPT = ("attribution", "heatmap")
_FILE = re.compile(r"(maps|pictures|features)/[A-Za-z0-9._-]+\.npz")


def inside(study: Path, file: object) -> Path:
    """The path of a file that a line of a study refers to.

    Args:
        study: the study's folder.
        file: the line's entry.

    Raises:
        FileError: it is outside of the study's folder.
    """
    if isinstance(file, str) and _FILE.fullmatch(file):
        path = study / file
        if path.resolve().is_relative_to(study.resolve()):
            return path
    raise FileError(
        f"A line of the study in {str(study)!r} names the file {str(file)[:200]!r}, which does not "
        "lie in it. The line was not written by this package: delete it from runs.jsonl, and its "
        "run is computed again."
    )


def digest(content: bytes) -> str:
    """A digest of a file's content: 24 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def recomputation_warning(damaged: Mapping[Any, str]) -> str:
    """The warning about damaged maps that are computed again.

    Args:
        damaged: run → what is wrong with its map.
    """
    examples = "; ".join(f"{' / '.join(run)} ({fault})" for run, fault in list(damaged.items())[:5])
    remainder = f"; and {len(damaged) - 5} more" if len(damaged) > 5 else ""
    return f"{len(damaged)} of the study's maps are computed again: {examples}{remainder}."


def run_fault(line: Any) -> str:
    """What is wrong with a line of runs.jsonl; "" if it is valid."""
    if not isinstance(line, Mapping):
        return "is no object"
    texts = ("key", "network", "picture", "method", "neuron")
    if missing := [name for name in texts if not isinstance(line.get(name), str)]:
        return f"lacks {', '.join(missing)}"
    if isinstance(line.get("unsuited"), str):
        return ""
    validators: dict[str, Callable[[Any], bool]] = {
        "file": lambda value: isinstance(value, str),
        "label": lambda value: isinstance(value, str),
        "unit": _is_integer,
        "layer": lambda value: value is None or isinstance(value, str),
        "aggregate": lambda value: isinstance(value, str),
        "position": lambda value: value is None or _are_integers(value),
        "input_size": lambda value: _are_integers(value) and len(value) == 2,
    }
    if "target" in line:
        for name in ("unit", "layer", "aggregate", "position"):
            validators.pop(name)
    invalid = [name for name, is_valid in validators.items() if not is_valid(line.get(name))]
    return f"has no fitting {', '.join(invalid)}" if invalid else ""


def score_fault(line: Any) -> str:
    """What is wrong with a line of scores.jsonl; "" if it is valid."""
    if not isinstance(line, Mapping) or not isinstance(line.get("key"), str):
        return "is no object with a key"
    if isinstance(line.get("unsuited"), str):
        return ""
    value = line.get("value", "")
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)
    ):
        return "has no value"
    return "" if isinstance(line.get("note", ""), str) else "has a note that is no text"


def settings_fault(settings: Mapping[str, Any]) -> str:
    """What is wrong with study.json; "" if it is valid."""
    if not _is_integer(settings.get("seed")):
        return "seed is not a whole number"
    if settings.get("keep") not in KEPT:
        return f"keep is not one of {', '.join(KEPT)}"
    for name in ("methods", "pictures", "neurons"):
        if not isinstance(settings.get(name), dict) or not settings[name]:
            return f"{name} is not a table"
    if not all(isinstance(entry, str) for entry in settings["pictures"].values()):
        return "a picture has no digest"
    for name, entry in settings["methods"].items():
        if not isinstance(entry, dict) or not isinstance(entry.get("method"), str):
            return f"the method {name!r} has no name"
        if not isinstance(entry.get("parameters"), dict):
            return f"the method {name!r} has no parameters"
        if not isinstance(entry.get("neurons", []), list):
            return f"the method {name!r} has neurons that are no list"
    return next((fault for key in settings["neurons"] if (fault := _neuron_fault(key))), "")


def _neuron_fault(key: str) -> str:
    try:
        network, name = json.loads(key)
    except (ValueError, TypeError):
        network = name = None
    fits = isinstance(network, str) and isinstance(name, str)
    return "" if fits else f"the neurons {key[:80]!r} are not those of a network"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_integers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_integer, value))
