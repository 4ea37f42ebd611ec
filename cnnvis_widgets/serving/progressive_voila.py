"""Voilà with progressive rendering for lessons and preheated kernels for other pages.

Voilà sends a page when its last cell has run, which takes ten to forty seconds for a lesson, or,
with progressive rendering, the text at once and each output when it is ready. It uses one mode for
all notebooks, and progressive rendering excludes preheated kernels. Here the explorer and the index
have preheated kernels, and lessons are rendered progressively.

All handlers are guarded: see `guarded.py`, `kernel_websockets.py` and docs/threat-model.md.
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
from cnnvis_widgets.serving.bounded_server import BoundedServer, raise_file_limit
from cnnvis_widgets.serving.class_page import ADDRESS, FIGURES, ClassFigures, ClassPage, Lecturer
from cnnvis_widgets.serving.compiled_templates import cache_compiled_templates
from cnnvis_widgets.serving.frames import (
    MAX_FRAME_BYTES,
    MESSAGE_BURST,
    MESSAGES_PER_SECOND,
    TokenBucket,
)
from cnnvis_widgets.serving.guarded import SETTING, Guard, Guarded, NotFound, guarded, http_error
from cnnvis_widgets.serving.kernel_watch import KernelWatch
from cnnvis_widgets.serving.kernel_websockets import (
    MAX_CONNECTIONS,
    POLICY_VIOLATION,
    Connection,
    KernelShutdown,
    KernelState,
    KernelWebSocket,
)
from cnnvis_widgets.serving.limits import THEMES, Publishing, Refusal
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
"""Limits of HTTP; our pages only send a request to end their kernel."""

MAX_ORDER_BYTES = 4096
"""The largest request to run a page's cells: it contains two names."""


def is_lesson(path: str) -> bool:
    """Whether a page is a lesson, or a lesson's solutions."""
    lesson = find(PurePath(path).stem)
    return lesson is not None and lesson.chapter > 0


class ProgressiveVoila(Voila):
    """Voilà with progressive lessons and without trust in visitors."""

    publishing = traitlets.Instance(Publishing, (), help="for whom the server is").tag(config=True)
    lecturer = traitlets.Instance(Lecturer, (), help="who may see how it goes").tag(config=True)
    first_page = traitlets.Unicode("", help="where / leads to on a public server").tag(config=True)
    waiting = traitlets.Dict(help="how many kernels wait, by page").tag(config=True)

    def init_settings(self) -> dict[str, Any]:
        """Add limits and the state of the guarded handlers to Voilà's settings."""
        cache_compiled_templates()
        settings: dict[str, Any] = super().init_settings()
        owners = Owners(embedded=bool(self.publishing.embedders))
        folder = policy.current().visitors
        visitors = Path(folder) if folder else None
        watch = KernelWatch(self.kernel_manager, owners, self.publishing.limits, _forget, visitors)
        self.kernel_manager.allow_tracebacks = self.voila_configuration.show_tracebacks
        guard = settings[SETTING] = Guard(self.publishing, watch, owners)
        settings["websocket_max_message_size"] = MAX_FRAME_BYTES
        settings["kernel_websocket_connection_class"] = Connection
        settings["default_handler_class"] = NotFound
        watch.start()
        if self.voila_configuration.preheat_kernel:
            ReadyKernels(self.kernel_manager, self.waiting, lambda: guard.opening > 0).start()
        return settings

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Guard Voilà's handlers, and add the handler of progressive pages."""
        progressive = VoilaConfiguration(
            parent=self, preheat_kernel=False, progressive_rendering=True
        )
        for configuration in (progressive, self.voila_configuration):
            if configuration.prelaunch_hook is None:  # a user's hook takes precedence
                configuration.prelaunch_hook = _translate_notebook
        replacements: dict[type, tuple[type, dict[str, Any]]] = {
            TornadoVoilaHandler: (Page, {"progressive": progressive}),
            KernelHandler: (KernelState, {}),
            VoilaKernelWebsocketHandler: (KernelWebSocket, {}),
            VoilaShutdownKernelHandler: (KernelShutdown, {}),
        }
        if self.publishing.public:  # hide the folder and other visitors' requests
            closed = (TornadoVoilaTreeHandler, VoilaContentsHandler, RequestInfoSocketHandler)
            replacements |= dict.fromkeys(closed, (NotFound, {}))
        if not self.identity_provider.token:  # nobody logs in
            replacements |= {
                handler_class: (NotFound, {})
                for _, handler_class in self.identity_provider.get_handlers()
            }
        handlers = []
        for route, handler, *more_settings in super().init_handlers():
            new_handler, extra = replacements.get(handler, (guarded(handler), {}))
            settings = {**(more_settings[0] if more_settings else {}), **extra}
            handlers.append((route, new_handler, settings) if settings else (route, new_handler))
        kernel = r"voila/execution/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        own_routes: list[tuple[Any, ...]] = [(url_path_join(self.server_url, kernel), Outputs)]
        for address, page in ((ADDRESS, ClassPage), (FIGURES, ClassFigures)):
            path = url_path_join(self.server_url, address)
            own_routes.append((path, page, {"lecturer": self.lecturer}))
        if self.publishing.public and self.first_page:
            target = url_path_join(self.base_url, "voila/render", self.first_page)
            own_routes.append((self.server_url, guarded(RedirectHandler), {"url": target}))
        return [*own_routes, *handlers]

    def listen(self) -> None:
        """Listen with limits; behind a proxy, trust its headers."""
        bounds = {**LISTENING, "xheaders": self.publishing.behind_proxy}
        limit = 0 if self.publishing.behind_proxy else self.publishing.limits.connections
        server = BoundedServer(self.app, limit, **bounds)
        raise_file_limit()
        self.app.listen = server.listen
        super().listen()


def _forget(kernel_id: str) -> None:
    """Remove data that Voilà never removes."""
    ExecutionRequestHandler._execution_data.pop(kernel_id, None)
    RequestInfoSocketHandler._cache.pop(kernel_id, None)


class Page(Guarded, TornadoVoilaHandler):
    """Answers with a page; lessons are sent before their cells have run."""

    voila_configuration: VoilaConfiguration
    _kernel = ""
    _language, _path = SOURCE, ""

    def initialize(self, progressive: VoilaConfiguration, **settings: Any) -> None:
        """Take Voilà's settings, and those of progressive pages."""
        super().initialize(**settings)
        self._progressive = progressive

    def translated(self, notebook: Any) -> Any:
        """Translate the notebook to the language of this page."""
        return in_language(notebook, PurePath(self._path).stem, self._language)

    @property
    def kernel_manager(self) -> Any:
        """The server's kernel manager; assigns this page's kernel to its visitor."""
        return _ObservedKernels(super().kernel_manager, self._assign_kernel)

    def _assign_kernel(self, kernel_id: str) -> None:
        self._kernel = kernel_id
        self.guard.owners.assign(self, kernel_id, self.base_url)

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """The page in chunks.

        Raises:
            HTTPError: 404 for an unknown theme or template (Voilà would insert them into the page
                unchecked, or hang), or a refusal because the server is full.
        """
        if self.get_argument("theme", THEMES[0]) not in (*THEMES, self.voila_configuration.theme):
            raise HTTPError(404)
        template = self.voila_configuration.template
        if self.get_argument("template", template) != template:
            raise HTTPError(404)
        self._admit()
        if path and is_lesson(path) and not self.kernel_manager.get_pool_size(path):
            self.voila_configuration = self._progressive
        root, self._path = self.contents_manager.root_dir, path or ""
        self._language = language_of(root, path, self.get_argument("lang", SOURCE))
        self.guard.opening += 1
        try:
            parts = super().get_generator(path=path)
            preheated = bool(path and self.kernel_manager.get_pool_size(path))
            source = Path(root) / self._path if preheated else None
            async for part in in_page(parts, self._language, source):
                yield part
        finally:
            self.guard.opening -= 1
            if self._kernel:
                self.guard.watch.page_sent(self._kernel)

    def _admit(self) -> None:
        owners, address = self.guard.owners, address_of(self)
        try:
            self.guard.counter.page(address, owners.count(address), len(owners.kernels))
        except Refusal as refusal:
            raise http_error(refusal) from None


def _translate_notebook(handler: Page | None, notebook: Any, cwd: str) -> Any:
    """Voilà's prelaunch hook; a preheated page has no handler and is not translated."""
    return notebook if handler is None else handler.translated(notebook)


class _ObservedKernels:
    """A kernel manager that calls back with the kernels that it provides."""

    def __init__(self, manager: Any, on_kernel: Any) -> None:
        self._manager, self._on_kernel = manager, on_kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)

    async def start_kernel(self, **settings: Any) -> str:
        kernel_id: str = await ensure_async(self._manager.start_kernel(**settings))
        self._on_kernel(kernel_id)
        return kernel_id

    async def get_rendered_notebook(self, **settings: Any) -> tuple[Any, Any, str]:
        rendered: tuple[Any, Any, str] = await self._manager.get_rendered_notebook(**settings)
        self._on_kernel(rendered[2])
        return rendered


class Outputs(Guarded, ExecutionRequestHandler):
    """Runs the cells of a progressive page and sends their outputs."""

    _executor = None  # Voilà reads it even if the page is closed before its cells run
    _closed = False
    _kernel_id = ""
    _execution_task: asyncio.Task[None] | None = None

    @property
    def log(self) -> logging.Logger:
        """Silent once the page is closed, as its kernel then ends in the middle of a cell."""
        return _SILENT if self._closed else super().log

    async def get(self, kernel_id: str) -> None:
        """Connect the kernel's owner."""
        self.only_its_owner(kernel_id)
        if self.guard.watch.connections(kernel_id) >= MAX_CONNECTIONS:
            raise HTTPError(429)
        self._pings = TokenBucket(MESSAGES_PER_SECOND, MESSAGE_BURST)
        await super().get(kernel_id=kernel_id)  # type: ignore[misc]

    async def open(self, kernel_id: str) -> None:
        """Register the connection."""
        self.guard.watch.opened(kernel_id, self)
        await super().open(kernel_id)

    def on_ping(self, data: bytes) -> None:
        """Limit pings, as each is answered."""
        if not self._pings.take():
            self.close(POLICY_VIOLATION, "More pings than a browser sends.")

    def on_close(self) -> None:
        """Unregister the connection."""
        self._closed = True
        if self._kernel_id:
            self.guard.watch.closed(self._kernel_id, self)
        super().on_close()

    def on_message(self, message: str | bytes) -> None:
        """Run the cells in a task, as Voilà's handler does not read the connection meanwhile.

        It would miss answers to pings, and that the page was closed.
        """
        if self._execution_task is not None or len(message) > MAX_ORDER_BYTES:
            self.close(POLICY_VIOLATION, "A page orders its cells once.")
            return
        self._execution_task = asyncio.create_task(self._run(message))

    async def _run(self, message: str | bytes) -> None:
        with contextlib.suppress(WebSocketClosedError):
            try:
                await super().on_message(message)
            except (ValueError, AttributeError, TypeError, RecursionError):
                self.close(POLICY_VIOLATION, "This is no order of a page.")

    def write_message(self, message: Any, binary: bool = False) -> asyncio.Future[Any]:
        """Send each output in its own message: the page ignores outputs after a widget."""
        return asyncio.gather(
            *(super(Outputs, self).write_message(m, binary) for m in split(message))
        )


def split(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Split a message into one for each output of the cell; consecutive prints stay together.

    Args:
        message: of Voilà, when a cell has run. Others are not changed.
    """
    cell = message.get("payload", {}).get("output_cell", {})
    outputs = joined(cell.get("outputs", []))
    if not outputs:
        return [message]
    messages = []
    for output in outputs:
        payload = message["payload"] | {"output_cell": {**cell, "outputs": [output]}}
        messages.append(message | {"payload": payload})
    for single in messages[:-1]:  # the page closes the line after the last cell's first message
        single["payload"]["total_cell"] += 1
    return messages


def joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A cell's outputs with consecutive stream outputs joined, as they come line by line.

    The server's paths are removed from `stderr`.
    """
    merged: list[dict[str, Any]] = []
    for output in outputs:
        previous = merged[-1] if merged else {}
        same_stream = all(output.get(k) == previous.get(k) for k in ("output_type", "name"))
        if output.get("output_type") == "stream" and same_stream:
            merged[-1] = {**previous, "text": previous["text"] + output["text"]}
        else:
            merged.append(output)
    return [
        {**o, "text": without_paths(o["text"])} if o.get("name") == "stderr" else o for o in merged
    ]
