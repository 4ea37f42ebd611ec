"""What axe-core says of a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
BAD = ("serious", "critical")


def violations(page: Page) -> list[str]:
    """What axe reports as serious or critical: rule, element and what is wrong."""
    if not AXE.exists():
        pytest.fail("node_modules/ lacks axe-core: run `make lint` once, which fetches it.")
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(content=AXE.read_text("utf-8"))
    results = page.evaluate("async () => (await axe.run(document)).violations")
    return [
        f"{one['impact']} {one['id']}: {node['html'][:300]} ({node['failureSummary'][:300]})"
        for one in results
        if one["impact"] in BAD
        for node in one["nodes"]
    ]
