"""Plugins that add the broker to a Dask scheduler, and a runner to Dask workers.

Start Dask with `--preload cnnvis_widgets.engine.shared.plugins`, or call `prepare` on a running
cluster.
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
from cnnvis_widgets.engine.shared.connection import OPERATION, Connection
from cnnvis_widgets.engine.shared.serialization import VERSION

if TYPE_CHECKING:
    from cnnvis_widgets.engine.shared.runner import Runner

_LOG = logging.getLogger(__name__)

DISPATCH_INTERVAL = 0.25
"""Seconds between checks of whether a request has waited long enough for a loaded network."""

RECONNECT_INTERVAL = 1.0


class BrokerPlugin(SchedulerPlugin):
    """Accepts connections of pages and workers at the scheduler's address."""

    name = "cnnvis-broker"
    idempotent = True

    def __init__(self) -> None:
        self._broker: Broker | None = None
        self._dispatch_task: asyncio.Task[None] | None = None

    async def start(self, scheduler: Scheduler) -> None:
        """Create the broker; called when the scheduler starts or receives the plugin."""
        if OPERATION in scheduler.handlers:
            return
        self._broker = Broker()
        scheduler.handlers[OPERATION] = self._serve
        scheduler.handlers[f"{OPERATION}-stats"] = self._stats
        self._dispatch_task = asyncio.get_running_loop().create_task(self._dispatch_regularly())

    async def close(self) -> None:
        """Stop dispatching; called when the scheduler ends."""
        if self._dispatch_task is not None:
            self._dispatch_task.cancel()

    async def _dispatch_regularly(self) -> None:
        while True:
            await asyncio.sleep(DISPATCH_INTERVAL)
            assert self._broker is not None
            self._broker.dispatch()

    async def _stats(self) -> dict[str, Any]:
        assert self._broker is not None
        return self._broker.stats()

    async def _serve(self, comm: Comm, kind: str, name: str = "") -> None:
        """Serve one page or worker until it disconnects."""
        assert self._broker is not None
        connection = Connection(comm)
        connection.send({"type": "welcome", "version": VERSION})
        try:
            if kind == "page":
                visitor = self._broker.connect_visitor(connection.send)
                try:
                    async for message in connection.messages():
                        self._broker.from_visitor(visitor, message)
                finally:
                    self._broker.disconnect_visitor(visitor)
            else:
                worker = self._broker.connect_worker(connection.send, name)
                try:
                    async for message in connection.messages():
                        self._broker.from_worker(worker, message)
                finally:
                    self._broker.disconnect_worker(worker)
        finally:
            connection.close()


class RunnerPlugin(WorkerPlugin):
    """Connects a worker to the broker and runs the jobs that it is given."""

    name = "cnnvis-runner"

    def __init__(self) -> None:
        self._connection_task: asyncio.Task[None] | None = None

    def setup(self, worker: Worker) -> None:
        """Connect; called when the worker starts."""
        self._connection_task = asyncio.get_running_loop().create_task(self._keep_connected(worker))

    def teardown(self, worker: Worker) -> None:
        """Disconnect; called when the worker ends."""
        if self._connection_task is not None:
            self._connection_task.cancel()

    async def _keep_connected(self, worker: Worker) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._serve(worker)
            await asyncio.sleep(RECONNECT_INTERVAL)

    async def _serve(self, worker: Worker) -> None:
        from cnnvis_widgets.engine.shared.runner import Runner

        loop = asyncio.get_running_loop()
        comm = await connect(worker.scheduler.address, **worker.connection_args)
        await comm.write(
            {"op": OPERATION, "reply": False, "kind": "worker", "name": worker.address}
        )
        connection = Connection(comm)
        runner: Runner | None = None
        try:
            runner = Runner(
                lambda message: _send_soon(loop, connection, message),
                int(worker.memory_manager.memory_limit or 0),
            )
            async for message in connection.messages():
                runner.take(message)
        finally:
            if runner is not None:
                runner.close()
            connection.close()


def _send_soon(
    loop: asyncio.AbstractEventLoop, connection: Connection, message: dict[str, Any]
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended, and with it the worker
        loop.call_soon_threadsafe(connection.send, message)


async def dask_setup(service: Scheduler | Worker | Nanny) -> None:
    """Install the plugins; Dask calls this when it preloads the module."""
    if isinstance(service, Scheduler):
        plugin = BrokerPlugin()
        await plugin.start(service)
        service.add_plugin(plugin, idempotent=True)
    elif isinstance(service, Worker):
        await service.plugin_add(RunnerPlugin())


async def prepare(address: str) -> None:
    """Install the plugins in a running Dask cluster, and in workers that join later.

    Args:
        address: its scheduler's. It and its workers must have this package installed.

    Raises:
        OSError: nothing answers there.
    """
    async with Client(address, asynchronous=True) as client:
        await client.register_plugin(BrokerPlugin())
        await client.register_plugin(RunnerPlugin())
