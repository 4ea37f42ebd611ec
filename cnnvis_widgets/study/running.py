"""Computes a study's missing runs part by part, in parallel with other processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.study.claims import Claims, NewRuns
from cnnvis_widgets.study.parts import Part, Result, parts_of
from cnnvis_widgets.study.provenance import record

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

PAUSE = 0.2
"""Seconds between checks for results of other processes."""

Computed = Iterator[tuple[Part, list[Result]]]


def compute_missing(
    study: Study,
    missing: set[str],
    new_runs: NewRuns,
    compute: Callable[[Iterator[Part]], Computed],
    save: Callable[[Result], Any],
    report_progress: Callable[[], None],
) -> int:
    """Compute and save missing runs, except those that another process computes.

    Args:
        study: the study.
        missing: keys of runs; completed ones are removed from the set.
        new_runs: created before `missing` was determined.
        compute: yields each part with its results, in any order.
        save: saves a result.
        report_progress: called after each run, and when other processes have completed some.

    Returns:
        How many runs were computed by this process.
    """
    count = 0
    if missing:
        record(study.store, runs=len(missing))
    with Claims(study.store.path) as claims:
        while missing:
            count_before, claimed = len(missing), False
            for part, results in compute(_claimed(study, missing, new_runs, claims)):
                claimed = True
                for result in results:
                    if result.run.key in missing:
                        save(result)
                        missing.remove(result.run.key)
                        count += 1
                        report_progress()
                claims.give_back(part)
            missing -= new_runs()
            if not claimed and len(missing) < count_before:
                report_progress()
            elif not claimed:  # other processes compute all missing parts
                time.sleep(PAUSE)
    return count


def _claimed(study: Study, missing: set[str], new_runs: NewRuns, claims: Claims) -> Iterator[Part]:
    """The parts with missing runs that no other process has claimed."""
    for part in parts_of(study, missing):
        if not claims.take(part):
            continue
        missing -= new_runs()  # its previous owner may have completed it
        if any(run.key in missing for run in part.runs):
            yield part
        else:
            claims.give_back(part)
