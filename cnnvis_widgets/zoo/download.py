"""Downloads a file: complete and checked, or not at all, with timeouts."""

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
"""Called during a download with (bytes received, bytes in all)."""

CONNECT_SECONDS = 4.0  # for one address; a host name may have twenty
ANSWER_SECONDS = 8.0  # for DNS look-up, all addresses and the first bytes together
STALL_SECONDS = 20.0  # without a byte, once the transfer has begun
CHUNK = 32 * 1024  # pooch counts complete chunks only, and slow connections get few a second
_POLL_SECONDS = 0.05


def transfer(
    url: str, path: Path, check: Callable[[Path], None], progress: Fetching, size: int = 0
) -> None:
    """Download `url` to `path` atomically, after `check` has accepted it.

    Args:
        url: http or https.
        path: the destination, in an existing folder. An existing file is replaced.
        check: raises FileError with the reason if the file is not the expected one.
        progress: called in the caller's thread with (bytes received, bytes in all); an exception
            raised in it stops the transfer.
        size: in bytes, for servers that do not send it.

    Raises:
        FileError: no connection, no such file, a transfer that broke off or stalled, or `check`'s.
    """
    # In the same folder, so that the final rename is atomic.
    handle, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
    os.close(handle)
    running_transfer = _Transfer(url, path, Path(name), check)
    try:
        running_transfer.wait(progress, size)
    except FileError as error:
        raise FileError(f"{path.name} could not be fetched from {url}: {error}.") from error
    finally:
        running_transfer.abandon()


class _Abandoned(Exception):
    """The transfer was abandoned."""


class _Transfer(threading.Thread):
    """The transfer, on its own thread: a DNS look-up or a silent server cannot block the caller.

    It is also pooch's progress bar: `total`, `update`, `reset` and `close`.
    """

    def __init__(self, url: str, path: Path, partial: Path, check: Callable[[Path], None]) -> None:
        super().__init__(name="cnnvis-fetch", daemon=True)
        self.total = 0
        self._url, self._path, self._partial, self._check = url, path, partial, check
        self._received = 0
        self._responded = self._abandoned = False
        self._error: BaseException | None = None

    def wait(self, progress: Fetching, size: int) -> None:
        """Start, report progress until the end, and raise any error."""
        deadline = time.monotonic() + ANSWER_SECONDS
        self.start()
        reported = -1
        while True:
            running = self.is_alive()
            received = min(
                self._received, self.total or size
            )  # pooch counts the last chunk as complete
            if self._responded and received != reported and self._error is None:
                progress(received, self.total or size)
                reported = received
            if not running:
                break
            if not self._responded and time.monotonic() > deadline:
                raise FileError(f"no answer within {ANSWER_SECONDS:g} s")
            self.join(_POLL_SECONDS)
        if self._error is not None:
            raise _translated(self._error) from self._error

    def abandon(self) -> None:
        """Stop, and delete the partial file."""
        self._abandoned = True
        # The thread deletes it too, but may hang, or end with the process.
        with contextlib.suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def run(self) -> None:
        """Fetch, check, move into place."""
        import pooch

        timeouts = (CONNECT_SECONDS, STALL_SECONDS)
        download = pooch.HTTPDownloader(progressbar=self, chunk_size=CHUNK, timeout=timeouts)
        try:
            download(self._url, self._partial, None)
            self._check(self._partial)
            self._partial.replace(self._path)
        except BaseException as error:  # raised again in `wait`
            self._error = error
        finally:
            self.abandon()

    def update(self, count: int) -> None:
        """Count received bytes."""
        if self._abandoned:
            raise _Abandoned
        self._responded = True
        self._received += count

    def reset(self) -> None:
        """Pooch counts everything again at the end; `wait` limits the count to the total."""

    def close(self) -> None:
        """Pooch closes its bar."""


def _translated(error: BaseException) -> BaseException:
    """The error with a message for the user."""
    import requests

    if isinstance(error, FileError):
        return error
    if isinstance(error, requests.HTTPError) and error.response is not None:
        reason = f"the server answers {error.response.status_code} {error.response.reason}"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        reason = "the connection broke before the whole file had come"
    elif isinstance(error, requests.Timeout) or "timed out" in str(error):
        reason = "the server keeps silent"
    elif isinstance(error, requests.ConnectionError):
        reason = "no connection (is this machine online?)"
    elif isinstance(error, OSError | ValueError):
        reason = str(error)
    else:
        return error
    return FileError(reason)
