"""Divides the work between processes that compute the same study.

A claim is a lock of one byte of the file `.claims`, at an offset that depends on the part's name.
The system releases the locks of a process that ends for any reason. Threads of one process do not
exclude each other, and Windows has no such locks; there, some parts are computed twice, with equal
bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study.atomic_files import fcntl, whole_lines
from cnnvis_widgets.study.integrity import run_fault

if TYPE_CHECKING:
    from cnnvis_widgets.study.parts import Part

FILE = ".claims"
HELD = (errno.EACCES, errno.EAGAIN)


class Claims:
    """The parts that this process has claimed; closing the object releases them.

    Args:
        folder: the study's existing folder.

    Raises:
        FileError: it is not writable.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self._stream = (folder / FILE).open("ab")
        except OSError as error:
            raise FileError(f"{str(folder)!r} could not be written to: {error}") from error

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def take(self, part: Part) -> bool:
        """Claim a part; returns False if another process has it."""
        if fcntl is None:
            return True
        try:
            fcntl.lockf(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, lock_offset(part))
        except OSError as error:
            return error.errno not in HELD  # without locks every claim succeeds
        return True

    def give_back(self, part: Part) -> None:
        """Release a part."""
        if fcntl is not None:
            try:
                fcntl.lockf(self._stream, fcntl.LOCK_UN, 1, lock_offset(part))
            except OSError:  # a file system without locks
                return


def lock_offset(part: Part) -> int:
    """The offset of a part's byte: the first 56 bits of a digest of its runs."""
    name = json.dumps([run.key for run in part.runs])
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest())


class NewRuns:
    """The runs whose lines were written since this object was created or last called.

    Args:
        path: runs.jsonl.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._read = path, 0
        if path.exists():
            with path.open("rb") as file:
                self._read = whole_lines(file)

    def __call__(self) -> set[str]:
        """Their keys."""
        if not self.path.exists() or self.path.stat().st_size <= self._read:
            return set()
        with self.path.open("rb") as file:
            end = whole_lines(file)
            file.seek(self._read)
            lines = file.read(max(0, end - self._read)).splitlines()
        self._read = max(self._read, end)
        return {line["key"] for text in lines if (line := _run(text)) is not None}


def _run(text: bytes) -> dict[str, str] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if run_fault(line) else line
