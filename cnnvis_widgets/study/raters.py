"""The raters of a study and their keys, in a file that a command writes.

A rater's page sends only a key, which is looked up here: page input never becomes a name or a path.
Each rater has a separate file of points and a separate order of the maps.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterable
from hmac import compare_digest
from pathlib import Path
from typing import NamedTuple

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.atomic_files import locked, replace

STUDY_VARIABLE = "CNNVIS_RATED_STUDY"
"""The environment variable that passes `cnnvis app rating --study PATH` to kernels."""

FILE = "raters.json"
FORMAT = 1
BYTES = 12  # of a key, so that it cannot be guessed
LONGEST = 60


class Rater(NamedTuple):
    """A rater.

    Attributes:
        name: in tables.
        key: in the rater's link.
        seed: of the rater's order of the maps.
        repeats: the approximate share of maps that are repeated; see `EyeScores`.
    """

    name: str
    key: str
    seed: int
    repeats: float


def raters(study: str | Path) -> list[Rater]:
    """The invited raters of a study, in the order of their invitations.

    Args:
        study: its folder.

    Raises:
        FileError: raters.json is damaged.
    """
    path = Path(study) / FILE
    if not path.exists():
        return []
    try:
        stored = json.loads(path.read_text("utf-8"))
        invited = [Rater(**record) for record in stored["raters"]]
        fits = stored["format"] == FORMAT and all(map(_fits, invited))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{str(path)!r} could not be read as raters: {error!r}") from error
    if not fits:
        raise FileError(f"{str(path)!r} holds no raters of format {FORMAT}.")
    return invited


def _fits(rater: Rater) -> bool:
    texts = isinstance(rater.name, str) and isinstance(rater.key, str) and rater.name and rater.key
    return bool(texts) and isinstance(rater.seed, int) and isinstance(rater.repeats, int | float)


def invite(
    study: str | Path, names: Iterable[str], repeats: float = 0.1, seed: int = 0
) -> list[Rater]:
    """Add raters; existing ones keep their key, order and repeats.

    Args:
        study: its existing folder.
        names: one for each rater.
        repeats: the approximate share of maps that are repeated, 0 to 1.
        seed: of the orders, combined with each rater's name.

    Returns:
        All raters.

    Raises:
        InvalidValueError: a name that is empty, too long or has two lines; repeats out of range.
        FileError: raters.json is damaged, or cannot be written.

    Examples:
        >>> [rater.name for rater in invite("my_study", ["Ana", "Ben"])]
        ['Ana', 'Ben']
    """
    if not 0 <= repeats <= 1:
        raise InvalidValueError(f"repeats is a share of the maps, 0 to 1; got {repeats!r}.")
    new_names = list(dict.fromkeys(name.strip() for name in names))
    for name in new_names:
        if not name or len(name) > LONGEST or not name.isprintable():
            raise InvalidValueError(
                f"A rater's name has 1 to {LONGEST} characters in one line; got {name!r}."
            )
    folder = Path(study)
    try:
        with locked(folder):
            invited = raters(folder)
            existing = {rater.name for rater in invited}
            for name in new_names:
                if name not in existing:
                    own_seed = seed + zlib.crc32(name.encode())
                    invited.append(
                        Rater(name, secrets.token_urlsafe(BYTES), own_seed, float(repeats))
                    )
            content = {"format": FORMAT, "raters": [rater._asdict() for rater in invited]}
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            replace(folder / FILE, text.encode(), sync=True)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{str(folder / FILE)!r} could not be written: {error}") from error
    return invited


def rater_of(study: str | Path, key: object) -> Rater | None:
    """The rater with a key; None for an invalid key."""
    if not isinstance(key, str):
        return None
    key_bytes = key.encode(errors="replace")  # compared in constant time, which takes bytes
    return next(
        (rater for rater in raters(study) if compare_digest(rater.key.encode(), key_bytes)), None
    )
