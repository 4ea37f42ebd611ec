"""A trained decoder on disk: its facts and its weights. No TensorFlow here.

A NumPy .npz file: the facts as JSON, the weights as float16, no code. The
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
    """The network and layer of a decoder, and how it was trained.

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
        mean: float32 (units,), subtracted from the code before the first layer.
        scale: float32 (units,), by which the code is divided then.
        print: float32, the network's fingerprint; see `decoder.fingerprint`.
    """

    facts: DecoderFacts
    weights: tuple[np.ndarray, ...]
    mean: np.ndarray
    scale: np.ndarray
    print: np.ndarray


def write(path: Path, stored: StoredDecoder) -> None:
    """Write a decoder atomically.

    Raises:
        FileError: the file cannot be written.
    """
    arrays = {f"weights_{i}": w.astype(np.float16) for i, w in enumerate(stored.weights)}
    for name in ("mean", "scale", "print"):
        arrays[name] = getattr(stored, name).astype(np.float32)
    save(path, {"format": FORMAT, **stored.facts._asdict()}, arrays)


def save(path: Path, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
    """Write facts and arrays to one file atomically, by way of a temporary file."""
    content = io.BytesIO()
    text = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    np.savez_compressed(content, facts=text, **arrays)  # type: ignore[arg-type]
    temporary = path.with_name(path.name + ".new")
    try:
        temporary.write_bytes(content.getvalue())
        temporary.replace(path)
    except OSError as error:
        raise FileError(f"{path} could not be written: {error.strerror or error}") from error


def load(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The contents of a file of `save`; raises any of `DAMAGE` if it is damaged."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop("facts").tobytes()), arrays


def read(path: Path) -> StoredDecoder:
    """A decoder out of its file.

    Raises:
        FileError: there is none, or it is damaged. The message is the same for both, so that a
            public page does not reveal which files exist.
    """
    try:
        _regular(path)
        facts, arrays = load(path)
        weights = [arrays[f"weights_{i}"] for i in range(len(arrays) - 3)]
        statistics = (arrays[name].astype(np.float32) for name in ("mean", "scale", "print"))
        decoder = StoredDecoder(
            _facts(facts), tuple(w.astype(np.float32) for w in weights), *statistics
        )
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
    """The decoders in a folder: layer → file. None is no folder; other files are ignored."""
    files: dict[str, Path] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder is not None else ():
        with contextlib.suppress(FileError):
            files[read_facts(path).layer] = path
    return files


def _regular(path: Path) -> None:
    """Refuse what is no regular file: opening a pipe or a terminal, as a page may ask, blocks."""
    if path.suffix != SUFFIX or not path.is_file():
        raise ValueError("no such file")


def _facts(fields: dict[str, Any]) -> DecoderFacts:
    if fields.pop("format") != FORMAT:
        raise ValueError("another format")
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    facts = DecoderFacts(**plain)
    sizes: Sequence[Any] = (*facts.code_shape, *facts.input_shape, facts.width)
    if not all(isinstance(n, int) and 0 < n < 1 << 20 for n in sizes) or facts.width > WIDEST:
        raise ValueError("impossible sizes")
    return facts
