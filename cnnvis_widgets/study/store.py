"""A study's folder: one line for each run, and its arrays in a file.

    study.json       the settings: networks, pictures, methods, with a digest of each
    pictures/*.npz   the pictures and their masks
    runs.jsonl       one line for each run, in the order in which they were computed
    maps/*.npz       the arrays of each run
    scores.jsonl     one line for each metric of each run
    provenance.jsonl date, machine, versions and command of each computation
    raters.json      the raters and their keys; raters/*.json: their points
    report.md        written by `cnnvis study report`, as is report.html

A run's arrays are written before its line, files are written atomically (`atomic_files`), and
incomplete lines are ignored: an interruption costs only the runs that were being computed. The
empty files .lock and .claims are locks between processes.
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
from cnnvis_widgets.study.atomic_files import append_line, locked, replace
from cnnvis_widgets.study.integrity import digest, inside, run_fault, score_fault, settings_fault

FORMAT = 1
DAMAGE = (OSError, ValueError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error)
"""Errors that NumPy raises for a damaged .npz file."""


class Store:
    """A study's folder.

    Args:
        path: created when something is first written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._warned: dict[str, list[str]] = {}

    @property
    def settings(self) -> dict[str, Any]:
        """The content of study.json; {} if it does not exist.

        Raises:
            FileError: it is unreadable, or of another version of this package.
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
        if fault := settings_fault(settings):
            raise FileError(f"{str(path)!r} does not describe a study: {fault}.")
        return settings

    def settle(self, additions: dict[str, Any]) -> None:
        """Add settings to study.json; see `settled`."""
        with self._writing("study.json") as path:
            text = json.dumps(self.settled(additions), indent=1, ensure_ascii=False) + "\n"
            replace(path, text.encode(), sync=True)

    def settled(self, additions: dict[str, Any]) -> dict[str, Any]:
        """The settings with additions.

        Args:
            additions: values or tables of values by name. New names are added; existing values
                must be equal.

        Raises:
            InvalidValueError: existing values differ; lists all of them.
        """
        settings = self.settings or {"format": FORMAT}
        changed = []
        for section, value in additions.items():
            if not isinstance(value, dict):
                if settings.setdefault(section, value) != value:
                    changed.append(f"{section} was {settings[section]!r}, is {value!r}")
                continue
            table = settings.setdefault(section, {})
            for name, entry in value.items():
                if table.setdefault(name, entry) != entry:
                    changed.append(f"{section} {name!r} was {table[name]!r}, is {entry!r}")
        if changed:
            raise InvalidValueError(
                f"The study in {str(self.path)!r} was begun with other settings: "
                f"{'; '.join(changed)}. Take another path, or other names, or delete the folder."
            )
        return settings

    def runs(self) -> dict[str, dict[str, Any]]:
        """The last line of every run by its key; invalid lines are left out.

        Raises:
            FileError: the file cannot be read.
        """
        return {line["key"]: line for line in self._lines("runs.jsonl", run_fault)}

    def scores(self) -> dict[str, dict[str, Any]]:
        """The last line of every score by its key."""
        return {line["key"]: line for line in self._lines("scores.jsonl", score_fault)}

    def append(self, name: str, line: dict[str, Any]) -> None:
        """Append a line to runs.jsonl or scores.jsonl.

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
        """The path within the study for arrays that are saved under a name."""
        return f"{folder}/{file_name(name)}.npz"

    def load(self, file: str, expected: str = "") -> dict[str, np.ndarray]:
        """Read arrays that `save` wrote.

        Args:
            file: the path that `save` returned.
            expected: the file's digest; "" if unknown.

        Raises:
            FileError: it is missing, changed, or outside of the study.
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
        """The digest of a saved file.

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
        """What is wrong with the file of a run's line; "" if it is unchanged.

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
        problems = []
        for number, text in enumerate(content.splitlines(), 1):
            try:
                line = json.loads(text)
            except UnicodeDecodeError:
                problem = "is not UTF-8"
            except (ValueError, RecursionError):  # incomplete, after an interruption
                continue
            else:
                problem = fault(line)
            if problem:
                problems.append(f"line {number} {problem}")
            else:
                yield line
        if problems and self._warned.get(name) != problems:
            self._warned[name] = problems
            remainder = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
            message = f"{name} of the study: {'; '.join(problems[:3])}{remainder}. Left out."
            warnings.warn(message, stacklevel=4)

    def write(self, name: str, text: str) -> None:
        """Write a text file into the study's folder atomically."""
        with self._writing(name) as path:
            replace(path, text.encode())

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[Path]:
        """Hold the folder's lock while a file is written; yields the file's path."""
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
    """A unique file name for a key, valid on every system."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", key).strip("._")[:80]
    return f"{plain}-{hashlib.blake2b(key.encode(), digest_size=4).hexdigest()}"
