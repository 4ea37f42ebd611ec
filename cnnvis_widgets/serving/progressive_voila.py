"""The lessons as pages that are there at once and fill while their cells run.

Voilà shows a page when its last cell has run, which takes a lesson ten to forty seconds, or, in its
progressive rendering, the text at once and each output as it comes. It does one or the other for
all notebooks, and the second cannot be had beside kernels that are ready for their visitors. Here
the explorer and the index have such kernels, and the lessons are there at once.

All handlers are guarded: see `guarded.py`, `kernel_lines.py` and docs/threat-model.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path, PurePath
from typing import Any

import traitlets
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, RedirectHandler
from tornado.websocket import WebSocketClosedError
from voila.app import Voila
from voila.configuration import VoilaConfiguration
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.execution_request_handler import ExecutionRequestHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from cnnvis_widgets import policy
from cnnvis_widgets.course.catalogue import find
from cnnvis_widgets.errors import without_paths
from cnnvis_widgets.serving.bounded_server import BoundedServer, more_files
from cnnvis_widgets.serving.class_page import ADDRESS, FIGURES, ClassFigures, ClassPage, Lecturer
from cnnvis_widgets.serving.compiled_templates import keep_compiled
from cnnvis_widgets.serving.frames import (
    MESSAGES_A_SECOND,
    MESSAGES_AT_ONCE,
    MOST_BYTES,
    Allowance,
)
from cnnvis_widgets.serving.guarded import SETTING, Guard, Guarded, Nothing, guarded, said
from cnnvis_widgets.serving.kernel_lines import (
    MOST_LINES,
    REFUSED,
    Connection,
    Goodbye,
    KernelLine,
    KernelState,
)
from cnnvis_widgets.serving.kernel_watch import KernelWatch
from cnnvis_widgets.serving.limits import THEMES, Publishing, Sentence
from cnnvis_widgets.serving.owners import Owners, address_of
from cnnvis_widgets.serving.page_language import in_language, in_page, language_of
from cnnvis_widgets.serving.ready_kernels import ReadyKernels
from cnnvis_widgets.translation.catalogues import SOURCE

_SILENT = logging.Logger("cnnvis_widgets.serving.progressive_voila", logging.CRITICAL + 1)

LISTENING = {
    "idle_connection_timeout": 120,
    "body_timeout": 20,
    "max_header_size": 32 * 2**10,
    "max_body_size": 64 * 2**10,
}
"""No page of ours sends more by HTTP than a farewell."""

LONGEST_ORDER = 4096
"""Of a page that wants its cells run: two names."""


def is_lesson(path: str) -> bool:
    """Whether a page is a lesson, or a lesson's solutions."""
    lesson = find(PurePath(path).stem)
    return lesson is not None and lesson.chapter > 0


class ProgressiveVoila(Voila):
    """Voilà, but that lessons are shown while they run, and that it believes no visitor."""

    publishing = traitlets.Instance(Publishing, (), help="for whom the server is").tag(config=True)
    lecturer = traitlets.Instance(Lecturer, (), help="who may see how it goes").tag(config=True)
    first_page = traitlets.Unicode("", help="where / leads to on a public server").tag(config=True)
    waiting = traitlets.Dict(help="how many kernels wait, by page").tag(config=True)

    def init_settings(self) -> dict[str, Any]:
        """Voilà's own, with bounds and with what the guarded handlers share."""
        keep_compiled()
        settings: dict[str, Any] = super().init_settings()
        owners = Owners(embedded=bool(self.publishing.embedders))
        folder = policy.current().visitors
        visitors = Path(folder) if folder else None
        watch = KernelWatch(self.kernel_manager, owners, self.publishing.limits, _forget, visitors)
        self.kernel_manager.allow_tracebacks = self.voila_configuration.show_tracebacks
        guard = settings[SETTING] = Guard(self.publishing, watch, owners)
        settings["websocket_max_message_size"] = MOST_BYTES
        settings["kernel_websocket_connection_class"] = Connection
        settings["default_handler_class"] = Nothing
        watch.start()
        if self.voila_configuration.preheat_kernel:
            ReadyKernels(self.kernel_manager, self.waiting, lambda: guard.opening > 0).start()
        return settings

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Voilà's own, all guarded, and what runs the cells of a page in sight."""
        in_sight = VoilaConfiguration(parent=self, preheat_kernel=False, progressive_rendering=True)
        for configuration in (in_sight, self.voila_configuration):
            if configuration.prelaunch_hook is None:  # a user's own comes first
                configuration.prelaunch_hook = _in_language_of
        ours: dict[type, tuple[type, dict[str, Any]]] = {
            TornadoVoilaHandler: (Page, {"in_sight": in_sight}),
            KernelHandler: (KernelState, {}),
            VoilaKernelWebsocketHandler: (KernelLine, {}),
            VoilaShutdownKernelHandler: (Goodbye, {}),
        }
        if self.publishing.public:  # the folder is not for all, nor what others asked for
            closed = (TornadoVoilaTreeHandler, VoilaContentsHandler, RequestInfoSocketHandler)
            ours |= dict.fromkeys(closed, (Nothing, {}))
        if not self.identity_provider.token:  # nobody logs in
            ours |= {kind: (Nothing, {}) for _, kind in self.identity_provider.get_handlers()}
        handlers = []
        for route, handler, *rest in super().init_handlers():
            new, more = ours.get(handler, (guarded(handler), {}))
            settings = {**(rest[0] if rest else {}), **more}
            handlers.append((route, new, settings) if settings else (route, new))
        kernel = r"voila/execution/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        first: list[tuple[Any, ...]] = [(url_path_join(self.server_url, kernel), Outputs)]
        for address, shown in ((ADDRESS, ClassPage), (FIGURES, ClassFigures)):
            place = url_path_join(self.server_url, address)
            first.append((place, shown, {"lecturer": self.lecturer}))
        if self.publishing.public and self.first_page:
            there = url_path_join(self.base_url, "voila/render", self.first_page)
            first.append((self.server_url, guarded(RedirectHandler), {"url": there}))
        return [*first, *handlers]

    def listen(self) -> None:
        """Listen within bounds; behind a proxy, take its word for who comes."""
        bounds = {**LISTENING, "xheaders": self.publishing.behind_proxy}
        most = 0 if self.publishing.behind_proxy else self.publishing.limits.connections
        server = BoundedServer(self.app, most, **bounds)
        more_files()
        self.app.listen = server.listen
        super().listen()


def _forget(kernel_id: str) -> None:
    """Voilà itself keeps these for ever."""
    ExecutionRequestHandler._execution_data.pop(kernel_id, None)
    RequestInfoSocketHandler._cache.pop(kernel_id, None)


class Page(Guarded, TornadoVoilaHandler):
    """Answers with a page: as Voilà does, or, for a lesson, before its cells have run."""

    voila_configuration: VoilaConfiguration
    _kernel = ""
    _language, _path = SOURCE, ""

    def initialize(self, in_sight: VoilaConfiguration, **settings: Any) -> None:
        """Take Voilà's settings, and those that hold for a page in sight."""
        super().initialize(**settings)
        self._in_sight = in_sight

    def spoken(self, notebook: Any) -> Any:
        """The notebook in the language of this page."""
        return in_language(notebook, PurePath(self._path).stem, self._language)

    @property
    def kernel_manager(self) -> Any:
        """The server's kernels; the one that this page gets becomes its visitor's."""
        return _Handed(super().kernel_manager, self._given)

    def _given(self, kernel_id: str) -> None:
        self._kernel = kernel_id
        self.guard.owners.give(self, kernel_id, self.base_url)

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """The page, part by part; its address says of which kind it is.

        Raises:
            HTTPError: 404 for a look that this server does not have (Voilà would put the words into
                the page as they are, or wait for ever), or the server is full.
        """
        if self.get_argument("theme", THEMES[0]) not in (*THEMES, self.voila_configuration.theme):
            raise HTTPError(404)
        template = self.voila_configuration.template
        if self.get_argument("template", template) != template:
            raise HTTPError(404)
        self._admit()
        if path and is_lesson(path) and not self.kernel_manager.get_pool_size(path):
            self.voila_configuration = self._in_sight
        root, self._path = self.contents_manager.root_dir, path or ""
        self._language = language_of(root, path, self.get_argument("lang", SOURCE))
        self.guard.opening += 1
        try:
            parts = super().get_generator(path=path)
            stood_ready = bool(path and self.kernel_manager.get_pool_size(path))
            made_of = Path(root) / self._path if stood_ready else None
            async for part in in_page(parts, self._language, made_of):
                yield part
        finally:
            self.guard.opening -= 1
            if self._kernel:
                self.guard.watch.sent(self._kernel)

    def _admit(self) -> None:
        owners, address = self.guard.owners, address_of(self)
        try:
            self.guard.counter.page(address, owners.count(address), len(owners.kernels))
        except Sentence as refusal:
            raise said(refusal) from None


def _in_language_of(handler: Page | None, notebook: Any, cwd: str) -> Any:
    """Voilà asks for the notebook that it shall show; one that is made ready is for nobody yet."""
    return notebook if handler is None else handler.spoken(notebook)


class _Handed:
    """A kernel manager that tells which kernel it hands out."""

    def __init__(self, manager: Any, given: Any) -> None:
        self._manager, self._given = manager, given

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def start_kernel(self, **settings: Any) -> str:
        kernel_id: str = await ensure_async(self._manager.start_kernel(**settings))
        self._given(kernel_id)
        return kernel_id

    async def get_rendered_notebook(self, **settings: Any) -> tuple[Any, Any, str]:
        rendered: tuple[Any, Any, str] = await self._manager.get_rendered_notebook(**settings)
        self._given(rendered[2])
        return rendered


class Outputs(Guarded, ExecutionRequestHandler):
    """Runs the cells of a page in sight and sends their outputs."""

    _executor = None  # Voilà asks for it when a page is closed before its cells were to run
    _left = False
    _kernel_id = ""
    _work: asyncio.Task[None] | None = None

    @property
    def log(self) -> logging.Logger:
        """Says nothing more once the page is closed: its kernel ends in the middle of a cell."""
        return _SILENT if self._left else super().log

    async def get(self, kernel_id: str) -> None:
        """Connect, where the page is the kernel's own."""
        self.only_its_owner(kernel_id)
        if self.guard.watch.lines(kernel_id) >= MOST_LINES:
            raise HTTPError(429)
        self._pings = Allowance(MESSAGES_A_SECOND, MESSAGES_AT_ONCE)
        await super().get(kernel_id=kernel_id)  # type: ignore[misc]

    async def open(self, kernel_id: str) -> None:
        """The page is connected."""
        self.guard.watch.opened(kernel_id, self)
        await super().open(kernel_id)

    def on_ping(self, data: bytes) -> None:
        """A ping counts: each is answered."""
        if not self._pings.take():
            self.close(REFUSED, "More pings than a browser sends.")

    def on_close(self) -> None:
        """The page is closed, or its line broke."""
        self._left = True
        if self._kernel_id:
            self.guard.watch.closed(self._kernel_id, self)
        super().on_close()

    def on_message(self, message: str | bytes) -> None:
        """Run the cells beside the line: while Voilà's own runs them, it reads no answers to pings.

        Nor would it see that the page was closed.
        """
        if self._work is not None or len(message) > LONGEST_ORDER:
            self.close(REFUSED, "A page orders its cells once.")
            return
        self._work = asyncio.create_task(self._run(message))

    async def _run(self, message: str | bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            try:
                await super().on_message(message)
            except (ValueError, AttributeError, TypeError, RecursionError):
                self.close(REFUSED, "This is no order of a page.")

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
    """A cell's outputs, with neighbours in the same stream joined: they come line by line.

    What goes to `stderr` (warnings, most of all) is told without the server's paths.
    """
    kept: list[dict[str, Any]] = []
    for output in outputs:
        before = kept[-1] if kept else {}
        same = all(output.get(k) == before.get(k) for k in ("output_type", "name"))
        if output.get("output_type") == "stream" and same:
            kept[-1] = {**before, "text": before["text"] + output["text"]}
        else:
            kept.append(output)
    return [
        {**o, "text": without_paths(o["text"])} if o.get("name") == "stderr" else o for o in kept
    ]
