"""`cnnvis study`: run a grid of explanations, and write what metrics say of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.progress import progress_bar


def add_study(command: argparse.ArgumentParser) -> None:
    """Give the parser of `cnnvis study` its actions."""
    actions = command.add_subparsers(metavar="ACTION", required=True)
    run = actions.add_parser(
        "run", help="compute what is not there yet; without options: what was begun in PATH"
    )
    _path(run)
    run.add_argument("--networks", nargs="+", metavar="NAME", help="of the zoo, or .keras files")
    run.add_argument(
        "--images", nargs="+", metavar="IMAGE", help='names, paths, or "scene:7" for a drawn one'
    )
    run.add_argument("--methods", nargs="+", metavar="NAME")
    run.add_argument(
        "--neurons",
        nargs="+",
        metavar="RULE",
        default=["output"],
        help="output: the most active class; label: the picture's own; or layers, of which the "
        "most active unit is taken (default: output)",
    )
    run.add_argument("--seed", type=int, default=0)
    run.add_argument(
        "--keep",
        choices=("attribution", "heatmap"),
        default="attribution",
        help="raw arrays, or the smaller maps only (default: %(default)s)",
    )
    run.set_defaults(run=_run)
    for name, text, action in (
        ("table", "print what metrics say", _table),
        ("report", "write PATH/report.md", _report),
    ):
        parser = actions.add_parser(name, help=text)
        _path(parser)
        parser.add_argument("--metrics", nargs="+", metavar="NAME", help="default: the cheap ones")
        parser.add_argument(
            "--baselines",
            nargs="*",
            default=["centre"],
            metavar="NAME",
            help="centre, noise, edges",
        )
        parser.set_defaults(run=action)


def _path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="the study's folder")


def _run(options: argparse.Namespace) -> int:
    from cnnvis_widgets.errors import InvalidValueError
    from cnnvis_widgets.study.study import Study

    given = {name: getattr(options, name) for name in ("networks", "images", "methods")}
    if not any(given.values()):
        study = Study.open(options.path)
    elif missing := [f"--{name}" for name, value in given.items() if not value]:
        raise InvalidValueError(f"A new study also needs {', '.join(missing)}.")
    else:
        study = Study(
            **given,
            neurons=options.neurons,
            path=options.path,
            seed=options.seed,
            keep=options.keep,
        )
    with progress_bar("runs") as show:
        count = study.run(show)
    unsuited = [line for line in study.runs() if "unsuited" in line]
    print(f"{count} runs computed now, {len(study.runs())} there, in {options.path}")
    for reason in dict.fromkeys(
        f"{r['method']} on {r['network']}: {r['unsuited']}" for r in unsuited
    ):
        print(f"not suited: {reason}")
    return 0


def _table(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.study import Study
    from cnnvis_widgets.study.tables import report

    study = Study.open(options.path)
    with progress_bar("scores") as show:
        rows = study.table(options.metrics, baselines=tuple(options.baselines), progress=show)
    print(report(len(study.pictures), study.seed, rows), end="")
    return 0


def _report(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.study import Study

    study = Study.open(options.path)
    with progress_bar("scores") as show:
        path = study.report(options.metrics, baselines=tuple(options.baselines), progress=show)
    print(f"wrote {path}")
    return 0
