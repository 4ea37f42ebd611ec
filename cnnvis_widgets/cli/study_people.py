"""`cnnvis study people`: raters' points, their agreement, and correlations with metrics."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.progress import progress_bar


def add_people(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis study people`."""
    command.add_argument("path", metavar="PATH", type=Path, help="the study's folder")
    command.add_argument(
        "raters",
        metavar="FILE",
        nargs="*",
        type=Path,
        help="the raters' files (default: eyes.json and raters/*.json in PATH)",
    )
    command.add_argument("--metrics", nargs="+", metavar="NAME", help="default: the cheap ones")
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where files go (default: PATH/people)"
    )
    command.set_defaults(run=_people)


def _people(options: argparse.Namespace) -> int:
    from cnnvis_widgets.errors import FileError
    from cnnvis_widgets.study.people import People
    from cnnvis_widgets.study.people_tables import FORMATS, report
    from cnnvis_widgets.study.report.results import follows
    from cnnvis_widgets.study.scoring import Scorer, named_metrics
    from cnnvis_widgets.study.study import Study

    study = Study.open(options.path)
    people = People(study, options.raters)
    metrics = named_metrics(options.metrics)
    with progress_bar("scores") as show:
        scores = Scorer(study, metrics, ()).scores(show)
    text = report(people, follows(people, scores, metrics))
    folder = options.out or options.path / "people"
    files = {"report.md": text, **{name: write(people) for name, write in FORMATS.values()}}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, "utf-8")
    except OSError as error:
        raise FileError(f"{str(folder)!r} could not be written to: {error}") from error
    print(text, end="")
    print(f"wrote {', '.join(files)} in {folder}")
    return 0
