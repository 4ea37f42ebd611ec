"""How the shared engine is doing, asked from outside."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Any

from distributed.core import rpc

from cnnvis_widgets.engine.shared.line import OPERATION

WITHIN = 2.0
"""Seconds after which a scheduler that does not answer counts as gone."""


async def service_facts(address: str) -> dict[str, Any]:
    """What `Broker.facts` says, and "dashboard": the address of Dask's own page, "" if it has none.

    Args:
        address: the scheduler's.

    Raises:
        OSError: nothing answers there; TimeoutError among them.
    """
    async with rpc(address, timeout=WITHIN) as scheduler:
        facts = await asyncio.wait_for(getattr(scheduler, f"{OPERATION}-facts")(), WITHIN)
        known = await asyncio.wait_for(scheduler.identity(), WITHIN)
    port = known.get("services", {}).get("dashboard")
    host = address.rpartition("://")[2].rpartition(":")[0]
    drawn = find_spec("bokeh") is not None  # without it Dask's pages are empty
    return {**facts, "dashboard": f"http://{host}:{port}/status" if port and drawn else ""}
