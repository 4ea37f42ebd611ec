"""`cnnvis explain`: one explanation as a figure or an array."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.progress import progress_bar

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.backend.neuron import Neuron
    from cnnvis_widgets.methods.explanation import Explanation

WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def add_model_options(command: argparse.ArgumentParser) -> None:
    """Options for model files and for weights."""
    add = command.add_argument
    add(
        "--preprocess",
        metavar="NAME",
        help="how a model file's pictures are prepared: -1..1, 0..1, caffe, torch, mobilenet_v2 …",
    )
    add("--labels", metavar="FILE", type=Path, help="a model file's class names, a line each")
    add("--weights", metavar="WHERE", help='a folder or file of weights, or "random"')


def add_explain(command: argparse.ArgumentParser) -> None:
    """The options of `cnnvis explain`."""
    add = command.add_argument
    add("image", metavar="IMAGE", help="a path, or the name of an included picture")
    add("-o", "--output", metavar="OUT", required=True, type=Path)
    add("--network", metavar="NAME", default="efficientnet_lite0", help="or a .keras or .h5 file")
    add("--method", metavar="NAME", default="grad_cam")
    add_model_options(command)
    add(
        "--neuron",
        metavar="U|LABEL|LAYER:U",
        help="an output unit by number or label, or a unit of a layer; the most probable class",
    )
    add("--against", metavar="U|LABEL", help="another output unit, whose value is subtracted")
    add("--aggregate", choices=("sum", "mean", "max"), help="over a layer's rows and columns")
    add("--position", metavar="ROW,COLUMN", help="one activation of the layer's map instead")
    add("--mode", default="overlay", help="overlay, side_by_side, split, contour or heatmap")
    add("--set", metavar="NAME=VALUE", action="append", default=[], help="the method's parameters")
    add("--seed", metavar="N", type=int, default=0)
    command.description = (
        "Explain a neuron on a picture. OUT's ending says what is written: png, svg, pdf … for a "
        "figure, npy for the raw attribution."
    )
    command.set_defaults(run=explain)


class _Plan(NamedTuple):
    """The arguments that are checked before TensorFlow is loaded, which is slow."""

    parameters: dict[str, Any]
    position: tuple[int, ...] | None


def explain(options: argparse.Namespace) -> int:
    """Print predictions, neuron and notes, and write OUT."""
    plan = _checked(options)
    from cnnvis_widgets.zoo.images import load_image
    from cnnvis_widgets.zoo.loading import load_network

    pixels = load_image(options.image)
    network = load_network(
        options.network, options.weights, preprocess=options.preprocess, labels=read_labels(options)
    )
    from cnnvis_widgets.engine.explain import compute

    neuron = _target(network, options, plan.position)
    with progress_bar() as show:
        explanation = compute(
            network, options.image, options.method, neuron, options.seed, show, plan.parameters
        )
    print(f"{network.name}" + (f" ({network.trained_on})" if network.trained_on else ""))
    for rank, answer in enumerate(network.predict(pixels), start=1):
        score = f"{answer.score:7.2%}" if answer.score is not None else " " * 7
        print(f"  {rank}. {score}  {answer.label}  (unit {answer.unit}, logit {answer.logit:.3f})")
    layer = f", maps of {explanation.layer}" if explanation.layer else ""
    print(f"{explanation.title}: activation {explanation.value:.4g}{layer}")
    for note in explanation.notes:
        print(f"note: {note}")
    print(f"wrote {_save(explanation, options.output, options.mode)}")
    return 0


def _checked(options: argparse.Namespace) -> _Plan:
    from matplotlib.backend_bases import FigureCanvasBase

    from cnnvis_widgets.methods import method
    from cnnvis_widgets.methods.parameter import checked
    from cnnvis_widgets.rendering.figures import Mode
    from cnnvis_widgets.zoo.images import load_image
    from cnnvis_widgets.zoo.loading import SUFFIXES, all_names

    network_names = all_names()
    if (
        options.network not in network_names
        and Path(options.network).suffix.lower() not in SUFFIXES
    ):
        raise UnknownNameError.of("network", options.network, network_names)
    instance = method(options.method)
    parameters = dict(_assignment(text) for text in options.set)
    kinds = {p.name: p.kind for p in instance.parameters}
    for name in parameters:
        if kinds.get(name) == "boolean":
            parameters[name] = WORDS.get(parameters[name].lower(), parameters[name])
    if options.mode not in get_args(Mode):
        raise UnknownNameError.of("mode", options.mode, get_args(Mode))
    formats = ("npy", *FigureCanvasBase.get_supported_filetypes())
    if options.output.suffix.lstrip(".").lower() not in formats:
        raise UnknownNameError.of("format", options.output.suffix.lstrip("."), formats)
    if not options.output.parent.is_dir():
        raise FileError(f"There is no folder {str(options.output.parent)!r} to write into.")
    load_image(options.image)
    return _Plan(checked(instance.parameters, parameters, options.method), _position(options))


def read_labels(options: argparse.Namespace) -> list[str] | None:
    """The names in the file of `--labels`, or None."""
    if options.labels is None:
        return None
    from cnnvis_widgets.zoo import labels

    try:
        data = options.labels.read_bytes()
    except OSError as error:
        raise FileError(f"{options.labels} cannot be read: {error}") from None
    return list(labels.read_labels(data, str(options.labels)))


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
    unit = chosen_unit(network, text, "class (nor LAYER:U, nor a unit)")
    return Neuron(None, unit, options.aggregate or "sum", position)


def chosen_unit(network: Network, text: str, kind: str = "class (nor a unit)") -> int:
    """An output unit by its number or its label.

    Args:
        network: the network.
        text: the number or label.
        kind: what the text should be, for the error.

    Raises:
        UnknownNameError: no such label.
    """
    if text.isdecimal():
        return int(text)
    names = [network.label(unit) for unit in range(network.units)] if network.labels else []
    labels = [name.casefold() for name in names]
    if text.casefold() not in labels:
        raise UnknownNameError.of(kind, text, names)
    return labels.index(text.casefold())


def _target(
    network: Network, options: argparse.Namespace, position: tuple[int, ...] | None
) -> Neuron | None:
    """The neuron, or the difference of two output units."""
    from cnnvis_widgets.backend.target import Target

    neuron = _neuron(network, options, position)
    if options.against is None:
        return neuron
    subtracted = _neuron(network, argparse.Namespace(neuron=options.against, aggregate=None), None)
    if (
        neuron is None
        or neuron.layer is not None
        or subtracted is None
        or subtracted.layer is not None
    ):
        raise InvalidValueError("--against U goes with --neuron U: two output units.")
    return Target(
        {neuron.unit: 1, subtracted.unit: -1}, aggregate=neuron.aggregate, position=position
    )


def _save(explanation: Explanation, output: Path, mode: str) -> Path:
    if explanation.image is not None and output.suffix.lower() == ".npy":
        import numpy as np

        np.save(output, explanation.image)
        return output
    return (
        explanation.save(output)
        if explanation.image is not None
        else explanation.save(output, mode=mode)
    )
