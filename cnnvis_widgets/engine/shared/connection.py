"""Messages over a Dask connection: sent in order, queued ones in one batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from distributed.comm import Comm, CommClosedError

OPERATION = "cnnvis"
"""The name of our operation in the scheduler's protocol."""

Message = dict[str, Any]


class Connection:
    """Sends and receives messages over a Dask connection.

    Dask's `BatchedSend` keeps the last thousand batches: hundreds of megabytes of answers.

    Args:
        comm: an open connection; all methods are called on its event loop.
    """

    def __init__(self, comm: Comm) -> None:
        self._comm = comm
        self._outgoing: list[Message] = []
        self._has_outgoing = asyncio.Event()
        self._write_task = asyncio.get_running_loop().create_task(self._write())

    def send(self, message: Message) -> None:
        """Queue a message for sending; does nothing on a broken connection."""
        self._outgoing.append(message)
        self._has_outgoing.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Received messages, until the connection breaks."""
        while True:
            try:
                for message in await self._comm.read():
                    yield message
            except (CommClosedError, OSError):
                return

    def close(self) -> None:
        """Close the connection at once; queued messages are lost."""
        self._write_task.cancel()
        self._comm.abort()

    async def _write(self) -> None:
        try:
            while True:
                await self._has_outgoing.wait()
                self._has_outgoing.clear()
                batch, self._outgoing = self._outgoing, []
                await self._comm.write(batch)
        except (CommClosedError, OSError):
            self._comm.abort()
