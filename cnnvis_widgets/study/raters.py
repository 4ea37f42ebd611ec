"""Who may score a study, and by which key: a file of the study's folder that a command writes.

A rater's page knows a key and nothing else. It is looked up here: no name and no path is made of
what a page sends. Each rater has a file of points and an order of the maps of their own.
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
from cnnvis_widgets.study.whole_files import locked, replace

STUDY_VARIABLE = "CNNVIS_RATED_STUDY"
"""The environment variable by which `cnnvis app rating --study PATH` tells its kernels."""

FILE = "raters.json"
FORMAT = 1
BYTES = 12  # of a key: nobody guesses one
LONGEST = 60


class Rater(NamedTuple):
    """Who scores.

    Attributes:
        name: as the tables call them.
        key: what their link says.
        seed: of their order of the maps.
        repeats: about which share of the maps comes a second time; see `EyeScores`.
    """

    name: str
    key: str
    seed: int
    repeats: float


def raters(study: str | Path) -> list[Rater]:
    """The raters that were invited to score a study, in the order of their invitations.

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
        known = [Rater(**one) for one in stored["raters"]]
        fits = stored["format"] == FORMAT and all(map(_fits, known))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"{str(path)!r} could not be read as raters: {error!r}") from error
    if not fits:
        raise FileError(f"{str(path)!r} holds no raters of format {FORMAT}.")
    return known


def _fits(one: Rater) -> bool:
    texts = isinstance(one.name, str) and isinstance(one.key, str) and one.name and one.key
    return bool(texts) and isinstance(one.seed, int) and isinstance(one.repeats, int | float)


def invite(
    study: str | Path, names: Iterable[str], repeats: float = 0.1, seed: int = 0
) -> list[Rater]:
    """Give more people a key; who has one keeps it, with the order and the repeats that they had.

    Args:
        study: its folder; it exists.
        names: one for each rater.
        repeats: about which share of the maps comes a second time, 0 to 1.
        seed: of the orders; with the same one each rater still has an order of their own.

    Returns:
        All raters.

    Raises:
        InvalidValueError: a name that is empty, too long or of two lines; no share from 0 to 1.
        FileError: raters.json is damaged, or cannot be written.

    Examples:
        >>> [rater.name for rater in invite("my_study", ["Ana", "Ben"])]
        ['Ana', 'Ben']
    """
    if not 0 <= repeats <= 1:
        raise InvalidValueError(f"repeats is a share of the maps, 0 to 1; got {repeats!r}.")
    wanted = list(dict.fromkeys(name.strip() for name in names))
    for name in wanted:
        if not name or len(name) > LONGEST or not name.isprintable():
            raise InvalidValueError(
                f"A rater's name has 1 to {LONGEST} characters in one line; got {name!r}."
            )
    folder = Path(study)
    try:
        with locked(folder):
            known = raters(folder)
            there = {one.name for one in known}
            for name in wanted:
                if name not in there:
                    own = seed + zlib.crc32(name.encode())
                    known.append(Rater(name, secrets.token_urlsafe(BYTES), own, float(repeats)))
            content = {"format": FORMAT, "raters": [one._asdict() for one in known]}
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            replace(folder / FILE, text.encode(), sync=True)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{str(folder / FILE)!r} could not be written: {error}") from error
    return known


def rater_of(study: str | Path, key: object) -> Rater | None:
    """The rater whose key it is; None for anything else that a page may send."""
    if not isinstance(key, str):
        return None
    sent = key.encode(errors="replace")  # compared in constant time, which takes bytes
    return next((one for one in raters(study) if compare_digest(one.key.encode(), sent)), None)
