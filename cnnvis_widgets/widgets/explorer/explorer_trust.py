"""What follows a map: its trust checks, dropped with it, and the warm-up of the other methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from cnnvis_widgets.engine.requests import Explain, PageExplanation, Warm
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.widgets.explorer.explorer_records import nothing
from cnnvis_widgets.widgets.explorer.trust_strip import UNDER_WAY, check_records

if TYPE_CHECKING:
    from cnnvis_widgets.engine.trust import Check
    from cnnvis_widgets.widgets.explorer.explorer import Explorer

CONCERNS = ("trust", "random top layer")


def uncheck(explorer: Explorer, request: Explain) -> None:
    """Drop the checks of the last map: another one is requested.

    Args:
        explorer: the explorer.
        request: the request for the new map, which `check` will use.
    """
    for concern in CONCERNS:
        explorer.engine.cancel((id(explorer), concern))
    explorer._asked = request
    explorer.trust.checks, explorer.trust.busy = [], False


def check(explorer: Explorer, answer: PageExplanation) -> None:
    """Request the checks of a new map, and the warm-up that is due.

    Quick checks come first. The random copy of a network takes seconds, so it comes after the
    warm-up, which makes the visitor's next click quick.
    """
    request, strip = explorer._asked, explorer.trust
    results: list[Check] = []

    def show(checks: Sequence[Check]) -> None:
        results.extend(checks)
        strip.checks = check_records(results, pending=True)

    def last(checks: Sequence[Check]) -> None:
        results.extend(checks)
        strip.checks, strip.busy = check_records(results), False

    def failed(_: str) -> None:
        strip.checks, strip.busy = check_records(results), False

    has_map = answer.heatmap is not None and answer.image is None
    arguments = {field.name: getattr(request, field.name) for field in fields(Explain)}
    if has_map:
        strip.busy, strip.checks = True, [UNDER_WAY]
        explorer._submit("trust", TrustChecks(**arguments), show, failed)
    _warm(explorer)
    if has_map:
        explorer._submit("random top layer", RandomTopLayer(**arguments), last, failed)


def touch(explorer: Explorer) -> None:
    """The page's visitor has touched the explorer for the first time: they will choose something.

    A lesson that is only read does not compile methods that nobody asks for.
    """
    explorer._touched = True
    if explorer._asked is not None:
        _warm(explorer)


def _warm(explorer: Explorer) -> None:
    """Compile the functions of the network's other methods, once, while the visitor chooses."""
    if explorer._touched and not explorer._warmed:
        explorer._warmed = True
        warm = Warm(explorer.networks.value, explorer._image)
        explorer._submit("warm", warm, nothing, nothing)
