"""The lecturer's page: open pages, queued and cached requests, memory and load.

It requires a key that `cnnvis app` prints.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from tornado.web import HTTPError

from cnnvis_widgets.serving.guarded import Guarded

ADDRESS = "cnnvis/class"
FIGURES = f"{ADDRESS}/figures"

Facts = Callable[[], Awaitable[dict[str, Any]]]


@dataclass
class Lecturer:
    """The data of the page.

    Attributes:
        facts: returns statistics of the shared engine; None without one.
        key: the secret in the page's address.
    """

    facts: Facts | None = None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))


class _WithKey(Guarded):
    def initialize(self, lecturer: Lecturer) -> None:
        """Take the page's data."""
        self._lecturer = lecturer

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404 without the key."""
        awaitable = super().prepare(*args, **kwargs)
        key = self.get_query_argument("key", "")
        if not hmac.compare_digest(key.encode(), self._lecturer.key.encode()):
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")  # the address holds the key
        return awaitable


class ClassPage(_WithKey):
    """The page; its script requests the figures."""

    def get(self) -> None:
        """Answer with the page."""
        module = Path(__file__)
        page = module.with_suffix(".html").read_text("utf-8")
        self.finish(page.replace("/* script */", module.with_suffix(".js").read_text("utf-8")))


class ClassFigures(_WithKey):
    """The figures as JSON."""

    async def get(self) -> None:
        """Answer with the current figures."""
        watch = self.guard.watch
        open_pages = sum(watch.connections(kernel) > 0 for kernel in watch.owners.kernels)
        memory, share = await asyncio.to_thread(_memory_usage)
        self.finish(
            {
                "pages": open_pages,
                "kernels": len(watch.owners.kernels),
                "most": self.guard.publishing.limits.visitors,
                "megabytes": memory,
                "memory_share": share,
                "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
                "cores": os.cpu_count(),
                "engine": await self._engine(),
            }
        )

    async def _engine(self) -> dict[str, Any] | None:
        """Statistics of the shared engine; None without one, empty if it does not answer."""
        if self._lecturer.facts is None:
            return None
        try:
            return await self._lecturer.facts()
        except (OSError, TimeoutError):
            return {}


def _memory_usage() -> tuple[float, float]:
    """The memory of this server and its children in MB (PSS), and the share of memory in use."""
    server = psutil.Process()
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.Error:  # it has just ended
            continue
        total += getattr(memory, "pss", memory.rss) / 2**20
    return total, psutil.virtual_memory().percent / 100
