"""The lecturer's page: who is here, what waits, what is answered from memory, what is taken.

It opens with a key that `cnnvis app` prints, and to nobody else.
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
    """What the page needs.

    Attributes:
        facts: asks the shared engine how it is doing; None where each page computes by itself.
        key: what the page's address must hold.
    """

    facts: Facts | None = None
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))


class _WithKey(Guarded):
    def initialize(self, lecturer: Lecturer) -> None:
        """Take what the page needs."""
        self._lecturer = lecturer

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Without the key there is nothing here."""
        awaitable = super().prepare(*args, **kwargs)
        shown = self.get_query_argument("key", "")
        if not hmac.compare_digest(shown.encode(), self._lecturer.key.encode()):
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")  # the address holds the key
        return awaitable


class ClassPage(_WithKey):
    """The page; its script asks for the figures."""

    def get(self) -> None:
        """Answer with the page."""
        here = Path(__file__)
        page = here.with_suffix(".html").read_text("utf-8")
        self.finish(page.replace("/* script */", here.with_suffix(".js").read_text("utf-8")))


class ClassFigures(_WithKey):
    """The figures as JSON."""

    async def get(self) -> None:
        """Answer with the figures of this moment."""
        watch = self.guard.watch
        open_pages = sum(watch.lines(kernel) > 0 for kernel in watch.owners.kernels)
        memory, share = await asyncio.to_thread(_taken)
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
        """None: each page computes by itself; no entries: the service does not answer."""
        if self._lecturer.facts is None:
            return None
        try:
            return await self._lecturer.facts()
        except (OSError, TimeoutError):
            return {}


def _taken() -> tuple[float, float]:
    """MB that this server and its children take (PSS), and the share of all memory in use."""
    server = psutil.Process()
    total = 0.0
    for process in (server, *server.children(recursive=True)):
        try:
            memory = process.memory_full_info()
        except psutil.Error:  # it has just ended
            continue
        total += getattr(memory, "pss", memory.rss) / 2**20
    return total, psutil.virtual_memory().percent / 100
