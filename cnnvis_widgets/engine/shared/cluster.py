"""A scheduler and its workers on this machine; they end with the process that started them.

The process that serves pages holds a `Supervisor`; its child runs this module as a script.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from cnnvis_widgets.errors import CnnvisError

PRELOAD = "cnnvis_widgets.engine.shared.plugins"
CORES_PER_WORKER = 3
"""Cores for each worker: TensorFlow makes good use of two to four."""

MEMORY_FRACTION = 0.7
"""Of the machine's memory, for all workers together; the rest is for the pages' kernels."""

INITIAL_VIEW = ("efficientnet_lite0", "cat", "grad_cam")
"""What the explorer shows first; computed before the first visitor arrives."""

STABLE_AFTER, ATTEMPTS = 60.0, 3
"""A cluster that ends is restarted, except after this many in a row that ended within the time."""

REJOIN_INTERVAL = 2.0
"""Seconds between attempts to reach a scheduler."""

LOOPBACK = "tcp://127.0.0.1:0"

MMAP_THRESHOLD, TRIM_THRESHOLD = 32 << 20, 256 << 20
"""glibc's malloc: smaller blocks come from the heap, and so much free heap is kept.

Dask's default returns each block over 64 KB to the system. TensorFlow allocates megabytes for every
operation, and the page faults double the time of a forward pass.
"""


class Size(NamedTuple):
    """The number of workers and the resources of each.

    Attributes:
        workers: processes.
        threads: cores for each.
        memory: bytes for each; a worker that exceeds them is restarted.
    """

    workers: int
    threads: int
    memory: int

    @classmethod
    def of_machine(cls, workers: int | None = None) -> Size:
        """A size for this machine or container."""
        from dask.system import CPU_COUNT
        from distributed.system import MEMORY_LIMIT

        if workers is None:
            workers = max(1, round(CPU_COUNT / CORES_PER_WORKER))
        share = int(MEMORY_LIMIT * MEMORY_FRACTION / workers)
        return cls(workers, max(1, CPU_COUNT // workers), share)

    def environment(self) -> dict[str, str]:
        """Variables of a worker's process: its cores, and how it allocates memory."""
        threads = str(self.threads)
        return {
            "MALLOC_MMAP_THRESHOLD_": str(MMAP_THRESHOLD),
            "MALLOC_TRIM_THRESHOLD_": str(TRIM_THRESHOLD),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_NUM_INTRAOP_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }

    def dask_settings(self) -> dict[str, str]:
        """Settings with which a nanny starts its workers in this environment."""
        return {
            f"distributed.nanny.pre-spawn-environ.{name}": value
            for name, value in self.environment().items()
        }


@contextlib.contextmanager
def local_cluster(size: Size, listen: str = LOOPBACK, warm: bool = False) -> Iterator[str]:
    """Run a scheduler and workers as children of this process while the context is open.

    Args:
        size: of the workers.
        listen: the scheduler's address; port 0 is any free one. Anyone who can connect to it can
            run code there, as always with Dask: keep it within the machine or a private network.
        warm: whether to compute what the explorer shows first.

    Yields:
        The scheduler's address.
    """
    import dask
    from distributed import LocalCluster

    host, _, port = listen.removeprefix("tcp://").rpartition(":")
    with (
        dask.config.set(size.dask_settings()),
        LocalCluster(
            n_workers=size.workers,
            threads_per_worker=1,
            memory_limit=size.memory,
            host=host,
            scheduler_port=int(port),
            dashboard_address=f"{host}:0",
            preload=[PRELOAD],
            scheduler_kwargs={"preload": [PRELOAD]},
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        if warm:
            threading.Thread(target=_warm, args=(cluster.scheduler_address,), daemon=True).start()
        yield cluster.scheduler_address


def join(address: str, size: Size) -> None:
    """Run workers for an existing cluster until this process is interrupted.

    A worker that dies is replaced. If the scheduler ends, they wait for it to return.

    Args:
        address: the scheduler's.
        size: of the workers.
    """
    asyncio.run(_join(address, size))


async def _join(address: str, size: Size) -> None:
    import dask
    from distributed import Nanny

    async def keep_worker() -> None:
        while True:
            with contextlib.suppress(Exception):  # of many kinds, while the scheduler is away
                async with Nanny(
                    address,
                    nthreads=1,
                    memory_limit=size.memory,
                    preload=[PRELOAD],
                    silence_logs=logging.CRITICAL,
                ) as nanny:
                    await nanny.finished()
            await asyncio.sleep(REJOIN_INTERVAL)

    with dask.config.set(size.dask_settings()):
        await asyncio.gather(*(keep_worker() for _ in range(size.workers)))


class Service(NamedTuple):
    """A cluster in a child process.

    Attributes:
        address: of its scheduler.
        process: ends with `stop`, or with this process.
    """

    address: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """End scheduler and workers."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


def start(size: Size, listen: str = LOOPBACK, warm: bool = True) -> Service:
    """Start a cluster in a child process; returns when it accepts connections.

    Raises:
        CnnvisError: it did not start.
    """
    process = _child(listen, size, warm)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    if not address:
        raise CnnvisError(
            f"The processes that compute could not be started at {listen}; what they said is "
            'above. "cnnvis app --engine in-process" does without them.'
        )
    return Service(address, process)


class Supervisor:
    """Keeps a cluster running in a child process; returns at once, while it starts.

    Args:
        listen: the scheduler's address; port 0 is replaced by a free one.
        workers: the number of workers; None depends on the machine.

    Attributes:
        address: of the scheduler.
    """

    def __init__(self, listen: str = LOOPBACK, workers: int | None = None) -> None:
        self.address = _with_port(listen)
        self._size = Size(workers or 0, 0, 0)
        self._closed = threading.Event()
        self._process = _child(self.address, self._size, warm=True)
        threading.Thread(target=self._supervise, name="cnnvis-cluster", daemon=True).start()

    def _supervise(self) -> None:
        failures = 0
        while not self._closed.is_set():
            started = time.monotonic()
            status = self._process.wait()
            if self._closed.is_set():
                return
            failures = 1 if time.monotonic() - started > STABLE_AFTER else failures + 1
            restart = failures < ATTEMPTS
            print(
                f"The processes that compute have ended with {status}; "
                + ("they are started again." if restart
                   else "they do not start: pages get nothing. "
                   '"cnnvis app --engine in-process" does without them.'),
                file=sys.stderr, flush=True,
            )  # fmt: skip
            if not restart:
                return
            self._process = _child(self.address, self._size, warm=True)

    def stop(self) -> None:
        """End scheduler and workers."""
        self._closed.set()
        Service(self.address, self._process).stop()


def _with_port(listen: str) -> str:
    """The address, with port 0 replaced by a free one."""
    host, _, port = listen.removeprefix("tcp://").rpartition(":")
    if port != "0":
        return listen
    with socket.socket() as probe:
        probe.bind((host, 0))
        return f"tcp://{host}:{probe.getsockname()[1]}"


def _child(listen: str, size: Size, warm: bool) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, listen, *map(str, size), str(int(warm))]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _warm(address: str) -> None:
    """Send the explorer's first requests, and that which compiles the quick methods."""
    from cnnvis_widgets.engine.requests import Explain, Open, Predict, Warm
    from cnnvis_widgets.engine.shared.client import SharedEngine

    network, image, method = INITIAL_VIEW
    requests: list[Any] = [
        Open(network),
        Predict(network, image),
        Explain(network, image, method),
        Warm(network, image),
    ]
    with contextlib.closing(SharedEngine(address)) as engine:
        for request in requests:
            engine.submit("warm", request, done=_nothing, failed=_nothing).finished.wait()


def _nothing(answer: Any) -> None:
    pass


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("listen")
    for name in (*Size._fields, "warm"):
        parser.add_argument(name, type=int)
    arguments = parser.parse_args()
    size = Size(arguments.workers, arguments.threads, arguments.memory)
    if not size.memory:
        size = Size.of_machine(size.workers or None)
    with local_cluster(size, arguments.listen, bool(arguments.warm)) as address:
        print(address, flush=True)
        sys.stdin.read()  # until the parent closes it or ends


if __name__ == "__main__":
    _main()
