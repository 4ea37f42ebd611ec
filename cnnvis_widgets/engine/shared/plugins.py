"""What makes a Dask scheduler the broker, and a Dask worker one that performs requests.

Both can be had by `--preload cnnvis_widgets.engine.shared.plugins`, or from outside by `prepare`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from distributed import Client, Nanny, Scheduler, Worker
from distributed.comm import Comm, connect
from distributed.diagnostics.plugin import SchedulerPlugin, WorkerPlugin

from cnnvis_widgets.engine.shared.broker import Broker
from cnnvis_widgets.engine.shared.line import OPERATION, Line
from cnnvis_widgets.engine.shared.parcels import VERSION

if TYPE_CHECKING:
    from cnnvis_widgets.engine.shared.runner import Runner

_LOG = logging.getLogger(__name__)

DISPATCH_EVERY = 0.25
"""Seconds after which the broker looks whether a request has waited long enough for its network."""

RECONNECT_EVERY = 1.0


class BrokerPlugin(SchedulerPlugin):
    """Takes the connections of pages and workers at the scheduler's own address."""

    name = "cnnvis-broker"
    idempotent = True

    def __init__(self) -> None:
        self._broker: Broker | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, scheduler: Scheduler) -> None:
        """The scheduler is up, or has just been given this plugin."""
        if OPERATION in scheduler.handlers:
            return
        self._broker = Broker()
        scheduler.handlers[OPERATION] = self._attend
        scheduler.handlers[f"{OPERATION}-facts"] = self._facts
        self._ticking = asyncio.get_running_loop().create_task(self._tick())

    async def close(self) -> None:
        """The scheduler ends."""
        if self._ticking is not None:
            self._ticking.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(DISPATCH_EVERY)
            assert self._broker is not None
            self._broker.dispatch()

    async def _facts(self) -> dict[str, Any]:
        assert self._broker is not None
        return self._broker.facts()

    async def _attend(self, comm: Comm, kind: str, name: str = "") -> None:
        """One page or worker, until it is gone."""
        assert self._broker is not None
        line = Line(comm)
        line.send({"do": "welcome", "version": VERSION})
        try:
            if kind == "page":
                visitor = self._broker.enter(line.send)
                try:
                    async for message in line.messages():
                        self._broker.from_visitor(visitor, message)
                finally:
                    self._broker.leave(visitor)
            else:
                helper = self._broker.join(line.send, name)
                try:
                    async for message in line.messages():
                        self._broker.from_helper(helper, message)
                finally:
                    self._broker.lose(helper)
        finally:
            line.close()


class RunnerPlugin(WorkerPlugin):
    """Connects a worker to the broker and performs what it is handed."""

    name = "cnnvis-runner"

    def __init__(self) -> None:
        self._staying: asyncio.Task[None] | None = None

    def setup(self, worker: Worker) -> None:
        """The worker is up."""
        self._staying = asyncio.get_running_loop().create_task(self._stay(worker))

    def teardown(self, worker: Worker) -> None:
        """The worker ends."""
        if self._staying is not None:
            self._staying.cancel()

    async def _stay(self, worker: Worker) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._serve(worker)
            await asyncio.sleep(RECONNECT_EVERY)

    async def _serve(self, worker: Worker) -> None:
        from cnnvis_widgets.engine.shared.runner import Runner

        loop = asyncio.get_running_loop()
        comm = await connect(worker.scheduler.address, **worker.connection_args)
        await comm.write(
            {"op": OPERATION, "reply": False, "kind": "worker", "name": worker.address}
        )
        line = Line(comm)
        runner: Runner | None = None
        try:
            runner = Runner(
                lambda message: _soon(loop, line, message),
                int(worker.memory_manager.memory_limit or 0),
            )
            async for message in line.messages():
                runner.take(message)
        finally:
            if runner is not None:
                runner.close()
            line.close()


def _soon(loop: asyncio.AbstractEventLoop, line: Line, message: dict[str, Any]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the worker
        loop.call_soon_threadsafe(line.send, message)


async def dask_setup(service: Scheduler | Worker | Nanny) -> None:
    """What Dask calls where this module is preloaded."""
    if isinstance(service, Scheduler):
        plugin = BrokerPlugin()
        await plugin.start(service)
        service.add_plugin(plugin, idempotent=True)
    elif isinstance(service, Worker):
        await service.plugin_add(RunnerPlugin())


async def prepare(address: str) -> None:
    """Make a Dask cluster that runs already, and whatever joins it later, ready for us.

    Args:
        address: its scheduler's. It and its workers must have this package installed.

    Raises:
        OSError: nothing answers there.
    """
    async with Client(address, asynchronous=True) as client:
        await client.register_plugin(BrokerPlugin())
        await client.register_plugin(RunnerPlugin())
