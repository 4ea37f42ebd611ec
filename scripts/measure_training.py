"""What a minute in the training room gives: every mini network trained as the page does it.

python scripts/measure_training.py                      # all five, 45 s each
python scripts/measure_training.py mini_vgg --seconds 30

Prints a table in Markdown: batches seen, the last losses, and how often the network is right on
fresh pictures (`engine.evidence.Honesty`). The clock ends a training, so a busy machine gets less.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from machine import machine  # noqa: E402

from cnnvis_widgets.engine.requests import Library  # noqa: E402
from cnnvis_widgets.engine.training import Train  # noqa: E402

NETWORKS = ("mini_vgg", "mini_inception", "mini_xception", "mini_resnet", "mini_mobilenet")


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--seconds", type=float, default=45.0)
    options = parser.parse_args()
    facts = machine()
    print(f"{facts['date']}, {facts['processor']}, {facts['cores']} cores")
    print("\n| network | batches | loss | with snow | without | other classes | in all, s |")
    print("| - | - | - | - | - | - | - |")
    for name in options.networks:
        start = time.monotonic()
        training = Train(name, seconds=options.seconds).perform(Library(), lambda done, total: None)
        assert training.honesty is not None
        right = training.honesty
        figures = f"{right.with_snow:.0%} | {right.without_snow:.0%} | {right.others:.0%}"
        print(
            f"| `{name}` | {training.steps[-1]} | {training.losses[-1]:.2f} | {figures} "
            f"| {time.monotonic() - start:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
