"""Statistics of the shared engine, for other processes."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Any

from distributed.core import rpc

from cnnvis_widgets.engine.shared.connection import OPERATION

TIMEOUT = 2.0
"""Seconds after which a scheduler that does not answer counts as lost."""


async def service_stats(address: str) -> dict[str, Any]:
    """The values of `Broker.stats`, and "dashboard": the address of Dask's page, "" without one.

    Args:
        address: the scheduler's.

    Raises:
        OSError: nothing answers there; TimeoutError among them.
    """
    async with rpc(address, timeout=TIMEOUT) as scheduler:
        stats = await asyncio.wait_for(getattr(scheduler, f"{OPERATION}-stats")(), TIMEOUT)
        identity = await asyncio.wait_for(scheduler.identity(), TIMEOUT)
    port = identity.get("services", {}).get("dashboard")
    host = address.rpartition("://")[2].rpartition(":")[0]
    has_bokeh = find_spec("bokeh") is not None  # without it Dask's pages are empty
    return {**stats, "dashboard": f"http://{host}:{port}/status" if port and has_bokeh else ""}
