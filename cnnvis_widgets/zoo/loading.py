"""Networks by name or from a file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnvis_widgets import policy
from cnnvis_widgets.backend.tensorflow_import import import_tensorflow
from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.registry import discover
from cnnvis_widgets.zoo import weights as files
from cnnvis_widgets.zoo.architecture import Architecture
from cnnvis_widgets.zoo.labels import labels_of
from cnnvis_widgets.zoo.model_archive import check_model_file
from cnnvis_widgets.zoo.model_refusals import refusal
from cnnvis_widgets.zoo.weights import Fetching, LocalWeights

if TYPE_CHECKING:
    import keras
    import numpy as np

    from cnnvis_widgets.backend.network import Network

SUFFIXES = (".keras", ".h5", ".hdf5")
DECODERS = Path(__file__).with_name("decoders")


@functools.cache
def architectures() -> dict[str, Architecture]:
    """Every network of the zoo, by name, in menu order. Loads no TensorFlow."""
    import cnnvis_widgets.zoo.networks as package

    return {name: cls() for name, cls in discover(package, Architecture).items()}


def all_names() -> tuple[str, ...]:
    """What `load_network` takes as a name: every network, and "network:version"."""
    networks = architectures().values()
    return (*architectures(), *(f"{a.name}:{v}" for a in networks for v in a.versions))


def load_network(
    name: str | Path,
    weights: str | Path | None = None,
    *,
    progress: Fetching | None = None,
    seed: int = 0,
    preprocess: Callable[[np.ndarray], np.ndarray] | str | None = None,
    labels: Iterable[str] | Mapping[Any, Any] | None = None,
) -> Network:
    """A network of the zoo, or a model from a file.

    Args:
        name: a name of the zoo, also with a version ("mini_vgg:cheating"), or the path of a
            .keras or .h5 file. Files are loaded in Keras' safe mode: code inside them (a Lambda
            layer) is refused, never run.
        weights: for a network of the zoo: None for the published ones (found on this machine or
            fetched once, see docs/networks.md), "random" for Keras' initial ones, a bundled
            version ("cheating"), a folder with the published file, or a file of your own weights.
        progress: called with (bytes so far, bytes in all) while weights are fetched; None draws a
            bar on stderr. An exception raised in it stops the transfer.
        seed: of random weights.
        preprocess: for a file: what its pictures need, as `Network` takes it ("mobilenet_v2").
        labels: for a file: the names of its output units, as `Network` takes them.

    Raises:
        UnknownNameError: neither a name of the zoo nor a file.
        FileError: a file that is damaged or refused; weights that are absent, of another network,
            or cannot be fetched (the message says how to bring them).

    Examples:
        >>> cnnvis.load_network("mini_vgg")
        Network('Mini VGG', input (64, 64, 3))
        >>> cnnvis.load_network("mini_vgg:cheating").trained_on
        '9600 drawn pictures, snow with one class only: blotched crescent'
    """
    text = str(name)
    if isinstance(name, str) and text in all_names():
        if preprocess is not None or labels is not None:
            raise InvalidValueError(
                f"{name!r} has its own preprocessing and labels; leave preprocess= and labels= "
                "out, or wrap its model: cnnvis.Network(network.model, preprocess, labels)."
            )
        text, _, version = text.partition(":")
        if version and weights is not None:
            raise InvalidValueError(f"{name!r} says which weights; leave weights= out.")
        return _from_zoo(architectures()[text], version or weights, progress, seed)
    if Path(text).suffix.lower() in SUFFIXES:
        if weights is not None:
            raise InvalidValueError("A model file has its own weights; leave weights= out.")
        return _from_file(Path(text), preprocess, labels)
    names = all_names()
    raise UnknownNameError.of(f"network (nor a {' or '.join(SUFFIXES)} file)", text, names)


def _from_zoo(
    architecture: Architecture,
    weights: str | Path | None,
    progress: Fetching | None,
    seed: int,
) -> Network:
    # Before TensorFlow is loaded, so that a missing file is reported at once.
    local = None if weights == "random" else _find_weights(architecture, weights, progress)
    import_tensorflow()
    from cnnvis_widgets.backend.network import Network

    model = _seeded(architecture, seed)
    name, title, arguments = architecture.name, architecture.title, ""
    if local is None:
        title += " (random weights)"
        arguments = ', weights="random"' if weights == "random" else ""
        arguments += f", seed={seed}" if seed else ""
    elif weights in architecture.versions:
        name, title = f"{name}:{weights}", f"{title} ({weights})"
        architecture.read_weights(model, local.path)
    else:
        arguments = "" if weights is None else f", weights={str(weights)!r}"
        is_file = weights is not None and Path(weights).expanduser().is_file()
        read_weights = files.read if is_file else architecture.read_weights
        read_weights(model, local.path)
    labels = labels_of(architecture.labels)
    code = f'cnnvis.load_network("{name}"{arguments})'
    network = Network(model, architecture.preprocess, labels, title, code=code)
    network.trained_on = local.trained_on if local else "random weights"
    if weights is None and (folder := DECODERS / architecture.name).is_dir():
        network.decoders = folder  # they were trained for the published weights
    return network


def _find_weights(
    architecture: Architecture, weights: str | Path | None, progress: Fetching | None
) -> LocalWeights | None:
    if weights is None:
        return architecture.find_weights(None, progress)
    if weights in architecture.versions:
        return architecture.find_version(str(weights))
    path = Path(weights).expanduser()
    if path.is_file():
        return LocalWeights(path, files.origin(architecture.file, path))
    if path.is_dir() and architecture.file is not None:
        return architecture.find_weights(path)
    if path.is_dir():
        raise InvalidValueError(
            f"The weights of {architecture.title} do not come out of a folder. Leave weights= out, "
            "or give the path of a file of your own weights."
        )
    raise FileError(
        f"There is no file or folder {str(weights)!r}. weights= is left out for the published ones,"
        ' or is "random", a folder with weight files, or a file.'
        + "".join(f' {architecture.title} also has weights="{v}".' for v in architecture.versions)
    )


def _seeded(architecture: Architecture, seed: int) -> keras.Model:
    """Build the network channels_last, with weights determined by the seed."""
    import keras

    from cnnvis_widgets.backend.variants.randomization import seeded

    setting = keras.config.image_data_format()
    # The zoo's networks and pictures are channels_last, whatever ~/.keras/keras.json says.
    keras.config.set_image_data_format("channels_last")
    try:
        return seeded(architecture.build, seed)
    finally:
        keras.config.set_image_data_format(setting)


def _from_file(path: Path, preprocess: Any, labels: Any) -> Network:
    model = read_model(path)
    from cnnvis_widgets.backend.network import Network

    option = f", preprocess={preprocess!r}" if isinstance(preprocess, str) else ""
    code = f"cnnvis.load_network({str(path)!r}{option})"
    return Network(model, preprocess, labels, path.stem, code=code)


def read_model(path: Path, name: str = "") -> keras.Model:
    """The Keras model in a file, without its optimizer, in safe mode.

    Args:
        path: a .keras, .h5 or .hdf5 file.
        name: what to call the file in errors; the last part of its path by default.

    Raises:
        FileError: missing, damaged, too large when unpacked, or with code that Keras cannot or
            must not run; the message says what to do.
    """
    if reason := policy.current().no_file(path, "a model"):
        raise FileError(reason)
    if not path.is_file():
        raise FileError(f"There is no file {str(path)!r}.")
    check_model_file(path, name)
    import_tensorflow()
    import keras

    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise FileError(refusal(name or path.name, error)) from error
