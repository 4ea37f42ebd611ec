"""Brings a file from an address: whole and checked, or not at all, and never silently stuck."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cnnvis_widgets.errors import FileError

Fetching = Callable[[int, int], None]
"""Called while a file is fetched with (bytes so far, bytes in all)."""

CONNECT_SECONDS = 4.0  # for one address; a name may have twenty
ANSWER_SECONDS = 8.0  # for name look-up, all addresses and the first bytes together
STALL_SECONDS = 20.0  # without a byte, once the file is on its way
CHUNK = 32 * 1024  # pooch counts only whole ones, and a bad line brings few in a second
_POLL_SECONDS = 0.05


def transfer(
    url: str, path: Path, check: Callable[[Path], None], progress: Fetching, size: int = 0
) -> None:
    """Fetch `url` to `path`, where it appears in one step once it is whole and `check` is content.

    Args:
        url: http or https.
        path: where to; its folder exists. A file that is there is replaced.
        check: raises FileError with the reason if the file is not what it should be.
        progress: called in the caller's thread with (bytes so far, bytes in all); an exception
            raised in it stops the transfer.
        size: in bytes, for servers that do not tell it.

    Raises:
        FileError: no connection, no such file, a transfer that broke off or stalled, or `check`'s.
    """
    # Beside its place, so that moving it there is one step; nothing looks for such a name.
    handle, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    os.close(handle)
    work = _Transfer(url, path, Path(name), check)
    try:
        work.wait(progress, size)
    except FileError as error:
        raise FileError(f"{path.name} could not be fetched from {url}: {error}.") from error
    finally:
        work.abandon()


class _Abandoned(Exception):
    """Nobody waits for the transfer any more."""


class _Transfer(threading.Thread):
    """The work, on a thread of its own: a name look-up or a silent server cannot hold the caller.

    It is also what pooch takes for a progress bar: `total`, `update`, `reset` and `close`.
    """

    def __init__(self, url: str, path: Path, part: Path, check: Callable[[Path], None]) -> None:
        super().__init__(name="cnnvis-fetch", daemon=True)
        self.total = 0
        self._url, self._path, self._part, self._check = url, path, part, check
        self._done = 0
        self._answered = self._abandoned = False
        self._error: BaseException | None = None

    def wait(self, progress: Fetching, size: int) -> None:
        """Start, report until the work is done, and raise what went wrong."""
        latest = time.monotonic() + ANSWER_SECONDS
        self.start()
        shown = -1
        while True:
            alive = self.is_alive()
            done = min(self._done, self.total or size)  # pooch counts the last piece as a whole one
            if self._answered and done != shown and self._error is None:
                progress(done, self.total or size)
                shown = done
            if not alive:
                break
            if not self._answered and time.monotonic() > latest:
                raise FileError(f"no answer within {ANSWER_SECONDS:g} s")
            self.join(_POLL_SECONDS)
        if self._error is not None:
            raise _explained(self._error) from self._error

    def abandon(self) -> None:
        """Stop, and leave nothing behind."""
        self._abandoned = True
        # The thread deletes it too, but may hang, or end with the process before it can.
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)

    def run(self) -> None:
        """Fetch, check, move into place."""
        import pooch

        timeouts = (CONNECT_SECONDS, STALL_SECONDS)
        download = pooch.HTTPDownloader(progressbar=self, chunk_size=CHUNK, timeout=timeouts)
        try:
            download(self._url, self._part, None)
            self._check(self._part)
            self._part.replace(self._path)
        except BaseException as error:  # raised again where somebody waits
            self._error = error
        finally:
            self.abandon()

    def update(self, count: int) -> None:
        """Count bytes that have come."""
        if self._abandoned:
            raise _Abandoned
        self._answered = True
        self._done += count

    def reset(self) -> None:
        """Pooch counts all of it once more at the end; `wait` never shows more than there is."""

    def close(self) -> None:
        """Pooch closes its bar."""


def _explained(error: BaseException) -> BaseException:
    """The error in words that help the user."""
    import requests

    if isinstance(error, FileError):
        return error
    if isinstance(error, requests.HTTPError) and error.response is not None:
        why = f"the server answers {error.response.status_code} {error.response.reason}"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        why = "the connection broke before the whole file had come"
    elif isinstance(error, requests.Timeout) or "timed out" in str(error):
        why = "the server keeps silent"
    elif isinstance(error, requests.ConnectionError):
        why = "no connection (is this machine online?)"
    elif isinstance(error, OSError | ValueError):
        why = str(error)
    else:
        return error
    return FileError(why)
