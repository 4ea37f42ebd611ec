"""`cnnvis study raters`: invites raters, and prints their links and progress."""

from __future__ import annotations

import argparse
from pathlib import Path

PAGE = "voila/render/rating.ipynb"


def add_raters(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis study raters`."""
    command.add_argument("path", metavar="PATH", type=Path, help="the study's folder")
    command.add_argument(
        "--names",
        nargs="+",
        default=[],
        metavar="NAME",
        help="whom to invite, also as Ana,Ben; who was invited keeps their link",
    )
    command.add_argument(
        "--repeats",
        type=float,
        default=0.1,
        metavar="SHARE",
        help="about which share of the maps comes a second time, 0 to 1 (default: %(default)s)",
    )
    command.add_argument(
        "--seed", type=int, default=0, help="of the orders of the maps (default: %(default)s)"
    )
    command.add_argument(
        "--address",
        default="http://localhost:8866/",
        metavar="URL",
        help="where `cnnvis app rating` is reached (default: %(default)s)",
    )
    command.set_defaults(run=_raters)


def _raters(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.human_scores import EyeScores, rater_file
    from cnnvis_widgets.study.raters import invite, raters
    from cnnvis_widgets.study.study import Study

    study = Study.open(options.path)
    names = [name for text in options.names for name in text.split(",")]
    if names:
        everyone = invite(options.path, names, options.repeats, options.seed)
    else:
        everyone = raters(options.path)
    for rater in everyone:
        file = options.path / rater_file(rater.name)
        scores = EyeScores(study, file, rater.seed, rater.repeats)
        print(f"{rater.name}: {scores.judged} of {len(scores.lines)} judged")
        print(f"  {options.address.rstrip('/')}/{PAGE}?rater={rater.key}")
    if everyone:
        print(f"Serve their page: cnnvis app rating --study {options.path}")
        print(f"See what they say: cnnvis study people {options.path}")
    else:
        print("Nobody is invited yet: --names Ana Ben gives each a link.")
    return 0
