"""`cnnvis models`: lists networks and their weights, and downloads weights."""

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
    """Print every network with its weights, and where they are or why they are missing."""
    from cnnvis_widgets.zoo.loading import architectures

    rows = [("network", "weights", "where")]
    rows += [(a.name, a.weights, whereabouts(a)) for a in architectures().values()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        print(f"{row[0]:{widths[0]}}  {row[1]:{widths[1]}}  {row[2]}")
    return 0


def whereabouts(architecture: Architecture) -> str:
    """Where the weights of a network are, or why they are missing."""
    from cnnvis_widgets.zoo.weights import find

    if reason := architecture.available():
        return reason
    if architecture.file is not None:
        return str(find(architecture.file))
    descriptions = {"bundled": "come along", "extra": "installed", "none": "architecture only"}
    return descriptions[architecture.weights]


def fetch_models(names: Sequence[str], folder: Path | None) -> int:
    """Download weights into the cache, or into a folder for another machine."""
    from cnnvis_widgets.zoo.loading import architectures
    from cnnvis_widgets.zoo.weights import cache_folder, fetch, find

    zoo = architectures()
    fetchable = [name for name, a in zoo.items() if a.file is not None]
    selected = fetchable if "all" in names else list(dict.fromkeys(names))
    for name in selected:
        if name not in zoo:
            raise UnknownNameError.of("network", name, zoo)
    for name in selected:
        file, title = zoo[name].file, zoo[name].title
        if file is None:
            subject = "" if zoo[name].weights == "none" else "its weights "
            print(f"{name}: nothing to fetch; {subject}{whereabouts(zoo[name])}")
        elif folder is None and (path := find(file)) and path.parent != cache_folder():
            print(f"{name}: already at {path}")
        else:  # a cached file is checked, and downloaded again if it is damaged
            print(f"{name}: {fetch(file, title, folder=folder)}")
    return 0
