"""A long file from the browser, in parts: each is written before the next one is asked for."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import IO, Any

from cnnvis_widgets.errors import FileError

PART = 1 << 20
"""Bytes of a part; a message over 10 MB ends the connection to the kernel (Tornado)."""

LONGEST_NAME = 120


class FileUpload:
    """Takes one file after another into a folder of its own.

    Args:
        suffixes: the endings that are taken, in small letters.
        most: bytes of a file.

    Attributes:
        name: of the file that comes, without a folder.
        path: where it is; None while none was begun.
        size: what it will have, in bytes.
        received: what is there of it.
    """

    def __init__(self, suffixes: Sequence[str], most: int) -> None:
        self.suffixes, self.most = tuple(suffixes), most
        self.name, self.size, self.received = "", 0, 0
        self.path: Path | None = None
        self._file: IO[bytes] | None = None
        self._content = hashlib.sha256()

    def begin(self, name: Any, size: Any) -> None:
        """Make room for a file; one that was begun before is dropped.

        Raises:
            FileError: of another kind, empty, or too large.
        """
        self.drop()
        self.name = PurePath(str(name).replace("\\", "/")).name[-LONGEST_NAME:] or "the file"
        suffix = PurePath(self.name).suffix.lower()
        if suffix not in self.suffixes:
            raise FileError(
                f"{self.name} is no Keras file. Expected a file that ends in "
                f"{', '.join(self.suffixes)}: save the network with model.save('name.keras')."
            )
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= self.most:
            known = f"{size / 1e6:,.1f} MB" if isinstance(size, int | float) else "no size"
            raise FileError(
                f"{self.name} has {known}; files of up to {self.most / 1e6:,.0f} MB are taken "
                "here, and not empty ones."
            )
        self.path = Path(tempfile.mkdtemp(prefix="cnnvis-")) / f"model{suffix}"
        self._file = self.path.open("wb")
        self.size, self.received = size, 0
        self._content = hashlib.sha256()

    def take(self, offset: Any, data: bytes | memoryview) -> bool:
        """Write a part; whether it was the last.

        Raises:
            FileError: it is not the part that comes next.
        """
        end = self.received + len(data)
        if self._file is None or offset != self.received or not len(data) or end > self.size:
            self.drop()
            raise FileError(f"{self.name or 'The file'} did not arrive whole; send it again.")
        self._file.write(data)
        self._content.update(data)
        self.received = end
        if end < self.size:
            return False
        self._file.close()
        self._file = None
        return True

    @property
    def sha256(self) -> str:
        """Of what was received, in hexadecimal digits."""
        return self._content.hexdigest()

    def drop(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
        if self.path is not None:
            shutil.rmtree(self.path.parent, ignore_errors=True)
        self._file = self.path = None
        self.size = self.received = 0


def file_sha256(path: Path) -> str:
    """Of a file on this machine, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
