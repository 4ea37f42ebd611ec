"""The runs that a study lacks, computed part by part, beside other processes that do the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.study.claims import Claims, News
from cnnvis_widgets.study.parts import Part, Result, parts_of
from cnnvis_widgets.study.provenance import record

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

PAUSE = 0.2
"""Seconds between two looks at what another process computes."""

Computed = Iterator[tuple[Part, list[Result]]]


def compute_left(
    study: Study,
    left: set[str],
    news: News,
    compute: Callable[[Iterator[Part]], Computed],
    keep: Callable[[Result], Any],
    heard: Callable[[], None],
) -> int:
    """Compute and keep the runs that are left, but for those that another process computes.

    Args:
        study: the study.
        left: keys of runs; those that are done are taken out.
        news: made before `left` was found.
        compute: gives each part with its results, in any order.
        keep: writes a result down.
        heard: called after each run, and when others have computed some.

    Returns:
        How many were computed here.
    """
    count = 0
    if left:
        record(study.store, runs=len(left))
    with Claims(study.store.path) as claims:
        while left:
            before, took = len(left), False
            for part, results in compute(_mine(study, left, news, claims)):
                took = True
                for result in results:
                    if result.run.key in left:
                        keep(result)
                        left.remove(result.run.key)
                        count += 1
                        heard()
                claims.give_back(part)
            left -= news()
            if not took and len(left) < before:
                heard()
            elif not took:  # all that is left is in other hands
                time.sleep(PAUSE)
    return count


def _mine(study: Study, left: set[str], news: News, claims: Claims) -> Iterator[Part]:
    """The parts in which something is left and that nobody else computes."""
    for part in parts_of(study, left):
        if not claims.take(part):
            continue
        left -= news()  # who had it before may have done it
        if any(run.key in left for run in part.runs):
            yield part
        else:
            claims.give_back(part)
