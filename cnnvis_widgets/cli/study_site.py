"""`cnnvis study site`: writes a study as static pages."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnvis_widgets.progress import progress_bar


def add_site(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis study site`."""
    command.add_argument("path", metavar="PATH", type=Path, help="the study's folder")
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where the pages go (default: PATH/site)"
    )
    command.add_argument(
        "--units",
        type=int,
        default=6,
        metavar="N",
        help="units of each layer that have a page; 0: no layers, no network is loaded "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--steps",
        type=int,
        default=96,
        metavar="N",
        help="of activation maximisation for each unit; 0: none (default: %(default)s)",
    )
    command.add_argument("--title", help="at the head of every page (default: the folder's name)")
    command.set_defaults(run=_site)


def _site(options: argparse.Namespace) -> int:
    from cnnvis_widgets.study.site import Options, write_site
    from cnnvis_widgets.study.study import Study

    study = Study.open(options.path)
    title = options.title or options.path.resolve().name
    site_options = Options(options.units, options.steps, title)
    with progress_bar("pages") as show:
        index = write_site(study, options.out or options.path / "site", site_options, show)
    print(f"wrote {index}")
    return 0
