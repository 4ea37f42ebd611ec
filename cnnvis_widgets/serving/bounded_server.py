"""An HTTP server that limits the connections of each address."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from cnnvis_widgets.serving.limits import group

MAX_OPEN_FILES = 65_536
"""The limit of open files; each connection is one, a kernel needs about ten."""


class BoundedServer(HTTPServer):
    """An HTTP server that limits the connections of each address.

    Args:
        application: Tornado's application.
        max_connections: of one address; 0 for no limit.
        settings: of `HTTPServer`.
    """

    # Tornado calls `initialize` instead of `__init__`
    def initialize(self, application: Any, max_connections: int, **settings: Any) -> None:  # type: ignore[override]
        """See the class."""
        super().initialize(application, **settings)
        self._max_connections = max_connections
        self._open: Counter[str] = Counter()

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        """Accept a connection, or close it at once."""
        client = group(str(address[0])) if address else ""
        if self._max_connections and self._open[client] >= self._max_connections:
            stream.close()
            return
        self._open[client] += 1
        closing = stream.close_fd

        def close_fd() -> None:
            closing()
            self._open[client] -= 1
            if self._open[client] <= 0:
                del self._open[client]

        stream.close_fd = close_fd  # type: ignore[method-assign]
        super().handle_stream(stream, address)


def raise_file_limit() -> None:
    """Raise this process' limit of open files."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        target = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
        if soft < target:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
