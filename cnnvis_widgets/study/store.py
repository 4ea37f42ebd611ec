"""Where a study is on the disk: one line for each run, its arrays beside it.

    study.json       what was asked: networks, pictures, methods, with a digest of each
    pictures/*.npz   the pictures and their masks
    runs.jsonl       one line for each run, in the order in which they were computed
    maps/*.npz       the arrays of each run
    scores.jsonl     one line for each metric of each run
    provenance.jsonl when, where and by which versions and command something was computed
    raters.json      who may score, by which key; raters/*.json: their points
    report.md        what `cnnvis study report` writes, report.html too

A run's arrays are written before its line, files are whole or not there (`whole_files`), and a line
that breaks off is not read: whatever interrupts a study costs the runs that were under way. The
empty files .lock and .claims keep several processes apart.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.soundness import digest, inside, run_fault, score_fault, settings_fault
from cnnvis_widgets.study.whole_files import append_line, locked, replace

FORMAT = 1
DAMAGE = (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises of a .npz file that is none."""


class Store:
    """A study's folder.

    Args:
        path: made when something is first written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._told: dict[str, list[str]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """What study.json says; {} where there is none.

        Raises:
            FileError: unreadable, or of another version of this package.
        """
        path = self.path / "study.json"
        if not path.exists():
            return {}
        try:
            settings = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise FileError(f"{str(path)!r} could not be read as a study: {error}") from error
        if not isinstance(settings, dict) or settings.get("format") != FORMAT:
            raise FileError(f"{str(path)!r} is not a study of format {FORMAT}.")
        if why := settings_fault(settings):
            raise FileError(f"{str(path)!r} does not describe a study: {why}.")
        return settings

    def settle(self, wanted: dict[str, Any]) -> None:
        """Add settings to study.json; see `settled`."""
        with self._writing("study.json") as path:
            text = json.dumps(self.settled(wanted), indent=1, ensure_ascii=False) + "\n"
            replace(path, text.encode(), sync=True)

    def settled(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """What study.json will say with more settings added.

        Args:
            wanted: a value by name, or a table of values by name. New names are added; what is
                known already must be the same.

        Raises:
            InvalidValueError: something is not as it was; all of it is told.
        """
        known = self.settings or {"format": FORMAT}
        changed = []
        for kind, value in wanted.items():
            if not isinstance(value, dict):
                if known.setdefault(kind, value) != value:
                    changed.append(f"{kind} was {known[kind]!r}, is {value!r}")
                continue
            table = known.setdefault(kind, {})
            for name, one in value.items():
                if table.setdefault(name, one) != one:
                    changed.append(f"{kind} {name!r} was {table[name]!r}, is {one!r}")
        if changed:
            raise InvalidValueError(
                f"The study in {str(self.path)!r} was begun with other settings: "
                f"{'; '.join(changed)}. Take another path, or other names, or delete the folder."
            )
        return known

    def runs(self) -> dict[str, dict[str, Any]]:
        """Every run's line by its key; the last one counts, and those that are none are left out.

        Raises:
            FileError: the file cannot be read.
        """
        return {line["key"]: line for line in self._lines("runs.jsonl", run_fault)}

    def scores(self) -> dict[str, dict[str, Any]]:
        """Every score's line by its key."""
        return {line["key"]: line for line in self._lines("scores.jsonl", score_fault)}

    def append(self, name: str, line: dict[str, Any]) -> None:
        """Add a line to runs.jsonl or scores.jsonl.

        Raises:
            FileError: the disk is full, or may not be written to.
        """
        text = json.dumps(line, ensure_ascii=False, allow_nan=False)
        with self._writing(name) as path:
            append_line(path, text)

    def save(self, folder: str, name: str, **arrays: np.ndarray) -> str:
        """Write arrays; returns the file's path within the study."""
        file, stream = self.file(folder, name), io.BytesIO()
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
        with self._writing(file) as path:
            replace(path, stream.getvalue())
        return file

    def file(self, folder: str, name: str) -> str:
        """The path within the study of what is saved under a name."""
        return f"{folder}/{file_name(name)}.npz"

    def load(self, file: str, expected: str = "") -> dict[str, np.ndarray]:
        """Read what `save` wrote.

        Args:
            file: as `save` returned it.
            expected: the digest that was noted of it; "" where none was.

        Raises:
            FileError: it is not there, not what was written, or is outside of the study.
        """
        path = inside(self.path, file)
        try:
            content = path.read_bytes()
            if expected and digest(content) != expected:
                raise ValueError("its content is not what was written")
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        except DAMAGE as error:
            raise FileError(
                f"{file} of the study could not be read: {error}. `cnnvis study run`, or "
                "Study.run, computes again what is lost."
            ) from error

    def digest(self, file: str) -> str:
        """Of a file that was saved.

        Raises:
            FileError: it cannot be read, or is outside of the study.
        """
        try:
            return digest(inside(self.path, file).read_bytes())
        except FileError:
            raise
        except OSError as error:
            raise FileError(f"{file} of the study could not be read: {error}") from error

    def fault(self, line: dict[str, Any]) -> str:
        """What is wrong with the arrays of a run's line; "" where they are as they were written.

        Raises:
            FileError: the line names a file outside of the study.
        """
        if "file" not in line:
            return ""
        path = inside(self.path, line["file"])
        if not path.is_file():
            return "is missing"
        try:
            if "digest" not in line:  # of an earlier version
                self.load(line["file"])
            elif self.digest(line["file"]) != line["digest"]:
                return "is not what was written"
        except FileError:
            return "cannot be read"
        return ""

    def _lines(self, name: str, fault: Callable[[Any], str]) -> Iterator[dict[str, Any]]:
        path = self.path / name
        try:
            content = path.read_bytes() if path.exists() else b""
        except OSError as error:
            raise FileError(f"{str(path)!r} could not be read: {error}") from error
        odd = []
        for number, text in enumerate(content.splitlines(), 1):
            try:
                line = json.loads(text)
            except UnicodeDecodeError:
                why = "is not UTF-8"
            except (ValueError, RecursionError):  # broken off in the middle, as a run may be
                continue
            else:
                why = fault(line)
            if why:
                odd.append(f"line {number} {why}")
            else:
                yield line
        if odd and self._told.get(name) != odd:
            self._told[name] = odd
            more = f"; and {len(odd) - 3} more" if len(odd) > 3 else ""
            said = f"{name} of the study: {'; '.join(odd[:3])}{more}. Left out."
            warnings.warn(said, stacklevel=4)

    def write(self, name: str, text: str) -> None:
        """Write a text into the study's folder, whole or not at all."""
        with self._writing(name) as path:
            replace(path, text.encode())

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        """The path of a file that is written while nobody else writes into the study's folder."""
        path = self.path / name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with locked(self.path):
                yield path
        except OSError as error:
            if isinstance(error, FileError):
                raise
            raise FileError(f"{str(path)!r} could not be written: {error}") from error


def file_name(key: str) -> str:
    """A key as a file name that every system takes, still its own."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._")[:80]
    return f"{plain}-{hashlib.blake2b(key.encode(), digest_size=4).hexdigest()}"
