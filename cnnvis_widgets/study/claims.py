"""Who computes what, where several processes work on one study's folder.

A claim is a lock of one byte of the file `.claims`, at a place that the part's name decides. The
system drops the locks of a process that ends, however it ends: nobody waits for a dead one. Threads
of one process do not exclude each other, and Windows has no such locks; there, what two compute at
once is computed twice, to the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study.soundness import run_fault
from cnnvis_widgets.study.whole_files import fcntl, whole_lines

if TYPE_CHECKING:
    from cnnvis_widgets.study.parts import Part

FILE = ".claims"
HELD = (errno.EACCES, errno.EAGAIN)


class Claims:
    """The parts of a study that this process computes; given back when the object is closed.

    Args:
        folder: the study's; it exists.

    Raises:
        FileError: it may not be written to.
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
        """Claim a part; False where another process has it."""
        if fcntl is None:
            return True
        try:
            fcntl.lockf(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place(part))
        except OSError as error:
            return error.errno not in HELD  # a file system without locks: everybody has it
        return True

    def give_back(self, part: Part) -> None:
        """Another process may take it."""
        if fcntl is not None:
            try:
                fcntl.lockf(self._stream, fcntl.LOCK_UN, 1, place(part))
            except OSError:  # a file system without locks
                return


def place(part: Part) -> int:
    """A part's byte: of all that say which runs it has, the first 56 bits of a digest."""
    name = json.dumps([run.key for run in part.runs])
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest())


class News:
    """The runs whose lines were written since this object was made or last asked.

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
