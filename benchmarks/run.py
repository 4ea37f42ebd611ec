"""`make bench`: ours beside raw TensorFlow and the peers, in one run.

Each contestant runs in a process and an environment of its own and measures the raw work of its own
framework too. The processes take turns, round by round, so that a slow moment of the machine slows
all alike; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import agreement
import psutil
from contestants import NETWORKS, OURS, PEERS, Contestant
from environments import EnvironmentMissing, python_of
from machine import machine
from session import ContestantFailed, Running, take_turns
from tables import tables
from worker import PICTURES, SLOW_NETWORKS


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    options = parsed(arguments)
    pythons: dict[str, Path] = {}
    failed: dict[str, str] = {}
    contestants = [OURS, *(p for p in PEERS if p.name in options.peers)]
    for contestant in contestants:
        try:
            pythons[contestant.name] = python_of(contestant, say)
        except EnvironmentMissing as error:
            failed[contestant.name] = f"its environment could not be made: {error}"
            say(f"{contestant.name}: {failed[contestant.name]}")
    result: dict[str, Any] = {"machine": machine(), "rounds": options.rounds, "networks": {}}
    result["slow rounds"], result["batch rounds"] = options.slow_rounds, options.batch_rounds
    for network in options.networks:
        result["networks"][network] = {
            **measured(network, contestants, pythons, options),
            **{name: {"failed": why} for name, why in failed.items()},
        }
    result["machine"]["load at the end"] = f"{psutil.getloadavg()[0]:.1f}"
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    print(report(result, options.markdown))
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run.py", description=__doc__)
    names = [peer.name for peer in PEERS]
    parser.add_argument("--rounds", type=int, default=20, help="how often each work is timed")
    text = "the same for what takes many passes (on EfficientNet-Lite0 only); 0 leaves it out"
    parser.add_argument("--slow-rounds", type=int, default=3, help=text)
    text = "the same for many pictures at once (on EfficientNet-Lite0 only); 0 leaves it out"
    parser.add_argument("--batch-rounds", type=int, default=3, help=text)
    parser.add_argument("--peers", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument("--ours-only", dest="peers", action="store_const", const=[])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single time, for later")
    parser.add_argument("--markdown", action="store_true", help="tables in Markdown")
    parser.add_argument("--show", type=Path, metavar="FILE", help="only print an earlier --json")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds is at least 1; got {options.rounds}.")
    for name in ("slow_rounds", "batch_rounds"):
        if (given := getattr(options, name)) < 0:
            parser.error(f"--{name.replace('_', '-')} is at least 0; got {given}.")
    if options.show:
        print(report(json.loads(options.show.read_text()), options.markdown))
        raise SystemExit(0)
    return options


def measured(
    network: str,
    contestants: Sequence[Contestant],
    pythons: dict[str, Path],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """All contestants on one network: contestant → what was found, or why not."""
    records: dict[str, Any] = {}
    running: list[Running] = []
    rounds = {"": options.rounds}
    if network in SLOW_NETWORKS:
        rounds |= {"slow": options.slow_rounds, "batch": options.batch_rounds}
    wishes = [kind for kind, count in rounds.items() if kind and count]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        for contestant in contestants:
            if why := dict(contestant.cannot).get(network):
                records[contestant.name] = {"failed": why}
            elif contestant.name in pythons:
                say(f"{network}: {contestant.name} starts …")
                try:
                    one = Running(contestant, pythons[contestant.name], network, folder, wishes)
                except ContestantFailed as error:
                    if contestant is OURS:
                        raise  # without it the others have no task
                    records[contestant.name] = {"failed": str(error)}
                    say(f"{contestant.name} failed: {error}")
                    continue
                stack.callback(one.stop)
                running.append(one)
        for kind, count in rounds.items():
            say(f"{network}: {count} {kind} rounds …".replace("  ", " "))
            take_turns(running, count, kind)
        for one in running:
            records[one.contestant.name] = record(one, folder)
    return {c.name: records[c.name] for c in contestants if c.name in records}


def record(one: Running, folder: Path) -> dict[str, Any]:
    """What is kept of a contestant."""
    stem = one.contestant.script.stem
    methods = [
        name
        for name in one.report["first"]
        if name not in PICTURES and (folder / f"{OURS.script.stem}-{name}.npy").is_file()
    ]
    return {
        **one.report,
        "rounds": one.rounds,
        "slow_rounds": one.slow_rounds,
        "batch_rounds": one.batch_rounds,
        "memory": one.memory(),
        "agreement": agreement.compare(folder, stem, OURS.script.stem, methods),
        "plain": agreement.plain_gradients(folder, stem, methods),
    }


def report(result: dict[str, Any], markdown: bool) -> str:
    """The whole text."""
    facts = [f"{key}: {value}" for key, value in result["machine"].items()]
    slow = result.get("slow rounds", 0)
    many = result.get("batch rounds", 0)
    facts.append(
        f"rounds: {result['rounds']}, of what takes many passes {slow}, of many pictures {many}"
    )
    versions = {
        name: ", ".join(f"{k} {v}" for k, v in entry["versions"].items())
        for contestants in result["networks"].values()
        for name, entry in contestants.items()
        if "versions" in entry
    }
    facts += [f"{name}: {text}" for name, text in versions.items()]
    if markdown:
        parts = ["\n".join(f"- {fact}" for fact in facts)]
        parts += [table.markdown() for table in tables(result)]
    else:
        parts = ["\n".join(facts), *(table.plain() for table in tables(result))]
    return "\n\n".join(parts)


def say(text: str) -> None:
    """Progress, beside the table and not in it."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # A run that is ended from outside leaves no weights of half a gigabyte behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
