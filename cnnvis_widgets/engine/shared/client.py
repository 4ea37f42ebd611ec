"""The client of the shared engine: sends a page's requests to the broker, and calls back.

This module does not load TensorFlow. Requests that only this process can answer (its own networks,
training) go to an in-process engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import pickle
import queue
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from distributed.comm import connect
from distributed.security import Security

from cnnvis_widgets.engine.contract import Pending, Request
from cnnvis_widgets.engine.in_process import InProcessEngine
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.engine.shared.connection import OPERATION, Connection, Message
from cnnvis_widgets.engine.shared.plugins import prepare
from cnnvis_widgets.engine.shared.serialization import (
    REMOTE_REQUESTS,
    SerializedRequest,
    networks_of,
    serialize,
)
from cnnvis_widgets.errors import CnnvisError, ServiceLostError

_LOG = logging.getLogger(__name__)

LOSS_TIMEOUT = 5.0
"""Seconds without the service after which pending requests report it."""

WELCOME_TIMEOUT = 5.0
RETRY_INTERVAL = 0.5

SERVICE_LOST = (
    "The service that computes does not answer. This page tries again and again, and shows the "
    "answer as soon as there is one."
)
WORKER_DIED = (
    "The process that computes this ended three times on the way, most likely for want of memory. "
    "Try a smaller network or other parameters."
)


Calls = queue.SimpleQueue[Callable[[], None] | None]


@dataclass(eq=False)
class PendingRequest:
    """A request that was sent; see `contract.Pending`."""

    owner: Hashable
    serialized: SerializedRequest
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[int, int], None] | None
    preview: Callable[[Any], None] | None
    drop: Callable[[PendingRequest], None]
    number: int
    connection: Connection | None = None  # the one that it was sent on
    since: float = field(default_factory=time.monotonic)
    finished: threading.Event = field(default_factory=threading.Event)
    loss_reported: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Call no callback any more, and stop the work at its next step."""
        self._stop.set()
        self.drop(self)

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._stop.is_set()


class SharedEngine:
    """Sends requests to the broker of a Dask cluster; see `contract.Engine`.

    It connects with the first request. When the connection breaks, it reconnects and sends the
    pending requests again.

    Args:
        address: the scheduler's, "tcp://host:port".
    """

    in_process = False

    def __init__(self, address: str) -> None:
        self.address = address
        self._local = InProcessEngine()
        self._numbers = itertools.count()
        self._pending: dict[int, PendingRequest] = {}
        self._by_owner: dict[Hashable, PendingRequest] = {}
        self._lock = threading.RLock()
        self._calls: Calls = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._sent_pictures: set[str] = set()  # digests, on this connection

    @property
    def library(self) -> Library:
        """The networks of this process."""
        return self._local.library

    def submit(
        self,
        owner: Hashable,
        request: Request,
        *,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[int, int], None] | None = None,
        preview: Callable[[Any], None] | None = None,
    ) -> Pending:
        """Submit a request; see `contract.Engine.submit`."""
        self.cancel(owner)
        if not self._can_run_remotely(request):
            return self._local.submit(
                owner, request, done=done, failed=failed, progress=progress, preview=preview
            )
        pending = PendingRequest(
            owner,
            serialize(request),
            done,
            failed,
            progress,
            preview,
            self._drop,
            next(self._numbers),
        )
        with self._lock:
            self._start_threads()
            self._pending[pending.number] = self._by_owner[owner] = pending
        self._call_soon(self._send_request, pending)
        return pending

    def cancel(self, owner: Hashable) -> None:
        """Cancel the owner's pending request."""
        self._local.cancel(owner)
        with self._lock:
            pending = self._by_owner.get(owner)
        if pending is not None:
            pending.cancel()

    def close(self) -> None:
        """Close the connection, cancel the pending requests and end the threads.

        A later request connects again.
        """
        with self._lock:
            loop, self._loop, self._connection = self._loop, None, None
            all_pending = list(self._pending.values())
        for pending in all_pending:
            pending.cancel()
        if loop is not None:
            loop.call_soon_threadsafe(_cancel_all, loop)
            self._calls.put(None)

    def _can_run_remotely(self, request: Request) -> bool:
        """Whether another process can answer a request: it has the type and the networks."""
        return isinstance(request, REMOTE_REQUESTS) and not any(
            self.library.owns(name) or Path(name).is_file() for name in networks_of(request)
        )

    def _drop(self, pending: PendingRequest) -> None:
        """Remove a request that was answered or cancelled."""
        with self._lock:
            unanswered = self._pending.pop(pending.number, None)
            if self._by_owner.get(pending.owner) is pending:
                del self._by_owner[pending.owner]
        if unanswered is not None and pending.cancelled:
            self._call_soon(self._send, {"type": "cancel", "id": pending.number})
        pending.finished.set()

    # Three threads: the caller's (above), the connection's (below) and one for the callbacks

    def _start_threads(self) -> None:
        if self._loop is None:
            self._loop, self._calls = asyncio.new_event_loop(), queue.SimpleQueue()
            for name, target, argument in (
                ("connection", self._run_connection, self._loop),
                ("answers", _run_calls, self._calls),
            ):
                threading.Thread(
                    target=target, args=(argument,), name=f"cnnvis-{name}", daemon=True
                ).start()

    def _call_soon(self, function: Callable[..., None], *values: Any) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function, *values)

    def _run_connection(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):  # closed
            loop.run_until_complete(asyncio.gather(self._keep_connected(), self._watch_for_loss()))

    async def _keep_connected(self) -> None:
        while True:
            try:
                await self._serve_connection()
            except Exception as error:  # of many kinds, while a service starts or ends
                _LOG.debug("No connection to %s: %s", self.address, error)
            self._connection = None
            await asyncio.sleep(RETRY_INTERVAL)

    async def _serve_connection(self) -> None:
        """Connect, send the pending requests, and receive until the connection breaks."""
        args = Security().get_connection_args("client")
        comm = await connect(self.address, timeout=WELCOME_TIMEOUT, **args)
        await comm.write(
            {"op": OPERATION, "reply": False, "kind": "page", "name": str(os.getpid())}
        )
        connection = Connection(comm)
        messages = connection.messages()
        try:
            try:
                await asyncio.wait_for(anext(messages), WELCOME_TIMEOUT)
            except TimeoutError:  # a Dask cluster without our plugins
                await prepare(self.address)
                return
            self._connection, self._sent_pictures = connection, set()
            with self._lock:
                all_pending = list(self._pending.values())
            for pending in all_pending:
                self._send_request(pending)
            async for message in messages:
                self._receive(message)
        finally:
            connection.close()

    async def _watch_for_loss(self) -> None:
        """Report to pending requests when there has been no service for a while."""
        since = time.monotonic()
        while True:
            await asyncio.sleep(RETRY_INTERVAL)
            if self._connection is not None:
                since = time.monotonic()
            with self._lock:
                all_pending = list(self._pending.values())
            for pending in all_pending:
                if (
                    time.monotonic() - max(since, pending.since) > LOSS_TIMEOUT
                    and not pending.loss_reported
                ):
                    pending.loss_reported = True
                    self._queue_call(
                        pending, partial(pending.failed, ServiceLostError(SERVICE_LOST))
                    )

    def _send(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.send(message)

    def _send_request(self, pending: PendingRequest) -> None:
        """Send a request once on each connection: a new one sends all that are pending."""
        if self._connection in (None, pending.connection) or pending.cancelled:
            return
        pending.connection = self._connection
        serialized = pending.serialized
        for digest, data in serialized.pictures.items():
            if digest not in self._sent_pictures:
                self._sent_pictures.add(digest)
                self._send({"type": "picture", "digest": digest, "data": data})
        self._send(
            {
                "type": "request",
                "id": pending.number,
                "key": serialized.key,
                "level": int(serialized.level),
                "networks": serialized.networks,
                "data": serialized.data,
                "pictures": tuple(serialized.pictures),
                "previews": pending.preview is not None,
            }
        )

    def _receive(self, message: Message) -> None:
        with self._lock:
            pending = self._pending.get(message.get("id", -1))
        if pending is None:
            return
        match message["type"]:
            case "missing_pictures":  # the broker's cache has dropped them
                self._sent_pictures -= set(message["pictures"])
                pending.connection = None
                self._send_request(pending)
            case "progress" if pending.progress is not None:
                self._queue_call(pending, partial(pending.progress, *message["progress"]))
            case "preview" if pending.preview is not None:
                self._queue_call(
                    pending, partial(_call_with_deserialized, pending.preview, message["data"])
                )
            case "answer":
                self._complete(
                    pending, partial(_call_with_deserialized, pending.done, message["data"])
                )
            case "failed":
                self._complete(
                    pending, partial(_call_with_deserialized, pending.failed, message["data"])
                )
            case "worker_died":
                self._complete(pending, partial(pending.failed, CnnvisError(WORKER_DIED)))

    def _complete(self, pending: PendingRequest, call: Callable[[], None]) -> None:
        with self._lock:
            self._pending.pop(pending.number, None)
        self._queue_call(pending, call, last=True)

    def _queue_call(
        self, pending: PendingRequest, call: Callable[[], None], last: bool = False
    ) -> None:
        def call_unless_cancelled() -> None:
            try:
                if not pending.cancelled:
                    call()
            finally:
                if last:
                    self._drop(pending)

        self._calls.put(call_unless_cancelled)


def _run_calls(calls: Calls) -> None:
    while (call := calls.get()) is not None:
        try:
            call()
        except Exception:  # of a callback: its page may be gone, the others go on
            _LOG.exception("A page could not take its answer")


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def _call_with_deserialized(call: Callable[[Any], None], data: bytes) -> None:
    """Call back with an answer; it is deserialized on the callbacks' thread."""
    call(pickle.loads(data))
