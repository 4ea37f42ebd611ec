"""A page's end of the shared engine: what it asks goes to the broker, what comes is told.

No TensorFlow is loaded here. A request that only this process can answer (a network of its own, a
training) is answered here all the same, by an engine of its own.
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
from cnnvis_widgets.engine.shared.line import OPERATION, Line, Message
from cnnvis_widgets.engine.shared.parcels import TRAVELLING, Parcel, networks_of, pack
from cnnvis_widgets.engine.shared.plugins import prepare
from cnnvis_widgets.errors import CnnvisError, ServiceLostError

_LOG = logging.getLogger(__name__)

LOST_AFTER = 5.0
"""Seconds without the service after which those who wait are told."""

WELCOME_WITHIN = 5.0
RETRY_EVERY = 0.5

LOST = (
    "The service that computes does not answer. This page tries again and again, and shows the "
    "answer as soon as there is one."
)
DIED = (
    "The process that computes this ended three times on the way, most likely for want of memory. "
    "Try a smaller network or other parameters."
)


Calls = queue.SimpleQueue[Callable[[], None] | None]


@dataclass(eq=False)
class Asked:
    """A request that was sent; see `contract.Pending`."""

    owner: Hashable
    parcel: Parcel
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[int, int], None] | None
    preview: Callable[[Any], None] | None
    drop: Callable[[Asked], None]
    number: int
    line: Line | None = None  # the one that it was asked on
    since: float = field(default_factory=time.monotonic)
    finished: threading.Event = field(default_factory=threading.Event)
    told_lost: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Nothing is called afterwards, and the work is stopped at its next step."""
        self._stop.set()
        self.drop(self)

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()


class SharedEngine:
    """Asks the broker of a Dask cluster; see `contract.Engine`.

    It connects with the first request, and again whenever the line breaks: what is not answered by
    then is asked again.

    Args:
        address: the scheduler's, "tcp://host:port".
    """

    in_process = False

    def __init__(self, address: str) -> None:
        self.address = address
        self._here = InProcessEngine()
        self._numbers = itertools.count()
        self._waiting: dict[int, Asked] = {}
        self._of: dict[Hashable, Asked] = {}
        self._lock = threading.RLock()
        self._calls: Calls = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line: Line | None = None
        self._sent: set[str] = set()  # digests of pictures, on this line

    @property
    def library(self) -> Library:
        """The networks of this process."""
        return self._here.library

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
        """Hand a request in; see `contract.Engine.submit`."""
        self.cancel(owner)
        if not self._travels(request):
            return self._here.submit(
                owner, request, done=done, failed=failed, progress=progress, preview=preview
            )
        asked = Asked(
            owner, pack(request), done, failed, progress, preview, self._drop, next(self._numbers)
        )
        with self._lock:
            self._start()
            self._waiting[asked.number] = self._of[owner] = asked
        self._soon(self._ask, asked)
        return asked

    def cancel(self, owner: Hashable) -> None:
        """Drop what the owner has waiting and stop what it has running."""
        self._here.cancel(owner)
        with self._lock:
            asked = self._of.get(owner)
        if asked is not None:
            asked.cancel()

    def close(self) -> None:
        """Break the line off and end the threads; what is not answered by then never is.

        A request that comes later connects anew.
        """
        with self._lock:
            loop, self._loop, self._line = self._loop, None, None
            waiting = list(self._waiting.values())
        for asked in waiting:
            asked.cancel()
        if loop is not None:
            loop.call_soon_threadsafe(_cancel_all, loop)
            self._calls.put(None)

    def _travels(self, request: Request) -> bool:
        """Whether a request can be answered elsewhere: by its kind, and by its networks."""
        return isinstance(request, TRAVELLING) and not any(
            self.library.owns(name) or Path(name).is_file() for name in networks_of(request)
        )

    def _drop(self, asked: Asked) -> None:
        """Forget a request, whether answered or cancelled."""
        with self._lock:
            known = self._waiting.pop(asked.number, None)
            if self._of.get(asked.owner) is asked:
                del self._of[asked.owner]
        if known is not None and asked.cancelled:
            self._soon(self._send, {"do": "cancel", "id": asked.number})
        asked.finished.set()

    # Three threads: the caller's above, the line's below, and one for the callbacks

    def _start(self) -> None:
        if self._loop is None:
            self._loop, self._calls = asyncio.new_event_loop(), queue.SimpleQueue()
            for name, work, with_ in (
                ("line", self._run_line, self._loop),
                ("answers", _run_calls, self._calls),
            ):
                threading.Thread(
                    target=work, args=(with_,), name=f"cnnvis-{name}", daemon=True
                ).start()

    def _soon(self, function: Callable[..., None], *values: Any) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(function, *values)

    def _run_line(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):  # closed
            loop.run_until_complete(asyncio.gather(self._stay(), self._watch()))

    async def _stay(self) -> None:
        while True:
            try:
                await self._connected()
            except Exception as error:  # of many kinds, while a service starts or ends
                _LOG.debug("No line to %s: %s", self.address, error)
            self._line = None
            await asyncio.sleep(RETRY_EVERY)

    async def _connected(self) -> None:
        """Connect, ask what is not answered, and listen until the line breaks."""
        args = Security().get_connection_args("client")
        comm = await connect(self.address, timeout=WELCOME_WITHIN, **args)
        await comm.write(
            {"op": OPERATION, "reply": False, "kind": "page", "name": str(os.getpid())}
        )
        line = Line(comm)
        messages = line.messages()
        try:
            try:
                await asyncio.wait_for(anext(messages), WELCOME_WITHIN)
            except TimeoutError:  # a Dask cluster that has never heard of us
                await prepare(self.address)
                return
            self._line, self._sent = line, set()
            with self._lock:
                waiting = list(self._waiting.values())
            for asked in waiting:
                self._ask(asked)
            async for message in messages:
                self._take(message)
        finally:
            line.close()

    async def _watch(self) -> None:
        """Tell those who wait when there has been no service for a while."""
        since = time.monotonic()
        while True:
            await asyncio.sleep(RETRY_EVERY)
            if self._line is not None:
                since = time.monotonic()
            with self._lock:
                waiting = list(self._waiting.values())
            for asked in waiting:
                if time.monotonic() - max(since, asked.since) > LOST_AFTER and not asked.told_lost:
                    asked.told_lost = True
                    self._call(asked, partial(asked.failed, ServiceLostError(LOST)))

    def _send(self, message: Message) -> None:
        if self._line is not None:
            self._line.send(message)

    def _ask(self, asked: Asked) -> None:
        """Ask, unless that was done on this line: a line that comes up asks all that wait."""
        if self._line in (None, asked.line) or asked.cancelled:
            return
        asked.line = self._line
        parcel = asked.parcel
        for digest, data in parcel.pictures.items():
            if digest not in self._sent:
                self._sent.add(digest)
                self._send({"do": "picture", "digest": digest, "data": data})
        self._send(
            {
                "do": "ask",
                "id": asked.number,
                "key": parcel.key,
                "level": int(parcel.level),
                "networks": parcel.networks,
                "data": parcel.data,
                "pictures": tuple(parcel.pictures),
                "previews": asked.preview is not None,
            }
        )

    def _take(self, message: Message) -> None:
        with self._lock:
            asked = self._waiting.get(message.get("id", -1))
        if asked is None:
            return
        match message["do"]:
            case "lacking":  # dropped there meanwhile
                self._sent -= set(message["pictures"])
                asked.line = None
                self._ask(asked)
            case "progress" if asked.progress is not None:
                self._call(asked, partial(asked.progress, *message["at"]))
            case "preview" if asked.preview is not None:
                self._call(asked, partial(_unpacked, asked.preview, message["data"]))
            case "answer":
                self._end(asked, partial(_unpacked, asked.done, message["data"]))
            case "failed":
                self._end(asked, partial(_unpacked, asked.failed, message["data"]))
            case "lost":
                self._end(asked, partial(asked.failed, CnnvisError(DIED)))

    def _end(self, asked: Asked, call: Callable[[], None]) -> None:
        with self._lock:
            self._waiting.pop(asked.number, None)
        self._call(asked, call, last=True)

    def _call(self, asked: Asked, call: Callable[[], None], last: bool = False) -> None:
        def then() -> None:
            try:
                if not asked.cancelled:  # an answer that came too late is nobody's any more
                    call()
            finally:
                if last:
                    self._drop(asked)

        self._calls.put(then)


def _run_calls(calls: Calls) -> None:
    while (call := calls.get()) is not None:
        try:
            call()
        except Exception:  # a callback's: its page may be gone, the others are not
            _LOG.exception("A page could not take its answer")


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


def _unpacked(call: Callable[[Any], None], data: bytes) -> None:
    """Call back with what came; unpacked on the callbacks' thread."""
    call(pickle.loads(data))
