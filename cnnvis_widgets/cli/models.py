"""`cnnvis models`: which networks there are, where their weights are, and fetching them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import UnknownNameError

if TYPE_CHECKING:
    from cnnvis_widgets.zoo.architecture import Architecture


def add_models(command: argparse.ArgumentParser) -> None:
    """The actions of `cnnvis models`."""
    actions = command.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every network, and where its weights are")
    listing.set_defaults(run=lambda _: list_models())
    fetch = actions.add_parser("fetch", help="bring weights to this machine")
    fetch.add_argument("names", metavar="NAME", nargs="+", help='a network, or "all"')
    fetch.add_argument("--to", metavar="FOLDER", type=Path, help="elsewhere than into the cache")
    fetch.set_defaults(run=lambda o: fetch_models(o.names, o.to))


def list_models() -> int:
    """`cnnvis models list`: every network, its weights, and where they are or why they are not."""
    from cnnvis_widgets.zoo.loading import architectures

    rows = [("network", "weights", "where")]
    rows += [(a.name, a.weights, whereabouts(a)) for a in architectures().values()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        print(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}")
    return 0


def whereabouts(architecture: Architecture) -> str:
    """Where the weights of a network are, or why they are not at hand."""
    from cnnvis_widgets.zoo.weights import find

    if why := architecture.available():
        return why
    if architecture.file is not None:
        return str(find(architecture.file))
    known = {"bundled": "come along", "extra": "installed", "none": "architecture only"}
    return known[architecture.weights]


def fetch_models(names: Sequence[str], folder: Path | None) -> int:
    """`cnnvis models fetch`: into the cache, or into a folder to be carried elsewhere."""
    from cnnvis_widgets.zoo.loading import architectures
    from cnnvis_widgets.zoo.weights import cache_folder, fetch, find

    known = architectures()
    fetched = [name for name, a in known.items() if a.file is not None]
    wanted = fetched if "all" in names else list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise UnknownNameError.of("network", name, known)
    for name in wanted:
        file, title = known[name].file, known[name].title
        if file is None:
            subject = "" if known[name].weights == "none" else "its weights "
            print(f"{name}: nothing to fetch; {subject}{whereabouts(known[name])}")
        elif folder is None and (there := find(file)) and there.parent != cache_folder():
            print(f"{name}: already at {there}")
        else:  # one that is in the cache is checked, and fetched again if it is damaged
            print(f"{name}: {fetch(file, title, folder=folder)}")
    return 0
