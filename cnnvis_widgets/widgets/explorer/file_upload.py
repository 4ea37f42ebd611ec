"""Upload of a large file in parts; each is written before the next is requested."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import IO, Any

from cnnvis_widgets.errors import FileError

PART = 1 << 20
"""Bytes of a part; a message over 10 MB closes the connection to the kernel (Tornado)."""

LONGEST_NAME = 120


class FileUpload:
    """Receives files one after another, each in its own temporary folder.

    Args:
        suffixes: the accepted suffixes, in lower case.
        most: the largest size in bytes.

    Attributes:
        name: the current file's name, without a folder.
        path: its path; None before the first file.
        size: its full size in bytes.
        received: the bytes received.
    """

    def __init__(self, suffixes: Sequence[str], most: int) -> None:
        self.suffixes, self.most = tuple(suffixes), most
        self.name, self.size, self.received = "", 0, 0
        self.path: Path | None = None
        self._file: IO[bytes] | None = None
        self._content = hashlib.sha256()

    def begin(self, name: Any, size: Any) -> None:
        """Start a file; an unfinished earlier one is removed.

        Raises:
            FileError: wrong suffix, empty, or too large.
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
            size_text = f"{size / 1e6:,.1f} MB" if isinstance(size, int | float) else "no size"
            raise FileError(
                f"{self.name} has {size_text}; files of up to {self.most / 1e6:,.0f} MB are taken "
                "here, and not empty ones."
            )
        self.path = Path(tempfile.mkdtemp(prefix="cnnvis-")) / f"model{suffix}"
        self._file = self.path.open("wb")
        self.size, self.received = size, 0
        self._content = hashlib.sha256()

    def take(self, offset: Any, data: bytes | memoryview) -> bool:
        """Write a part; return whether it was the last.

        Raises:
            FileError: it is not the next part.
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
        """SHA-256 of the bytes received, in hexadecimal digits."""
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
    """SHA-256 of a file on this machine, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
