"""The lessons as pages that are there at once and fill while their cells run.

Voilà shows a page when its last cell has run, which takes a lesson ten to forty seconds, or, in its
progressive rendering, the text at once and each output as it comes. It does one or the other for
all notebooks, and the second cannot be had beside kernels that stand ready for their visitors. Here
the explorer and the index have such kernels, and the lessons are there at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import Any

from jupyter_server.utils import url_path_join
from tornado.websocket import WebSocketClosedError
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.tornado.execution_request_handler import ExecutionRequestHandler
from voila.tornado.handler import TornadoVoilaHandler

from cnnvis_widgets.course.catalogue import find

_SILENT = logging.Logger("cnnvis_widgets.serving.progressive_voila", logging.CRITICAL + 1)


def is_lesson(path: str) -> bool:
    """Whether a page is a lesson, or a lesson's solutions."""
    lesson = find(PurePath(path).stem)
    return lesson is not None and lesson.chapter > 0


class ProgressiveVoila(Voila):
    """Voilà, but that lessons are shown while they run."""

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Voilà's own, the one for pages replaced, and what runs the cells of a page in sight."""
        handlers = super().init_handlers()
        in_sight = VoilaConfiguration(parent=self, preheat_kernel=False, progressive_rendering=True)
        for place, (route, handler, *rest) in enumerate(handlers):
            if handler is TornadoVoilaHandler:
                handlers[place] = (route, Page, {**rest[0], "in_sight": in_sight})
        kernel = r"voila/execution/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        return [(url_path_join(self.server_url, kernel), Outputs), *handlers]


class Page(TornadoVoilaHandler):
    """Answers with a page: as Voilà does, or, for a lesson, before its cells have run."""

    def initialize(self, in_sight: VoilaConfiguration, **settings: Any) -> None:
        """Take Voilà's settings, and those that hold for a page in sight."""
        super().initialize(**settings)
        self._in_sight = in_sight

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """The page, part by part; its address says of which kind it is."""
        if path and is_lesson(path) and not self.kernel_manager.get_pool_size(path):
            self.voila_configuration = self._in_sight
        async for part in super().get_generator(path=path):
            yield part


class Outputs(ExecutionRequestHandler):
    """Runs the cells of a page in sight and sends their outputs."""

    _executor = None  # Voilà asks for it when a page is closed before its cells were to run
    _left = False

    @property
    def log(self) -> logging.Logger:
        """Says nothing more once the page is closed: its kernel ends in the middle of a cell."""
        return _SILENT if self._left else super().log

    def on_close(self) -> None:
        """The page is closed, or its line broke."""
        self._left = True
        super().on_close()

    def on_message(self, message: str | bytes) -> None:
        """Run the cells beside the line: while Voilà's own runs them, it reads no answers to pings.

        Nor would it see that the page was closed.
        """
        self._work = asyncio.create_task(self._run(message))

    async def _run(self, message: str | bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            await super().on_message(message)

    def write_message(self, message: Any, binary: bool = False) -> asyncio.Future[Any]:
        """Send each output by itself: the page forgets what comes after a widget in a message."""
        return asyncio.gather(
            *(super(Outputs, self).write_message(m, binary) for m in split(message))
        )


def split(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages that bring a cell's outputs one by one, what was printed in a row as one.

    Args:
        message: what Voilà sends when a cell has run. Others are left as they are.
    """
    cell = message.get("payload", {}).get("output_cell", {})
    outputs = joined(cell.get("outputs", []))
    if not outputs:
        return [message]
    parts = []
    for output in outputs:
        payload = message["payload"] | {"output_cell": {**cell, "outputs": [output]}}
        parts.append(message | {"payload": payload})
    for part in parts[:-1]:  # the page closes the line after the last cell's first message
        part["payload"]["total_cell"] += 1
    return parts


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A cell's outputs, with neighbours in the same stream joined: they come line by line."""
    kept: list[dict[str, Any]] = []
    for output in outputs:
        before = kept[-1] if kept else {}
        same = all(output.get(k) == before.get(k) for k in ("output_type", "name"))
        if output.get("output_type") == "stream" and same:
            kept[-1] = {**before, "text": before["text"] + output["text"]}
        else:
            kept.append(output)
    return kept
