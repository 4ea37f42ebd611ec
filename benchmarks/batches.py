"""What `cnnvis.explain_batch` gains over `cnnvis.explain`: `python benchmarks/batches.py`.

Both explain the same pictures in turns, in one process. Processor time is told beside the clock's,
since another program that runs at the same time lengthens the clock's alone.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from machine import machine

METHODS = (
    *("saliency", "guided_backprop", "grad_cam", "guided_grad_cam", "deep_taylor", "cam"),
    *("visual_backprop", "integrated_gradients", "smoothgrad"),
)
HEAD = "| method | one by one, 1/s | together, 1/s | gain | processor, ms | together, ms | gain |"


class Taken(NamedTuple):
    """Seconds of one turn: the clock's, and the processor's."""

    clock: float
    processor: float


def taken(work: Callable[[], object]) -> Taken:
    """One turn of a work."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - clock, time.process_time() - processor)


def row(method: str, many: int, alone: Sequence[Taken], together: Sequence[Taken]) -> str:
    """A line of the table, from the turns' medians.

    Args:
        method: its name.
        many: pictures of a turn.
        alone: the turns of one by one.
        together: those of all at once.
    """
    clocks = [statistics.median(t.clock for t in turns) / many for turns in (alone, together)]
    work = [statistics.median(t.processor for t in turns) / many for turns in (alone, together)]
    cells = [method, f"{1 / clocks[0]:.1f}", f"{1 / clocks[1]:.1f}", f"{clocks[0] / clocks[1]:.2f}"]
    cells += [f"{1000 * work[0]:.1f}", f"{1000 * work[1]:.1f}", f"{work[0] / work[1]:.2f}"]
    return f"| {' | '.join(cells)} |"


def measured(network: str, pictures: int, turns: int) -> list[str]:
    """The table's lines for one network."""
    import cnnvis_widgets as cnnvis

    explained, lines = cnnvis.load_network(network), []
    photo = cnnvis.load_image("cat")
    given = [np.ascontiguousarray(photo[n:, 2 * n :]) for n in range(pictures)]
    for method in METHODS:
        some = given[: max(2, pictures // 8)] if method.startswith(("integ", "smooth")) else given

        def alone(method: str = method, some: list[np.ndarray] = some) -> object:
            return [cnnvis.explain(explained, picture, method) for picture in some]

        def together(method: str = method, some: list[np.ndarray] = some) -> object:
            return cnnvis.explain_batch(explained, some, method)

        try:
            alone()
        except cnnvis.CnnvisError as error:
            lines.append(f"| {method} | not measured: {error} |")
            continue
        together()
        times = [(taken(alone), taken(together)) for _ in range(turns)]
        lines.append(row(method, len(some), *zip(*times, strict=True)))
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/batches.py", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=["mini_resnet", "efficientnet_lite0"])
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(arguments)
    print("\n".join(f"- {key}: {value}" for key, value in machine().items()))
    for network in options.networks:
        print(f"\n### {network}, {options.pictures} pictures\n\n{HEAD}")
        print("| - |" + " -: |" * (HEAD.count("|") - 2))
        print("\n".join(measured(network, options.pictures, options.turns)), flush=True)


if __name__ == "__main__":
    main()
