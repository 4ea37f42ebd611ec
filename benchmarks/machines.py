"""What a second machine adds: two network namespaces, a core for each. Needs root and `ip`.

The first "machine" has a scheduler and one worker on core 0; then the second joins with a worker on
core 1, over a virtual cable. Eight visitors ask for one saliency map after the other, each of
another class, so that no answer is kept. What is counted: maps a second with one machine, and with
two. The visitors' own work is done on both cores.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from machine import machine

NAMESPACES = ("cnnvis-one", "cnnvis-two")
ADDRESSES = ("10.77.0.1", "10.77.0.2")
PORT = 8786
SCHEDULER = f"tcp://{ADDRESSES[0]}:{PORT}"
VISITORS = 8
WORKER_MEMORY = 4 << 30


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/machines.py", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="that are counted, for each")
    parser.add_argument("--network", default="efficientnet_lite0")
    parser.add_argument("--ask", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(rate(options.network, options.seconds), flush=True)
        return
    for name, value in machine().items():
        print(f"- {name}: {value}")
    ask = [sys.executable, __file__, "--ask", f"--seconds={options.seconds}"]
    ask.append(f"--network={options.network}")
    cluster = ["-m", "cnnvis_widgets.engine.shared.cluster", SCHEDULER, "1", "1"]
    worker = ["-m", "cnnvis_widgets.cli", "worker", "--scheduler", SCHEDULER, "--workers", "1"]
    with cable(), running(0, [*cluster, str(WORKER_MEMORY), "0"]):
        time.sleep(20)
        alone = float(subprocess.check_output(within(0, ask)))
        print(f"- one machine: {alone:.2f} maps a second", flush=True)
        with running(1, worker):
            time.sleep(20)
            both = float(subprocess.check_output(within(0, ask)))
    print(f"- two machines: {both:.2f} maps a second, {both / alone:.2f} ×")


def within(number: int, command: Sequence[str]) -> list[str]:
    """A command in one of the namespaces."""
    return ["ip", "netns", "exec", NAMESPACES[number], *command]


@contextlib.contextmanager
def cable() -> Iterator[None]:
    """Two namespaces with a virtual cable between them."""

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    for name in NAMESPACES:
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL, check=False)
        ip("netns", "add", name)
    ends = ("cnnvis0", "cnnvis1")
    ip("link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
    try:
        for name, end, address in zip(NAMESPACES, ends, ADDRESSES, strict=True):
            ip("link", "set", end, "netns", name)
            ip("-n", name, "addr", "add", f"{address}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in NAMESPACES:
            ip("netns", "del", name)


@contextlib.contextmanager
def running(number: int, arguments: Sequence[str]) -> Iterator[None]:
    """A Python process of one machine, on its one core, until the context closes."""
    command = within(number, ["taskset", "-c", str(number), sys.executable, *arguments])
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def rate(network: str, seconds: float) -> float:
    """Saliency maps a second, once every worker that there is has loaded and compiled.

    Args:
        network: of the zoo.
        seconds: that are counted, after as many that are not.
    """
    from cnnvis_widgets.engine.requests import Explain
    from cnnvis_widgets.engine.shared.client import SharedEngine

    numbers = itertools.count(int(time.time()) % 10_000)
    answered: list[float] = []
    failures: list[Exception] = []
    stop = threading.Event()

    def visit() -> None:
        with contextlib.closing(SharedEngine(SCHEDULER)) as engine:
            while not stop.is_set():
                number = next(numbers)  # class and seed: no two requests are equal
                request = Explain(network, "cat", "saliency", number % 1000, seed=number)
                pending = engine.submit(
                    "visit", request, done=lambda _: answered.append(time.monotonic()),
                    failed=failures.append,
                )  # fmt: skip
                pending.finished.wait(120)

    threads = [threading.Thread(target=visit) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    start = time.monotonic()
    time.sleep(seconds)
    end = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(start <= moment < end for moment in answered) / (end - start)


if __name__ == "__main__":
    main()
