"""`cnnvis`: explain a picture, look after weights, serve the pages. TensorFlow only if needed."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from cnnvis_widgets import __version__, serving
from cnnvis_widgets.cli_decoder import add_decoder
from cnnvis_widgets.cli_study import add_study
from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError, UnknownNameError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.methods.explanation import Explanation
    from cnnvis_widgets.zoo.architecture import Architecture

FAILED = 2
INTERRUPTED = 130  # as shells report a process that Ctrl+C ended
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: the words after `cnnvis`; those of this process by default.

    Returns:
        The exit code: 0, 1 where `doctor` found something wrong, 2 after an error (which is told
        on stderr in one line, or more where there is advice).
    """
    options = parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (CnnvisError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="cnnvis", description="See what a neuron of a convolutional network responds to."
    )
    top.add_argument("--version", action="version", version=f"cnnvis-widgets {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    app = commands.add_parser("app", help="serve the notebooks as pages (Voilà)")
    _add_server_options(app, serving.APP_PORT)
    app.add_argument(
        "--preheat",
        action=argparse.BooleanOptionalAction,
        default=serving.PREHEAT,
        help="keep a started kernel ready for the next visitor of NOTEBOOK (default: %(default)s)",
    )
    app.set_defaults(run=lambda o: serving.app(o.notebook, _server(o), o.preheat))

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    _add_server_options(lab, serving.LAB_PORT)
    lab.set_defaults(run=lambda o: serving.lab(o.notebook, _server(o)))

    _add_explain(commands.add_parser("explain", help="explain a neuron on a picture"))

    models = commands.add_parser("models", help="the networks and their weights")
    actions = models.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="every network, and where its weights lie")
    listing.set_defaults(run=lambda _: list_models())
    fetch = actions.add_parser("fetch", help="bring weights to this machine")
    fetch.add_argument("names", metavar="NAME", nargs="+", help='a network, or "all"')
    fetch.add_argument("--to", metavar="FOLDER", type=Path, help="elsewhere than into the cache")
    fetch.set_defaults(run=lambda o: fetch_models(o.names, o.to))

    add_study(commands.add_parser("study", help="many explanations, and what metrics say of them"))
    decoders = commands.add_parser("decoder", help="decoders for the method upconvnet")
    add_decoder(decoders, lambda: contextlib.closing(_Steps()))

    doctor = commands.add_parser("doctor", help="what is here, what will not work, and why")
    doctor.set_defaults(run=lambda _: _doctor())
    return top


def _add_server_options(command: argparse.ArgumentParser, port: int) -> None:
    command.add_argument(
        "notebook",
        nargs="?",
        default=serving.FIRST,
        metavar="NOTEBOOK",
        help="one that comes along, by name, or the path of yours (default: %(default)s)",
    )
    command.add_argument("--port", type=int, help=f"default: the first free one from {port}")
    command.add_argument(
        "--host", default="localhost", help="0.0.0.0 to be reached from other machines"
    )
    command.add_argument("--no-browser", action="store_true", help="open no browser")
    command.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of Voilà or JupyterLab itself, as often as needed",
    )


def _server(options: argparse.Namespace) -> serving.Server:
    return serving.Server(options.port, options.host, not options.no_browser, options.option)


def _add_explain(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("image", metavar="IMAGE", help="a path, or the name of a picture that comes along")
    add("-o", "--output", metavar="OUT", required=True, type=Path)
    add("--network", metavar="NAME", default="efficientnet_lite0", help="or a .keras or .h5 file")
    add("--method", metavar="NAME", default="grad_cam")
    add(
        "--neuron",
        metavar="U|LABEL|LAYER:U",
        help="an output unit by number or label, or a unit of a layer; the most probable class",
    )
    add("--aggregate", choices=("sum", "mean", "max"), help="over a layer's rows and columns")
    add("--position", metavar="ROW,COLUMN", help="one activation of the layer's map instead")
    add("--mode", default="overlay", help="overlay, side_by_side, split, contour or heatmap")
    add("--set", metavar="NAME=VALUE", action="append", default=[], help="the method's parameters")
    add("--seed", metavar="N", type=int, default=0)
    add("--weights", metavar="WHERE", help='a folder or file of weights, or "random"')
    command.description = (
        "Explain a neuron on a picture. OUT's ending says what is written: png, svg, pdf … for a "
        "figure, npy for the raw attribution."
    )
    command.set_defaults(run=explain)


class _Plan(NamedTuple):
    """What can be checked of a command before TensorFlow is loaded, which takes its time."""

    parameters: dict[str, Any]
    position: tuple[int, ...] | None


def explain(options: argparse.Namespace) -> int:
    """`cnnvis explain`: prints predictions, neuron and notes, and writes OUT."""
    plan = _checked(options)
    from cnnvis_widgets.zoo.images import load_image
    from cnnvis_widgets.zoo.loading import load_network

    pixels = load_image(options.image)
    network = load_network(options.network, options.weights)
    from cnnvis_widgets.engine.explain import compute

    neuron = _neuron(network, options, plan.position)
    steps = _Steps()
    try:
        found = compute(
            network, options.image, options.method, neuron, options.seed, steps, plan.parameters
        )
    finally:
        steps.close()
    print(f"{network.name}" + (f" ({network.trained_on})" if network.trained_on else ""))
    for place, answer in enumerate(network.predict(pixels), start=1):
        score = f"{answer.score:7.2%}" if answer.score is not None else " " * 7
        print(f"  {place}. {score}  {answer.label}  (unit {answer.unit}, logit {answer.logit:.3f})")
    layer = f", maps of {found.layer}" if found.layer else ""
    print(f"{found.title}: activation {found.value:.4g}{layer}")
    for note in found.notes:
        print(f"note: {note}")
    print(f"wrote {_save(found, options.output, options.mode)}")
    return 0


def _checked(options: argparse.Namespace) -> _Plan:
    from matplotlib.backend_bases import FigureCanvasBase

    from cnnvis_widgets.methods import method
    from cnnvis_widgets.methods.parameter import checked
    from cnnvis_widgets.rendering.figures import Mode
    from cnnvis_widgets.zoo.images import load_image
    from cnnvis_widgets.zoo.loading import SUFFIXES, all_names

    known = all_names()
    if options.network not in known and Path(options.network).suffix.lower() not in SUFFIXES:
        raise UnknownNameError.of("network", options.network, known)
    chosen = method(options.method)
    given = dict(_assignment(text) for text in options.set)
    kinds = {p.name: p.kind for p in chosen.parameters}
    for name in given:
        if kinds.get(name) == "boolean":
            given[name] = WORDS.get(given[name].lower(), given[name])
    if options.mode not in get_args(Mode):
        raise UnknownNameError.of("mode", options.mode, get_args(Mode))
    formats = ("npy", *FigureCanvasBase.get_supported_filetypes())
    if options.output.suffix.lstrip(".").lower() not in formats:
        raise UnknownNameError.of("format", options.output.suffix.lstrip("."), formats)
    if not options.output.parent.is_dir():
        raise FileError(f"There is no folder {str(options.output.parent)!r} to write into.")
    load_image(options.image)
    return _Plan(checked(chosen.parameters, given, options.method), _position(options))


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"--set takes NAME=VALUE; got {text!r}.")
    return name, value


def _position(options: argparse.Namespace) -> tuple[int, ...] | None:
    if (options.position or options.aggregate) and not options.neuron:
        raise InvalidValueError("--position and --aggregate go with --neuron LAYER:U.")
    if options.position is None:
        return None
    try:
        return tuple(int(n) for n in options.position.split(","))
    except ValueError:
        raise InvalidValueError(
            f"--position takes ROW,COLUMN, two whole numbers; got {options.position!r}."
        ) from None


def _neuron(
    network: Network, options: argparse.Namespace, position: tuple[int, ...] | None
) -> Neuron | None:
    from cnnvis_widgets.backend.neuron import Neuron

    text = options.neuron
    if text is None:
        return None
    layer, colon, unit = text.rpartition(":")
    if colon and unit.isdecimal():
        return Neuron(layer or None, int(unit), options.aggregate or "sum", position)
    if text.isdecimal():
        return Neuron(None, int(text), options.aggregate or "sum", position)
    labels = [label.casefold() for label in network.labels or ()]
    if text.casefold() not in labels:
        raise UnknownNameError.of("class (nor LAYER:U, nor a unit)", text, network.labels or ())
    return Neuron(None, labels.index(text.casefold()), options.aggregate or "sum", position)


def _save(found: Explanation, output: Path, mode: str) -> Path:
    if found.image is not None and output.suffix.lower() == ".npy":
        import numpy as np

        np.save(output, found.image)
        return output
    return found.save(output) if found.image is not None else found.save(output, mode=mode)


class _Steps:
    """A bar for work of many steps, nothing for work of one."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None and total > 1 and done < total:
            from tqdm import tqdm

            self._bar = tqdm(total=total, file=sys.stderr, leave=False)
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


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
    """Where the weights of a network lie, or why they are not at hand."""
    from cnnvis_widgets.zoo.weights import find

    if why := architecture.available():
        return why
    if architecture.file is not None:
        return str(find(architecture.file))
    return {"bundled": "come along", "none": "architecture only"}[architecture.weights]


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
        else:  # one that lies in the cache is checked, and fetched again if it is damaged
            print(f"{name}: {fetch(file, title, folder=folder)}")
    return 0


def _doctor() -> int:
    from cnnvis_widgets.doctor import examine, report

    found = examine()
    print(report(found))
    return int(any(check.wrong for check in found))


if __name__ == "__main__":
    sys.exit(main())
