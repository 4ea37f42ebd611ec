"""What a class would see that is larger than one's machine, from what `class.py --record` wrote.

First the recorded visits are simulated and set beside what was measured: a simulation that misses
them says nothing about others. Then the classes that are asked about, with ever more workers.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from class_model import Costs, Seen, Setting, simulate
from crowd import Quantiles
from tables import Table

RECORD = Path(__file__).parent / "recorded" / "class.json"
TIMES = ("controls", "first_picture", "change")


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(prog="benchmarks/simulate_class.py", description=__doc__)
    parser.add_argument("record", type=Path, nargs="?", default=RECORD)
    parser.add_argument("--visitors", type=int, default=300)
    parser.add_argument("--machines", type=int, nargs="+", default=[1])
    parser.add_argument("--cores", type=int, default=16, help="of each machine")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8],
                        help="of each machine")  # fmt: skip
    parser.add_argument("--within", type=float, default=60, help="seconds in which they come")
    parser.add_argument("--price", type=float, default=0.04, help="of a core for an hour")
    options = parser.parse_args()
    record = json.loads(options.record.read_text())
    costs = Costs(**record["costs"])
    print(f"Recorded {record['machine']['date']} on {record['machine']['processor']}, "
          f"{record['machine']['cores']} cores.\n")  # fmt: skip
    print(check(costs, record).markdown())
    settings = [
        Setting(options.visitors, options.within, machines=machines, cores=options.cores,
                workers=workers)
        for machines in options.machines for workers in options.workers
    ]  # fmt: skip
    print()
    print(foretold(costs, settings, options.price).markdown())
    return 0


def check(costs: Costs, record: dict[str, Any]) -> Table:
    """The recorded visits, measured and simulated."""
    rows = []
    for one in record["measured"]:
        setting = Setting(
            one["visitors"],
            one["within"],
            one["seconds"],
            one["every"],
            cores=int(record["machine"]["cores"]),
            clients=True,
        )
        seen = simulate(costs, setting)
        cells = [
            f"{interval(Quantiles(*one[name]))}; {interval(getattr(seen, name))}" for name in TIMES
        ]
        rows.append([str(one["visitors"]), *cells])
    return Table(
        "Measured; simulated (seconds, median / 95 %)",
        ["visitors", "controls", "first picture", "change"],
        rows,
    )


def foretold(costs: Costs, settings: list[Setting], price: float) -> Table:
    """Classes that were not measured."""
    rows = []
    for setting in settings:
        seen: Seen = simulate(costs, setting)
        rows.append(
            [
                str(setting.visitors),
                f"{setting.machines} × {setting.cores} cores, {setting.workers} workers",
                *(interval(getattr(seen, name)) for name in TIMES),
                f"{seen.kept:.0%}",
                f"{seen.busy:.0%}",
                f"{setting.machines * setting.cores * price:.2f}",
            ]
        )
    return Table(
        "Simulated (seconds, median / 95 %)",
        ["visitors", "machines", "controls", "first picture", "change", "kept answers",
         "cores busy", "per hour"],
        rows,
    )  # fmt: skip


def interval(one: Quantiles) -> str:
    """Median and 95th percentile in words."""
    return f"{one.median:.2f} / {one.high:.2f}"


if __name__ == "__main__":
    sys.exit(main())
