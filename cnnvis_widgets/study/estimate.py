"""What a study will take: time, disk and memory, from a cell or two of each network and method.

The first cell of a method on a network also compiles it; where that does not take long, a second
one tells what the others will take. Both are runs of the study and are kept. Of methods that take
many pictures at once, a few are timed together and not kept: values of a batch differ in their last
digit from those of single pictures, and depend on the plan alone.
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
from cnnvis_widgets.study.parts import Loaded, part_of, results, size_of

if TYPE_CHECKING:
    from cnnvis_widgets.study.parts import Run
    from cnnvis_widgets.study.study import Study

Progress = Callable[[int, int], None]

TOGETHER = 4  # runs that are timed at once, where a method takes many
LONG = 8.0  # seconds: of a slow method's cell that takes longer, compiling is a small part


class Cost(NamedTuple):
    """What the runs of one method on one network take.

    Attributes:
        network: its name in the study.
        method: its name in the study.
        left: how many runs are not there yet, without those that were timed.
        neurons: of how many kinds of neurons; each is compiled once.
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
    """What is left of a study, and what it will take.

    Attributes:
        costs: by network and method; those of which nothing is left are not in it.
        loading: seconds for all networks of which something is left.
        timed: how many runs were computed for the estimate.
        disk: bytes of all maps that will be written.
        memory: bytes, the most that this process has held so far.
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
    study: Study, progress: Progress | None = None, done: Collection[str] = ()
) -> Estimate:
    """Compute a cell or two of each network and method, and say what the others will take.

    Args:
        study: the runs that are timed are computed and kept.
        progress: called with (done, total) of the networks' methods.
        done: keys of runs that are done elsewhere, and not to be computed.

    Examples:
        >>> study = cnnvis.Study("mini_vgg", ["scene:1", "scene:2"], "saliency", path="third")
        >>> foretell(study).left
        0
    """
    by_pair = _left(study, {*done, *study.store.runs()})
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
    left = tuple(cost for cost in costs if cost.left)
    share = len({cost.network for cost in left}) / max(1, len({cost.network for cost in costs}))
    if len(study.networks) == 1:  # it stays, with what was compiled for the neurons timed
        share = 0
        left = tuple(cost._replace(neurons=max(0, cost.neurons - 1)) for cost in left)
    disk = sum(cost.left * cost.size for cost in left)
    return Estimate(left, loading * share, timed, disk, memory_held())


def _left(study: Study, done: Collection[str]) -> dict[tuple[str, str], list[Run]]:
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in study.plan():
        if run.key not in done:
            runs[run.network, run.method].append(run)
    return dict(runs)


def _loading_seconds(study: Study, network: str) -> float:
    from cnnvis_widgets.backend.tensorflow_import import import_tensorflow

    import_tensorflow()  # once for the process, and not once for each network
    start = time.perf_counter()
    study.network(network)
    return time.perf_counter() - start


def _timed(study: Study, network: str, method: str, runs: list[Run]) -> tuple[Cost, int]:
    """Time one run and one like it, or a few at once and these again."""
    alike = [run for run in runs if run.neuron == runs[0].neuron]
    if size_of(study.methods[method]["method"]) > 1:
        some = alike[:TOGETHER]
        first, size = _together(study, some)
        again, _ = _together(study, some)
        kinds = len({run.neuron for run in runs})
        each = again / len(some)
        return Cost(network, method, len(runs), kinds, max(0.0, first - again), each, size), len(
            some
        )
    line, first = _computed(study, runs[0])
    lines, each = [line], first
    quick = method_named(study.methods[method]["method"]).quick
    if alike[1:] and (first < LONG or quick):
        line, each = _computed(study, alike[1])
        lines.append(line)
    sizes = [(study.store.path / one["file"]).stat().st_size for one in lines if "file" in one]
    done = {runs[0], alike[1]} if len(lines) == 2 else {runs[0]}
    rest = [run for run in runs if run not in done]
    size = round(statistics.mean(sizes)) if sizes else 0
    kinds = len({run.neuron for run in rest})
    # The network is loaded anew for the run itself, and compiled anew for each kind of neuron.
    return Cost(network, method, len(rest), kinds, max(0.0, first - each), each, size), len(done)


def _together(study: Study, runs: list[Run]) -> tuple[float, int]:
    """The seconds of some runs that are computed at once, and the bytes of one of their maps."""
    start = time.perf_counter()
    computed = results(Loaded(study.network(runs[0].network), ""), part_of(study, runs))
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
    """The most memory that this process has held, in bytes; where that is not kept, what it holds.

    Examples:
        >>> memory_held() > 10**6
        True
    """
    try:
        import resource
    except ImportError:  # Windows
        return int(psutil.Process().memory_info().rss)
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else most * 1024)


def duration(seconds: float) -> str:
    """A time in words.

    Examples:
        >>> duration(7.24), duration(200), duration(4000)
        ('7 s', '3 min 20 s', '1 h 07 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def megabytes(count: float) -> str:
    """A size in words, in 1024² bytes.

    Examples:
        >>> megabytes(3 * 2**20), megabytes(5 * 2**30)
        ('3 MB', '5.0 GB')
    """
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(0, count) / 2**20:.0f} MB"
