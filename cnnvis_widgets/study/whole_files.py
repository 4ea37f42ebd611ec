"""Files that are whole whatever happens to the process that writes them, and one writer at a time.

A process may be killed between any two of its instructions, and another may write into the same
folder. So a file is written beside its place and moved there (`os.replace` is atomic), a line that
broke off is cut before the next is appended, and both happen under the folder's lock. The system
drops the lock of a process that ends, however it ends.

What cannot be computed again (a study's settings, people's points) is synced to the disk before it
is moved, so that a power cut leaves the old file or the new one. Maps are not: a digest tells that
one is spoilt, and it is computed again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
BLOCK = 1 << 16


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock: threads and processes wait for each other.

    Not reentrant. Where a file system knows no locks, or the folder may not be written to, nobody
    waits; the write itself then tells what is wrong.

    Args:
        folder: it exists.
    """
    try:
        stream = (folder / LOCK).open("ab")
    except OSError:
        yield
        return
    with stream:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX)  # closing the file gives it back
        yield


def replace(path: Path, content: bytes, sync: bool = False) -> None:
    """Write a file, whole or not at all. The caller holds the folder's lock.

    Args:
        path: its folder is made where it is not there.
        content: of the file.
        sync: whether it must be on the disk, and not in the system's memory, before it counts.

    Raises:
        OSError: the disk is full, or may not be written to; what was there stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        stream.write(content)
        if sync:
            stream.flush()
            os.fsync(stream.fileno())
    part.replace(path)


def append_line(path: Path, text: str) -> None:
    """Append a line; one before it that broke off is cut. The caller holds the folder's lock.

    Args:
        path: made where it is not there, its folder too.
        text: JSON, without a line break.

    Raises:
        OSError: the disk is full, or may not be written to.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        end = whole_lines(file)
        file.seek(end)
        rest = file.read()
        start = b""
        if rest and _is_json(rest):  # written by hand, without a line break
            start = b"\n"
        elif rest:
            file.truncate(end)
        content = memoryview(start + text.encode() + b"\n")
        while content:
            content = content[file.write(content) :]


def whole_lines(file: IO[bytes]) -> int:
    """Where the last line that ends in a line break ends, in bytes from the file's start."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - BLOCK)
        file.seek(start)
        if (last := file.read(end - start).rfind(b"\n")) >= 0:
            return start + last + 1
        end = start
    return 0


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
