"""`cnnvis compare`: compares other libraries' explanations with ours."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnvis_widgets.cli.explain import add_model_options, chosen_unit, read_labels
from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.progress import progress_bar

if TYPE_CHECKING:
    from cnnvis_widgets.peers.comparison import Comparison
    from cnnvis_widgets.peers.contract import Library

ENDINGS = (".html", ".png", ".json")
SECONDS = 600


def add_compare(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis compare`."""
    add = command.add_argument
    add("network", metavar="MODEL", help="a network of the zoo, or a .keras or .h5 file")
    add("--picture", metavar="IMAGE", default="cat", help="a path, or an included picture's name")
    add("--class", dest="unit", metavar="U|LABEL", help="an output unit; the most probable class")
    add("--layer", metavar="NAME", default="", help="of Grad-CAM and its like; the last block")
    add("--method", metavar="NAME", nargs="+", help="some of our methods; all that they share")
    add("--library", metavar="NAME", nargs="+", help="xplique, tf-keras-vis, captum; all installed")
    add("-o", "--out", metavar="FILE", type=Path, help="html: a page; png: the maps; json: all")
    add("--json", action="store_true", help="print plain data instead of sentences")
    add_model_options(command)
    add("--seed", metavar="N", type=int, default=0)
    add(
        "--seconds",
        metavar="N",
        type=float,
        default=SECONDS,
        help="for each library; what is left then is not asked (default: %(default)s)",
    )
    command.description = (
        "Run what is installed of xplique, tf-keras-vis and captum beside ours on one picture, and "
        "say where they disagree, by how much and why. Every library gets a copy of the network "
        "that ends before its softmax."
    )
    command.set_defaults(run=compare)


def compare(options: argparse.Namespace) -> int:
    """Print the report, and write a page, a figure or plain data."""
    plan = _checked(options)
    from cnnvis_widgets.zoo.images import load_image
    from cnnvis_widgets.zoo.loading import load_network

    image = load_image(options.picture)
    network = load_network(
        options.network, options.weights, preprocess=options.preprocess, labels=read_labels(options)
    )
    from cnnvis_widgets.peers import report
    from cnnvis_widgets.peers.case import case_of
    from cnnvis_widgets.peers.comparison import compare

    unit = None if options.unit is None else chosen_unit(network, options.unit)
    case = case_of(network, image, unit, options.layer, options.seed)
    with progress_bar("maps") as show:
        comparison = compare(case, plan.libraries, plan.methods, plan.absent, show, options.seconds)
    plain = json.dumps(report.data(comparison), ensure_ascii=False, indent=2)
    print(plain if options.json else report.text(comparison))
    if options.out is not None:
        _write(comparison, options.out, plain)
        if not options.json:
            print(f"\nwrote {options.out}")
    return 0


class _Plan(NamedTuple):
    """The arguments that are checked before TensorFlow is loaded, which is slow."""

    libraries: dict[str, Library]
    absent: dict[str, str]
    methods: list[str]


def _checked(options: argparse.Namespace) -> _Plan:
    from cnnvis_widgets.peers.comparison import installed, methods_of
    from cnnvis_widgets.zoo.loading import SUFFIXES, all_names

    names = all_names()
    if options.network not in names and Path(options.network).suffix.lower() not in SUFFIXES:
        raise UnknownNameError.of("network", options.network, names)
    if options.seconds <= 0:
        raise InvalidValueError(f"--seconds is more than 0; got {options.seconds:g}.")
    if options.out is not None:
        if options.out.suffix.lower() not in ENDINGS:
            raise UnknownNameError.of("format", options.out.suffix, ENDINGS)
        if not options.out.parent.is_dir():
            raise FileError(f"There is no folder {str(options.out.parent)!r} to write into.")
    libraries, absent = installed(options.library)
    return _Plan(libraries, absent, methods_of(libraries, options.method))


def _write(comparison: Comparison, path: Path, plain: str) -> None:
    from cnnvis_widgets.peers import page, report

    try:
        if path.suffix.lower() == ".html":
            path.write_text(page.page(comparison), "utf-8")
        elif path.suffix.lower() == ".json":
            path.write_text(plain + "\n", "utf-8")
        else:
            report.figure(comparison).savefig(path, dpi=110)
    except OSError as error:
        raise FileError(f"{path} could not be written: {error.strerror or error}") from error
