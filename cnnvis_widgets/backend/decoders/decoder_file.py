"""A trained decoder on disk: what it is for, and its weights. No TensorFlow here.

One .npz of NumPy's: the facts as JSON, the weights as float16, nothing that could be run. The
architecture follows from the facts (`decoder.build`).
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnnvis_widgets.errors import FileError

FORMAT = 1
SUFFIX = ".npz"
WIDEST = 1024
DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


class DecoderFacts(NamedTuple):
    """What a decoder is for, and how it was trained.

    Attributes:
        network: the network's name.
        layer: the layer whose code it takes.
        code_shape: of that layer's result, (rows, columns, units) or (units,).
        input_shape: of the network's input, (rows, columns, channels); the decoder gives colours of
            that shape.
        bounds: the network's input for black and for white, least and largest value.
        width: of the decoder: the units of its first layer.
        pictures: how many it was trained on.
        steps: how many steps.
        batch: pictures in a step.
        rate: Adam's, at the start.
        seed: of the first weights and of the order of the pictures.
        loss: mean squared error of the colours (0 to 1) over the last pass through the pictures (or
            the last hundred steps, where that is more).
    """

    network: str
    layer: str
    code_shape: tuple[int, ...]
    input_shape: tuple[int, int, int]
    bounds: tuple[float, float]
    width: int
    pictures: int
    steps: int
    batch: int
    rate: float
    seed: int
    loss: float


class StoredDecoder(NamedTuple):
    """A decoder as it is stored on disk.

    Attributes:
        facts: see `DecoderFacts`.
        weights: float32, in the order of the decoder's layers.
        mean: float32 (units,), taken off the code before the first layer.
        scale: float32 (units,), by which it is divided then.
        print: float32, what the network said of a fixed picture; see `decoder.fingerprint`.
    """

    facts: DecoderFacts
    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    scale: np.ndarray
    print: np.ndarray


def write(path: Path, stored: StoredDecoder) -> None:
    """Write a decoder, whole or not at all.

    Raises:
        FileError: the file cannot be written.
    """
    arrays = {f"weights_{i}": w.astype(np.float16) for i, w in enumerate(stored.weights)}
    for name in ("mean", "scale", "print"):
        arrays[name] = getattr(stored, name).astype(np.float32)
    save(path, {"format": FORMAT, **stored.facts._asdict()}, arrays)


def save(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write facts and arrays to one file, by way of a second one that then takes its place."""
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez_compressed(content, facts=text, **arrays)  # type: ignore[arg-type]
    beside = path.with_name(path.name + ".new")
    try:
        beside.write_bytes(content.getvalue())
        beside.replace(path)
    except OSError as error:
        raise FileError(f"{path} could not be written: {error.strerror or error}") from error


def load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `save` wrote; any of `DAMAGE` where it is not that."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("facts").tobytes()), arrays


def read(path: Path) -> StoredDecoder:
    """A decoder out of its file.

    Raises:
        FileError: there is none, or it is damaged. It is the same message for both, so that a page
            open to the public does not tell which files there are.
    """
    try:
        _regular(path)
        facts, arrays = load(path)
        weights = [arrays[f"weights_{i}"] for i in range(len(arrays) - 3)]
        rest = (arrays[name].astype(np.float32) for name in ("mean", "scale", "print"))
        decoder = StoredDecoder(_facts(facts), tuple(w.astype(np.float32) for w in weights), *rest)
        if not all(np.isfinite(a).all() for a in (*decoder.weights, *decoder[2:])):
            raise ValueError("values that are not finite")
        return decoder
    except DAMAGE as error:
        raise FileError(
            f"There is no decoder in {str(path)!r}. cnnvis.train_decoder(network, layer, folder, "
            "path) makes one."
        ) from error


def read_facts(path: Path) -> DecoderFacts:
    """A decoder's facts alone; quick.

    Raises:
        FileError: as `read`.
    """
    try:
        _regular(path)
        with np.load(path, allow_pickle=False) as file:
            return _facts(json.loads(file["facts"].tobytes()))
    except DAMAGE as error:
        raise FileError(f"There is no decoder in {str(path)!r}.") from error


def decoders(folder: Path | None) -> dict[str, Path]:
    """The decoders in a folder: layer → file. None is no folder; other files are passed over."""
    files: dict[str, Path] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder is not None else ():
        with contextlib.suppress(FileError):
            files[read_facts(path).layer] = path
    return files


def _regular(path: Path) -> None:
    """Opening a pipe or a terminal waits for ever; a page may be asked to do it."""
    if path.suffix != SUFFIX or not path.is_file():
        raise ValueError("no such file")


def _facts(given: dict[str, Any]) -> DecoderFacts:
    if given.pop("format") != FORMAT:
        raise ValueError("another format")
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    facts = DecoderFacts(**plain)
    whole: Sequence[Any] = (*facts.code_shape, *facts.input_shape, facts.width)
    if not all(isinstance(n, int) and 0 < n < 1 << 20 for n in whole) or facts.width > WIDEST:
        raise ValueError("impossible sizes")
    return facts
