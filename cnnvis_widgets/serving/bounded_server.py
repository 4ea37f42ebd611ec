"""Connections: so many from one address, so that nobody takes all that the system has."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from cnnvis_widgets.serving.limits import group

WANTED_FILES = 65_536
"""Open files; each connection is one, a kernel takes about ten."""


class BoundedServer(HTTPServer):
    """An HTTP server that lets each address have so many connections.

    Args:
        application: what answers.
        most: connections of one address; 0 for any number.
        settings: as for Tornado's own.
    """

    # Tornado makes its servers by way of `initialize`, not `__init__`.
    def initialize(self, application: Any, most: int, **settings: Any) -> None:  # type: ignore[override]
        """See the class."""
        super().initialize(application, **settings)
        self._most = most
        self._open: Counter[str] = Counter()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Take a connection, or close it at once."""
        who = group(str(address[0])) if address else ""
        if self._most and self._open[who] >= self._most:
            stream.close()
            return
        self._open[who] += 1
        closing = stream.close_fd

        def close_fd() -> None:
            closing()
            self._open[who] -= 1
            if self._open[who] <= 0:
                del self._open[who]

        stream.close_fd = close_fd  # type: ignore[method-assign]
        super().handle_stream(stream, address)


def more_files() -> None:
    """Let this process open as many files as the system allows it to, within reason."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_FILES)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
