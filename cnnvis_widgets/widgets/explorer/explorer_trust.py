"""The checks of an explorer's map: asked once the map is there, dropped when another one comes."""

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
    """Another map is asked for: what is known of the last one goes.

    Args:
        explorer: which one.
        request: for the new map; `check` will ask about it.
    """
    for concern in CONCERNS:
        explorer.engine.cancel((id(explorer), concern))
    explorer._asked = request
    explorer.trust.checks, explorer.trust.busy = [], False


def check(explorer: Explorer, answer: PageExplanation) -> None:
    """The map is there: ask whether it can be trusted, and warm the other methods up.

    What is known at once comes first. The random copy of a network takes seconds to be made, and
    so comes after what makes the visitor's next click quick.
    """
    asked, strip = explorer._asked, explorer.trust
    known: list[Check] = []

    def show(checks: Sequence[Check]) -> None:
        known.extend(checks)
        strip.checks = check_records(known, pending=True)

    def last(checks: Sequence[Check]) -> None:
        known.extend(checks)
        strip.checks, strip.busy = check_records(known), False

    def failed(_: str) -> None:
        strip.checks, strip.busy = check_records(known), False

    made = answer.heatmap is not None and answer.image is None
    given = {one.name: getattr(asked, one.name) for one in fields(Explain)}
    if made:
        strip.busy, strip.checks = True, [UNDER_WAY]
        explorer._submit("trust", TrustChecks(**given), show, failed)
    if not explorer._warmed:
        explorer._warmed = True  # the other methods are compiled while the visitor looks
        warm = Warm(explorer.networks.value, explorer._image)
        explorer._submit("warm", warm, nothing, nothing)
    if made:
        explorer._submit("random top layer", RandomTopLayer(**given), last, failed)
