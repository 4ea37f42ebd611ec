"""Train a decoder for `upconvnet` on a folder of pictures, or on pictures in memory."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cnnvis_widgets import checks, policy
from cnnvis_widgets.backend.decoders import decoder_file
from cnnvis_widgets.backend.decoders.decoder_file import DecoderFacts
from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError
from cnnvis_widgets.methods.contract import Progress
from cnnvis_widgets.zoo.images import load_image

ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff")
CACHE_BYTES = 1 << 30  # of crops in memory; further pictures are read again for each batch


def train_decoder(
    network: Network,
    layer: str,
    pictures: str | Path | Iterable[Any],
    path: str | Path,
    *,
    steps: int = 3000,
    batch: int = 16,
    width: int = 64,
    rate: float = 1e-3,
    seed: int = 0,
    progress: Progress | None = None,
    checkpoint_every: int = 200,
) -> DecoderFacts:
    """Train an up-convolutional decoder from a layer's code to the picture, for `upconvnet`.

    You can stop it at any time: what it has learned is in "PATH.training" beside the file, and the
    same call goes on from there. It ends with the same decoder, to the bit, as without the
    interruption.

    Args:
        network: any network; it is not changed.
        layer: any of its layers.
        pictures: a folder (its files and those of its subfolders), or pictures in memory: uint8
            arrays or whatever `cnnvis.load_image` takes. Each is cropped and resized as the network
            sees it. One that cannot be read is left out and named in a warning.
        path: the .npz file to write, which must not be there yet.
        steps: how many steps of Adam; the step size falls to zero along a cosine.
        batch: pictures in a step.
        width: units of the decoder's first layer; the file grows with its square.
        rate: the step size at the start.
        seed: of the first weights and the order of the pictures.
        progress: called with (steps done, in all); an exception raised in it stops the training.
        checkpoint_every: steps from one checkpoint to the next.

    Returns:
        What the decoder is for and how it was trained, `loss` among it.

    Raises:
        UnknownNameError: no such layer.
        InvalidValueError: no pictures, or a value out of range.
        FileError: no such folder, a file that cannot be written, or one that is there already.
        UnsuitableError: a layer that cannot be decoded.

    Examples:
        >>> pictures = [cnnvis.load_image(f"scene:{seed}") for seed in range(4)]
        >>> facts = cnnvis.train_decoder(
        ...     network, "block3_conv2", pictures, "decoder.npz", steps=2, batch=2, width=8
        ... )
        >>> facts.layer, facts.steps
        ('block3_conv2', 2)
    """
    from cnnvis_widgets.backend.decoders.decoder_training import Plan, train

    network = getattr(network, "local", network)  # a `RemoteNetwork` is loaded here for it
    if not isinstance(network, Network):
        raise InvalidValueError(f"Expected a cnnvis.Network; got {type(network).__name__}.")
    network.structure.call(layer)
    for name, value, most in (
        ("steps", steps, 10**7),
        ("batch", batch, 4096),
        ("width", width, decoder_file.WIDEST),
        ("checkpoint_every", checkpoint_every, 10**7),
    ):
        checks.whole(name, value, 1, most)
    checks.number("rate", rate, 0, 1, above=True)
    checks.whole("seed", seed)
    target = _target(path)
    crops = Crops(network, _sources(pictures))
    plan = Plan(int(steps), int(batch), float(rate), int(width), int(seed))
    limited_progress = _with_time_limit(progress or _silent)
    return train(network, layer, crops, target, plan, limited_progress, int(checkpoint_every))


class Crops(Sequence[np.ndarray]):
    """Pictures cropped for a network; those that cannot be read are left out with a warning.

    Args:
        network: gives the input size and channels.
        sources: values that `load_image` takes.

    Raises:
        InvalidValueError: none can be read.
    """

    def __init__(self, network: Network, sources: Iterable[Any]) -> None:
        self._network = network
        self._sources: list[Any] = []
        self._cached: list[np.ndarray] = []
        unread = []
        capacity = CACHE_BYTES // int(np.prod(network.input_shape))
        for source in sources:
            try:
                crop = self._load_crop(source)
            except CnnvisError as error:
                unread.append(f"{_name(source)} ({error})")
                continue
            # Of a picture that is in memory already, only the crop is kept
            self._sources.append(source if isinstance(source, str | Path) else crop)
            if len(self._cached) < capacity:
                self._cached.append(crop)
        if unread:
            examples = "; ".join(unread[:5]) + (
                f"; and {len(unread) - 5} more" if unread[5:] else ""
            )
            warnings.warn(f"{len(unread)} pictures were left out: {examples}", stacklevel=4)
        if not self._sources:
            raise InvalidValueError(
                "There are no pictures to train on: expected a folder with "
                f"{', '.join(ENDINGS)} files, or uint8 arrays."
                + (f" Could not be read: {len(unread)}." if unread else "")
            )

    def __len__(self) -> int:
        return len(self._sources)

    def __getitem__(self, index: Any) -> Any:
        if index < len(self._cached):
            return self._cached[index]
        return self._load_crop(self._sources[index])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[i] for i in range(len(self)))

    def _load_crop(self, source: Any) -> np.ndarray:
        picture = self._network.prepare(load_image(source)).picture
        assert picture is not None  # it is None for floats only, and load_image gives none
        return picture


def _sources(pictures: Any) -> Iterable[Any]:
    if isinstance(pictures, str | os.PathLike):
        folder = Path(pictures).expanduser()
        if not folder.is_dir():
            raise FileError(f"There is no folder {str(folder)!r} of pictures.")
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
        return [p for p in paths if p.is_file()]
    if not isinstance(pictures, Iterable):
        raise InvalidValueError(
            f"pictures is a folder or an iterable of pictures; got {type(pictures).__name__}."
        )
    return pictures


def _target(path: str | Path) -> Path:
    target = Path(path).expanduser()
    if target.suffix != decoder_file.SUFFIX:
        raise InvalidValueError(
            f"A decoder's file ends in {decoder_file.SUFFIX}; got {str(path)!r}."
        )
    if not target.parent.is_dir():
        raise FileError(f"There is no folder {str(target.parent)!r} to write into.")
    if target.exists():
        raise FileError(f"{str(target)!r} is there already; delete it or take another name.")
    return target


def _name(source: Any) -> str:
    return str(source) if isinstance(source, str | Path) else f"a {type(source).__name__}"


def _with_time_limit(progress: Progress) -> Progress:
    """Wrap `progress` so that training stops at a public page's time limit."""
    started = time.monotonic()

    def check_time(done: int, total: int) -> None:
        limit = policy.current().training_seconds
        if message := policy.too_long(time.monotonic() - started, limit, "training"):
            raise InvalidValueError(message)
        progress(done, total)

    return check_time


def _silent(done: int, total: int) -> None:
    pass
