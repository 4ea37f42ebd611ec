"""Estimates a study's time, disk space and memory from a few runs of each network and method.

The first run of a method on a network also compiles it; unless it takes long, a second one gives
the time of the others. Both are runs of the study and are saved. Of methods that support batches,
a small batch is timed and not saved, as the values of a batch differ from those of the plan's
batches in their last digits.
"""

from __future__ import annotations

import io
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil

from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.study.parts import LoadedNetwork, part_of, results, size_of

if TYPE_CHECKING:
    from cnnvis_widgets.study.parts import Run
    from cnnvis_widgets.study.study import Study

Progress = Callable[[int, int], None]

TOGETHER = 4  # runs in the batch that is timed
LONG = 8.0  # seconds: compiling is a small share of a slow method's run that takes longer


class Cost(NamedTuple):
    """The costs of the runs of one method on one network.

    Attributes:
        network: its name in the study.
        method: its name in the study.
        left: the number of missing runs, without those that were timed.
        neurons: the number of kinds of neurons; each is compiled once.
        compiling: seconds for each kind of neuron.
        each: seconds for one run.
        size: bytes of one run's map.
    """

    network: str
    method: str
    left: int
    neurons: int
    compiling: float
    each: float
    size: int

    @property
    def seconds(self) -> float:
        """Of all that is left."""
        return self.left * self.each + (self.neurons * self.compiling if self.left else 0)


class Estimate(NamedTuple):
    """The missing runs of a study and their costs.

    Attributes:
        costs: of each network and method with missing runs.
        loading: seconds to load all their networks.
        timed: how many runs were computed for the estimate.
        disk: bytes of all missing maps.
        memory: the peak memory of this process so far in bytes.
    """

    costs: tuple[Cost, ...]
    loading: float
    timed: int
    disk: int
    memory: int

    @property
    def left(self) -> int:
        """How many runs."""
        return sum(cost.left for cost in self.costs)

    @property
    def seconds(self) -> float:
        """Of all that is left."""
        return self.loading + sum(cost.seconds for cost in self.costs)

    def __str__(self) -> str:
        return (
            f"{self.left} runs left: about {duration(self.seconds)}, {megabytes(self.disk)} on the "
            f"disk, {megabytes(self.memory)} of memory"
        )


def foretell(
    study: Study, progress: Progress | None = None, excluded: Collection[str] = ()
) -> Estimate:
    """Compute a few runs of each network and method, and estimate the costs of the others.

    Args:
        study: the runs that are timed are saved, except batches.
        progress: called with (done, total) of the pairs of network and method.
        excluded: keys of runs that another process has completed.

    Examples:
        >>> study = cnnvis.Study("mini_vgg", ["scene:1", "scene:2"], "saliency", path="third")
        >>> foretell(study).left
        0
    """
    by_pair = _missing_runs(study, {*excluded, *study.store.runs()})
    costs, loading, timed, total = list[Cost](), 0.0, 0, len(by_pair)
    loaded = ""
    for number, ((network, method), runs) in enumerate(by_pair.items()):
        if progress:
            progress(number, total)
        if network != loaded:
            loading += _loading_seconds(study, network)
            loaded = network
        cost, count = _timed(study, network, method, runs)
        costs.append(cost)
        timed += count
    if progress:
        progress(total, total)
    unfinished = tuple(cost for cost in costs if cost.left)
    share = len({cost.network for cost in unfinished}) / max(
        1, len({cost.network for cost in costs})
    )
    if len(study.networks) == 1:  # it stays loaded, with the compiled functions
        share = 0
        unfinished = tuple(cost._replace(neurons=max(0, cost.neurons - 1)) for cost in unfinished)
    disk = sum(cost.left * cost.size for cost in unfinished)
    return Estimate(unfinished, loading * share, timed, disk, memory_held())


def _missing_runs(study: Study, excluded: Collection[str]) -> dict[tuple[str, str], list[Run]]:
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in study.plan():
        if run.key not in excluded:
            runs[run.network, run.method].append(run)
    return dict(runs)


def _loading_seconds(study: Study, network: str) -> float:
    from cnnvis_widgets.backend.tensorflow_import import import_tensorflow

    import_tensorflow()  # not part of a network's loading time
    start = time.perf_counter()
    study.network(network)
    return time.perf_counter() - start


def _timed(study: Study, network: str, method: str, runs: list[Run]) -> tuple[Cost, int]:
    """Time one run and a similar one, or a batch twice."""
    similar = [run for run in runs if run.neuron == runs[0].neuron]
    if size_of(study.methods[method]["method"]) > 1:
        sample = similar[:TOGETHER]
        first_seconds, size = _timed_batch(study, sample)
        second_seconds, _ = _timed_batch(study, sample)
        kinds = len({run.neuron for run in runs})
        run_seconds = second_seconds / len(sample)
        return Cost(
            network,
            method,
            len(runs),
            kinds,
            max(0.0, first_seconds - second_seconds),
            run_seconds,
            size,
        ), len(sample)
    line, first_seconds = _computed(study, runs[0])
    lines, run_seconds = [line], first_seconds
    quick = method_named(study.methods[method]["method"]).quick
    if similar[1:] and (first_seconds < LONG or quick):
        line, run_seconds = _computed(study, similar[1])
        lines.append(line)
    sizes = [
        (study.store.path / entry["file"]).stat().st_size for entry in lines if "file" in entry
    ]
    timed = {runs[0], similar[1]} if len(lines) == 2 else {runs[0]}
    remaining = [run for run in runs if run not in timed]
    size = round(statistics.mean(sizes)) if sizes else 0
    kinds = len({run.neuron for run in remaining})
    # The study loads the network again, and compiles it for each kind of neuron
    return Cost(
        network,
        method,
        len(remaining),
        kinds,
        max(0.0, first_seconds - run_seconds),
        run_seconds,
        size,
    ), len(timed)


def _timed_batch(study: Study, runs: list[Run]) -> tuple[float, int]:
    """The seconds of a batch of runs, and the mean bytes of their maps."""
    start = time.perf_counter()
    computed = results(LoadedNetwork(study.network(runs[0].network), ""), part_of(study, runs))
    seconds = time.perf_counter() - start
    sizes = []
    for result in computed:
        if result.arrays:
            stream = io.BytesIO()
            np.savez_compressed(stream, **result.arrays)  # type: ignore[arg-type]
            sizes.append(len(stream.getvalue()))
    return seconds, round(statistics.mean(sizes)) if sizes else 0


def _computed(study: Study, run: Run) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    line = study.compute(run)
    return line, time.perf_counter() - start


def memory_held() -> int:
    """The peak memory of this process in bytes; on Windows its current memory.

    Examples:
        >>> memory_held() > 10**6
        True
    """
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().rss)
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def duration(seconds: float) -> str:
    """A time in words.

    Examples:
        >>> duration(7.24), duration(200), duration(4000)
        ('7 s', '3 min 20 s', '1 h 07 min')
    """
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60:02} s"
    return f"{total // 3600} h {total % 3600 // 60:02} min"


def megabytes(count: float) -> str:
    """A size in words, in 1024² bytes.

    Examples:
        >>> megabytes(3 * 2**20), megabytes(5 * 2**30)
        ('3 MB', '5.0 GB')
    """
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(0, count) / 2**20:.0f} MB"
