"""The options of `cnnvis app` for the engine, and `cnnvis worker`."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

from cnnvis_widgets.engine import IN_PROCESS, SCHEDULER_VARIABLE
from cnnvis_widgets.errors import InvalidValueError

SHARED = "shared"

Facts = Callable[[], Awaitable[dict[str, Any]]]


def add_computing(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis app`."""
    command.add_argument(
        "--engine",
        choices=(SHARED, IN_PROCESS),
        default=SHARED,
        help="what computes: processes that all visitors share, or each visitor's own kernel, "
        "which then loads TensorFlow (default: %(default)s)",
    )
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="tcp://HOST:PORT of a Dask cluster that is there"
    )
    command.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes that compute (default: one for every two to four cores)",
    )
    command.add_argument(
        "--listen",
        metavar="ADDRESS",
        help="tcp://HOST:PORT where workers of other machines may join; anyone who reaches it can "
        "run code here (default: within this machine only)",
    )


@contextlib.contextmanager
def computing(options: argparse.Namespace) -> Iterator[Facts | None]:
    """Start the engine of the options while pages are served; kernels find it by the environment.

    Yields:
        A function that returns statistics of the engine; None if each page computes by itself.

    Raises:
        InvalidValueError: contradictory options, or an invalid address.
    """
    has_cluster_options = options.workers is not None or options.listen is not None
    if options.scheduler and (has_cluster_options or options.engine == IN_PROCESS):
        raise InvalidValueError(
            "--scheduler names a cluster that is there; --workers, --listen and --engine "
            "in-process ask for another way. Give one of them."
        )
    if options.engine == IN_PROCESS:
        if has_cluster_options:
            raise InvalidValueError("--workers and --listen belong to --engine shared.")
        os.environ[SCHEDULER_VARIABLE] = IN_PROCESS
        yield None
        return
    from cnnvis_widgets.engine.shared.cluster import LOOPBACK, Supervisor
    from cnnvis_widgets.engine.shared.service_stats import service_stats

    if options.scheduler:
        address = os.environ[SCHEDULER_VARIABLE] = checked_address(options.scheduler)
        yield partial(service_stats, address)
        return

    supervisor = Supervisor(checked_address(options.listen or LOOPBACK), options.workers)
    address = os.environ[SCHEDULER_VARIABLE] = reachable(supervisor.address)
    try:
        yield partial(service_stats, address)
    finally:
        supervisor.stop()


def add_worker(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis worker`."""
    command.add_argument(
        "--scheduler", metavar="ADDRESS", required=True, help="tcp://HOST:PORT of the cluster"
    )
    command.add_argument(
        "--workers",
        type=_count,
        metavar="N",
        help="processes (default: one for every two to four cores)",
    )
    command.set_defaults(run=_worker)


def _worker(options: argparse.Namespace) -> int:
    address = checked_address(options.scheduler)
    from cnnvis_widgets.engine.shared.cluster import Size, join

    size = Size.of_machine(options.workers)
    print(f"{size.workers} × {size.threads} cores for {address}   (Ctrl+C ends it)", flush=True)
    join(address, size)
    return 0


def checked_address(text: str) -> str:
    """Check an address of Dask.

    Raises:
        InvalidValueError: it is not one.
    """
    scheme, mark, location = text.partition("://")
    host, _, port = location.rpartition(":")
    if scheme not in ("tcp", "tls") or not mark or not host or not port.isdigit():
        raise InvalidValueError(
            f"An address is tcp://HOST:PORT, such as tcp://localhost:8786; got {text!r}."
        )
    return text


def reachable(address: str) -> str:
    """The address for connections from this machine, with a host for "all interfaces"."""
    return address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"a number from 1; got {text}")
    return count
