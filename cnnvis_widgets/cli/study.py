"""`cnnvis study`: computes a grid of explanations, and writes scores by metrics."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.cli.study_coherence import add_coherence
from cnnvis_widgets.cli.study_people import add_people
from cnnvis_widgets.cli.study_raters import add_raters
from cnnvis_widgets.cli.study_run import add_run
from cnnvis_widgets.cli.study_site import add_site
from cnnvis_widgets.progress import progress_bar


def add_study(command: argparse.ArgumentParser) -> None:
    """Add the actions of `cnnvis study`."""
    actions = command.add_subparsers(metavar="ACTION", required=True)
    add_run(actions.add_parser("run", help="compute what is not there yet of a grid"))
    add_site(actions.add_parser("site", help="write pages that open from a folder"))
    add_raters(actions.add_parser("raters", help="invite people to score maps, by links"))
    add_people(actions.add_parser("people", help="what people's points say, and their agreement"))
    add_coherence(actions.add_parser("coherence", help="how far methods agree with each other"))
    for name, text, action in (
        ("table", "print what metrics say", _table),
        ("report", "write PATH/report.html, one file that needs no other, and report.md", _report),
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
        if action is _report:
            parser.add_argument("--title", default="", help="default: the folder's name")
        parser.set_defaults(run=action)


def _path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", type=Path, help="the study's folder")


def _table(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.study import Study
    from cnnvis_widgets.study.tables import report

    study = Study.open(options.path)
    with progress_bar("scores") as show:
        rows = study.table(options.metrics, baselines=tuple(options.baselines), progress=show)
    print(report(len(study.pictures), study.seed, rows), end="")
    return 0


def _report(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.report import write_report
    from cnnvis_widgets.study.study import Study

    study, baselines = Study.open(options.path), tuple(options.baselines)
    with progress_bar("scores") as show:
        page = write_report(
            study, options.metrics, baselines=baselines, title=options.title, progress=show
        )
    text = study.report(options.metrics, baselines=baselines)
    print(f"wrote {page} and {text.name}")
    return 0
