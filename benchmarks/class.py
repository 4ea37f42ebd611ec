"""How many visitors a machine holds: `make bench-class` lets a class open the explorer.

It starts `cnnvis app`, and lets ever more visitors come who speak the page's protocols without a
browser, and two more in Chromium. Each opens the page, waits for its first picture, chooses another
class, method or picture every few seconds, and leaves; every fourth brings a picture. Times are
median / 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from class_costs import costs
from crowd import HEAD, Outcome, crowd
from machine import machine
from PIL import Image
from sharing import cost

PAGE = "explorer.ipynb"
COUNT = 8  # maps of each method that are timed for the record


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/class.py", description=__doc__)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 5, 10, 25, 50])
    parser.add_argument("--in-process", type=int, nargs="*", default=[1, 5], metavar="N",
                        help="the same with a TensorFlow in each visitor's kernel")  # fmt: skip
    parser.add_argument("--within", type=float, default=60, help="seconds in which they come")
    parser.add_argument("--seconds", type=float, default=60, help="how long each stays")
    parser.add_argument("--every", type=float, default=5, help="seconds between choices")
    parser.add_argument("--browsers", type=int, default=2,
                        help="real Chromium pages among them")  # fmt: skip
    parser.add_argument("--settle", type=float, default=45, help="seconds after the start")
    parser.add_argument("--clicks", type=int, default=40, help="saliency maps, for the cost")
    parser.add_argument("--record", type=Path, metavar="FILE",
                        help="what simulate_class.py is driven by, JSON")  # fmt: skip
    options = parser.parse_args()
    where = machine()
    for name, value in where.items():
        print(f"- {name}: {value}")
    for name, seconds in cost(options.clicks).items():
        print(f"- {name}: {1000 * seconds:.1f} ms (median of {options.clicks})", flush=True)
    recorded: list[dict[str, Any]] = []
    for engine, counts in (("shared", options.visitors), ("in-process", options.in_process)):
        if counts:
            print(f"\nEngine {engine}:\n\n{HEAD}", flush=True)
            with served(engine, options.settle) as (url, pid):
                for count in counts:
                    visits = {
                        "within": options.within * count / max(counts),
                        "seconds": options.seconds,
                        "every": options.every,
                    }
                    class_ = crowd(
                        url, pid, PAGE, count, upload=png(), browsers=options.browsers, **visits
                    )
                    outcome = asyncio.run(class_)
                    print(outcome.rows(), flush=True)
                    remarks(outcome)
                    if engine == "shared":
                        recorded.append({"visitors": count, **visits, **outcome.seconds()})
                if options.record and engine == "shared":
                    each = costs(url, pid, PAGE, png(), COUNT)
                    record = {"machine": where, "costs": each._asdict(), "measured": recorded}
                    options.record.write_text(json.dumps(record, indent=1) + "\n")
    return 0


def remarks(outcome: Outcome) -> None:
    """What the table has no place for, on the error stream."""
    for name, one in (("before", outcome.before), ("peak", outcome.peak), ("after", outcome.after)):
        parts = (
            f"{kind} {one.processes[kind]} × {one.pss[kind] / one.processes[kind] / 2**20:.0f} MiB"
            f" ({one.processor[kind]:.0f} s)"
            for kind in sorted(one.pss)
        )
        print(f"  {name}: {', '.join(parts)}", file=sys.stderr)
    errors = [*outcome.errors, *(error for page in outcome.pages for error in page.errors)]
    for error in sorted(set(errors)):
        print(f"  {errors.count(error)} × {error}", file=sys.stderr, flush=True)


def png() -> bytes:
    """A picture that none of the others is: 640 × 480, smooth, with some noise."""
    rows, columns = np.mgrid[0:480, 0:640]
    noise = np.random.default_rng(0).integers(0, 20, (480, 640, 3))
    smooth = np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1)
    file = io.BytesIO()
    Image.fromarray((smooth * 0.9 + noise).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@contextmanager
def served(engine: str, settle: float) -> Iterator[tuple[str, int]]:
    """`cnnvis app` at a free port, up for a while, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnvis_widgets.cli", "app", "--no-browser", f"--port={port}"]
    process = subprocess.Popen(
        [*command, f"--engine={engine}", "--host=127.0.0.1"], stdout=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(settle)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(20)
        psutil.wait_procs(children, timeout=20)


if __name__ == "__main__":
    sys.exit(main())
