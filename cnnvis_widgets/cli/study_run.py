"""`cnnvis study run`: computes the thesis' grid, a TOML file's study, an existing or a new one."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.progress import progress_bar
from cnnvis_widgets.study.provenance import record

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

THESIS = "thesis"
THESIS_FOLDER = Path("thesis_study")
NEW = ("networks", "images", "methods")


def add_run(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis study run`."""
    command.add_argument(
        "what",
        metavar="WHAT",
        help="\"thesis\" (the grid of the thesis' chapter 4), a TOML file, or a study's folder "
        "(./thesis if it is called so): without options, what was begun in it",
    )
    command.add_argument(
        "--networks", nargs="+", metavar="NAME", help="of the zoo, or .keras files"
    )
    command.add_argument(
        "--images",
        nargs="+",
        metavar="IMAGE",
        help='names, paths, or "scene:7" for a drawn one; for "thesis" the folder of your own ten '
        "photos, imagenet_1 to imagenet_4 and other_1 to other_6",
    )
    command.add_argument("--methods", nargs="+", metavar="NAME")
    command.add_argument(
        "--neurons",
        nargs="+",
        metavar="RULE",
        default=["output"],
        help="output: the most active class; label: the picture's own; or layers, of which the "
        "most active unit is taken (default: output)",
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--keep",
        choices=("attribution", "heatmap"),
        help="raw arrays, or the smaller maps only (default: raw arrays; thesis: maps)",
    )
    command.add_argument(
        "--out", type=Path, metavar="PATH", help="the folder of the thesis' or of the file's study"
    )
    command.add_argument(
        "--dry-run",
        action="store_true",
        help="print the plan and an estimate of time, disk and memory, and keep nothing",
    )
    command.add_argument(
        "--offline",
        action="store_true",
        help='for "thesis": fetch nothing; run the grid over every trained network that is here',
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    with _folder(options) as folder:
        study = _study(options, folder)
        print(_plan(study))
        if options.dry_run:
            return _dry_run(study, _study_folder(options))
        record(study.store, command=shlex.join(["cnnvis", *options.words]))
        return _compute(study)


def _study_folder(options: argparse.Namespace) -> Path:
    """The study's folder; of a dry run, the folder without it."""
    if options.what == THESIS:
        return options.out or THESIS_FOLDER
    if options.what.endswith(".toml"):
        from cnnvis_widgets.study.study_file import folder_of

        return options.out or folder_of(options.what)
    return Path(options.what)


@contextlib.contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path | None]:
    """The study's folder; for a dry run a temporary one."""
    if options.dry_run:
        with tempfile.TemporaryDirectory(prefix="cnnvis-") as folder:
            yield Path(folder)
    else:
        yield options.out


def _study(options: argparse.Namespace, folder: Path | None) -> Study:
    if options.what == THESIS:
        return _thesis(options, folder)
    from cnnvis_widgets.study.study import Study

    if options.offline:
        raise InvalidValueError('--offline goes with "thesis" alone.')
    grid = {name: getattr(options, name) for name in NEW}
    if options.what.endswith(".toml"):
        if any(grid.values()):
            raise InvalidValueError("A TOML file says all; leave --networks, --images … out.")
        from cnnvis_widgets.study.study_file import study_of_file

        return study_of_file(options.what, folder)
    if options.out:
        raise InvalidValueError(f"The study's folder is {options.what!r}; leave --out out.")
    path = folder or Path(options.what)
    if not any(grid.values()):
        existing = Study.open(options.what)
        return twin(existing, path) if options.dry_run else existing
    if missing := [f"--{name}" for name, value in grid.items() if not value]:
        raise InvalidValueError(f"A new study also needs {', '.join(missing)}.")
    keep = options.keep or "attribution"
    return Study(**grid, neurons=options.neurons, path=path, seed=options.seed, keep=keep)


def twin(study: Study, path: Path) -> Study:
    """A study with equal settings and no completed runs in another folder."""
    from cnnvis_widgets.study.study import Study

    methods = {
        label: (settings["method"], settings["parameters"], settings.get("neurons"))
        for label, settings in study.methods.items()
    }
    neurons = {name: list(specs.values()) for name, specs in study.neurons.items()}
    pictures = list(study.pictures.values())
    return Study(study.networks, pictures, methods, neurons, path, seed=study.seed, keep=study.keep)


def _thesis(options: argparse.Namespace, folder: Path | None) -> Study:
    from cnnvis_widgets.study import thesis_grid

    if options.methods or options.neurons != ["output"]:
        raise InvalidValueError('"thesis" has its own methods and neurons; leave these out.')
    if options.images and len(options.images) != 1:
        raise InvalidValueError('For "thesis" --images is one folder with your own ten photos.')
    photos = options.images[0] if options.images else None
    networks = options.networks
    if not networks:
        choice = thesis_grid.choose(options.offline, fetch=not options.dry_run)
        networks = list(choice.networks)
        _tell_missing(choice.missing)
    if not networks:
        raise FileError(
            "None of the thesis' five networks has its weights here. Bring them as said above, or "
            "run the same grid over the networks that come along: cnnvis study run thesis --offline"
        )
    if photos is None:
        print(
            "The thesis' own photos were never published; ten that come along replace them. "
            "None is out of ImageNet: four show one of its classes large and clear. "
            "--images FOLDER takes your own ten."
        )
    keep = options.keep or "heatmap"
    path = folder or THESIS_FOLDER
    return thesis_grid.thesis_study(path, networks, photos, seed=options.seed, keep=keep)


def _tell_missing(missing: dict[str, str]) -> None:
    for name, reason in missing.items():
        print(f"left out: {name}: {reason}")
    if missing:
        print(
            "Without internet: docs/networks.md says how to carry the files over (a folder named "
            "in CNNVIS_WEIGHTS, or a mirror in the room)."
        )


def _plan(study: Study) -> str:
    runs = list(study.plan())
    neurons = len({run.neuron for run in runs})
    restricted = [name for name, settings in study.methods.items() if "neurons" in settings]
    limits = (
        f" ({', '.join(restricted)}: of {_neurons_of(study, restricted)} alone)"
        if restricted
        else ""
    )
    return (
        f"{len(study.networks)} networks ({', '.join(study.networks)}) × {len(study.pictures)} "
        f"pictures × {neurons} neurons × {len(study.methods)} methods{limits}: {len(runs)} runs"
    )


def _neurons_of(study: Study, methods: list[str]) -> str:
    return ", ".join(dict.fromkeys(n for name in methods for n in study.methods[name]["neurons"]))


def _dry_run(study: Study, folder: Path) -> int:
    from cnnvis_widgets.study.estimate import duration, foretell
    from cnnvis_widgets.study.store import Store

    start, completed = time.perf_counter(), Store(folder).runs()
    with progress_bar("methods timed", leave=False) as show:
        estimate = foretell(study, show, completed)
    if existing := sum(run.key in completed for run in study.plan()):
        print(f"{existing} runs are there already, in {folder}")
    for network in study.networks:
        costs = [cost for cost in estimate.costs if cost.network == network]
        slowest = max(costs, key=lambda cost: cost.seconds, default=None)
        if slowest:
            seconds = sum(cost.seconds for cost in costs)
            print(
                f"  {network}: {duration(seconds)}, of which {slowest.method} "
                f"{duration(slowest.seconds)}"
            )
    print(
        f"{estimate}. {estimate.timed} runs were timed in {duration(time.perf_counter() - start)}."
    )
    return 0


def _compute(study: Study) -> int:
    from cnnvis_widgets.study.estimate import duration, foretell

    start, count_before = time.perf_counter(), len(study.runs())
    with progress_bar("methods timed", leave=False) as show:
        estimate = foretell(study, show)
    if estimate.left:
        print(f"{estimate}.", flush=True)
    count = len(study.runs()) - count_before
    run_start = time.perf_counter()
    with progress_bar("runs") as show:
        count += study.run(show)  # damaged runs too
    seconds = time.perf_counter() - run_start
    if estimate.left:
        deviation = 100 * (seconds / estimate.seconds - 1)
        print(
            f"took {duration(seconds)}, foretold {duration(estimate.seconds)} ({deviation:+.0f} %)"
        )
        line = {
            "runs": estimate.left,
            "foretold_seconds": round(estimate.seconds, 1),
            "took_seconds": round(seconds, 1),
            "timing_seconds": round(run_start - start, 1),
            "cores": os.cpu_count(),
        }
        study.store.append("estimates.jsonl", line)
    lines = study.runs()
    print(f"{count} runs computed now, {len(lines)} there, in {study.store.path}")
    reasons = (
        f"{line['method']} on {line['network']}: {line['unsuited']}"
        for line in lines
        if "unsuited" in line
    )
    for reason in dict.fromkeys(reasons):
        print(f"not suited: {reason}")
    return 0
