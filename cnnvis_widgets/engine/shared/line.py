"""One end of a connection: messages go out in order, those that wait together as one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from distributed.comm import Comm, CommClosedError

OPERATION = "cnnvis"
"""What a connection to the scheduler asks for, in Dask's protocol."""

Message = dict[str, Any]


class Line:
    """Messages over a Dask connection.

    Dask's own `BatchedSend` remembers the last thousand: hundreds of megabytes of answers.

    Args:
        comm: an open connection; all methods are called on its event loop.
    """

    def __init__(self, comm: Comm) -> None:
        self._comm = comm
        self._waiting: list[Message] = []
        self._more = asyncio.Event()
        self._writing = asyncio.get_running_loop().create_task(self._write())

    def send(self, message: Message) -> None:
        """Send a message; returns at once. On a line that broke, nothing happens."""
        self._waiting.append(message)
        self._more.set()

    async def messages(self) -> AsyncIterator[Message]:
        """What comes, until the line breaks."""
        while True:
            try:
                for message in await self._comm.read():
                    yield message
            except (CommClosedError, OSError):
                return

    def close(self) -> None:
        """Break the line off."""
        self._writing.cancel()
        self._comm.abort()

    async def _write(self) -> None:
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                sending, self._waiting = self._waiting, []
                await self._comm.write(sending)
        except (CommClosedError, OSError):
            self._comm.abort()
