"""Atomic writes and a lock per folder, safe against killed and concurrent processes.

A process may be killed at any instruction, and another may write into the same folder. So a file
is written under a temporary name and renamed (`os.replace` is atomic), an incomplete last line is
truncated before the next is appended, and both happen under the folder's lock. The system releases
the lock of a process that ends for any reason.

Data that cannot be computed again (a study's settings, people's points) is synced to the disk
before the rename, so that a power failure leaves the old file or the new one. Maps are not: their
digests reveal damage, and they are computed again.
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
    """Hold a folder's lock, which excludes other threads and processes.

    Not reentrant. There is no lock if the file system does not support it or the folder is not
    writable; the write itself then raises an error.

    Args:
        folder: an existing folder.
    """
    try:
        stream = (folder / LOCK).open("ab")
    except OSError:
        yield
        return
    with stream:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX)  # closing the file releases it
        yield


def replace(path: Path, content: bytes, sync: bool = False) -> None:
    """Write a file atomically. The caller holds the folder's lock.

    Args:
        path: its folder is created if necessary.
        content: of the file.
        sync: whether to sync it to the disk before the rename.

    Raises:
        OSError: the disk is full or not writable; an existing file stays as it was.
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
    """Append a line, after removing an incomplete one. The caller holds the folder's lock.

    Args:
        path: created with its folder if necessary.
        text: JSON, without a line break.

    Raises:
        OSError: the disk is full or not writable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b", buffering=0) as file:
        end = whole_lines(file)
        file.seek(end)
        partial = file.read()
        separator = b""
        if partial and _is_json(partial):  # written by hand, without a line break
            separator = b"\n"
        elif partial:
            file.truncate(end)
        content = memoryview(separator + text.encode() + b"\n")
        while content:
            content = content[file.write(content) :]


def whole_lines(file: IO[bytes]) -> int:
    """The length in bytes of the file up to its last line break."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - BLOCK)
        file.seek(start)
        if (position := file.read(end - start).rfind(b"\n")) >= 0:
            return start + position + 1
        end = start
    return 0


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
