"""Random requests to random small networks: each map is confirmed, told of, or refused in words.

    python -m scripts.random_requests --seed 0 --number 10000 --json requests.json
    python -m scripts.random_requests --seed 812 --number 4     one network's, told one by one

A network is drawn for every four requests, the first with the seed that is given. The oracle is a
twin of it in double precision (`tests/oracles/random_*.py`). Exits with 1 if there was a fault.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]


def main() -> int:
    """Ask, print each fault as it comes and the table at the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of the first network")
    parser.add_argument("--number", type=int, default=10_000, help="of requests")
    parser.add_argument("--json", type=Path, help="where all outcomes are written")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many")
    options = parser.parse_args()
    from oracles.random_requests import EACH, reasons, record, requests, table

    from cnnvis_widgets.backend.tensorflow_import import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    # Graphs that run once or twice: optimising them is half of the time.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    start, outcomes = time.monotonic(), []
    for one in requests(options.seed, options.number):
        outcomes.append(one)
        if one.fault or options.number <= EACH:
            print(json.dumps(record([one])[0]), flush=True)
        if time.monotonic() - start > 60 * options.minutes:
            break
        if len(outcomes) % 200 == 0:
            print(f"{len(outcomes)} in {time.monotonic() - start:.0f} s", flush=True)
            _write(options.json, outcomes)
    networks = {one.seed for one in outcomes}
    print(
        f"\n{len(outcomes)} requests to the networks {min(networks)} to {max(networks)} in "
        f"{time.monotonic() - start:.0f} s\n\n{table(outcomes)}\n"
    )
    for reason, times in reasons(outcomes).items():
        print(f"{times:5} {reason}")
    _write(options.json, outcomes)
    return int(any(one.fault for one in outcomes))


def _write(path: Path | None, outcomes: list[Any]) -> None:
    from oracles.random_requests import record

    if path:
        path.write_text(json.dumps(record(outcomes), indent=1))


if __name__ == "__main__":
    sys.exit(main())
