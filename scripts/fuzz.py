"""Spoilt pictures, model files and messages, thousands of them, each within bounds.

    python -m scripts.fuzz             10,000 of each kind
    python -m scripts.fuzz 500 --kind pictures --seed 7

Each input is one of ours with bytes changed, cut, doubled or put elsewhere, or with values that no
page sends. What may come of it: a result, or one of this package's own errors (a refusal, for
messages), in the time and memory of its kind. The number of an input and the seed make it again.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import json
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.serving.frames import BadFrameError, check_frame
from cnnvis_widgets.zoo import image_decoding

MAX_PIXELS = 12_000_000  # as on a served page
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "AVIF")


@dataclass(frozen=True)
class Bounds:
    """What one input may cost.

    Attributes:
        seconds: by the clock.
        megabytes: by which the process may grow.
    """

    seconds: float
    megabytes: float


BOUNDS = {
    "pictures": Bounds(3, 600),
    "models": Bounds(30, 1000),
    "messages": Bounds(1, 100),
    "frames": Bounds(0.5, 50),
}


class OutOfBoundsError(AssertionError):
    """An input cost more than it may, or did what nothing may."""


def spoilt(data: bytes, draw: random.Random) -> bytes:
    """A few of: bytes changed, cut, doubled, moved, overwritten by large numbers."""
    content = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(content)) if content else 0
        end = min(len(content), at + draw.randint(1, 64))
        way = draw.randrange(7)
        if way == 0 and content:
            content[at] ^= 1 << draw.randrange(8)
        elif way == 1:
            content[at:end] = draw.randbytes(end - at)
        elif way == 2:
            del content[at:]
        elif way == 3:
            content[at:at] = content[at:end] * draw.randint(1, 50)
        elif way == 4:
            del content[at:end]
        elif way == 5:
            content[at : at + 4] = draw.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4)])
        else:
            content[at:at] = draw.randbytes(draw.randint(1, 16))
    return bytes(content)


def whole_pictures() -> list[bytes]:
    """A small picture in every format that is read, and some of their variants."""
    draw = np.random.default_rng(0)
    colours = Image.fromarray(draw.integers(0, 256, (36, 52, 3), np.uint8))
    files = []
    for kind in FORMATS:
        if kind in ("WEBP", "AVIF") and not features.check(kind.lower()):
            continue
        for image in (colours, colours.convert("L"), colours.convert("P")):
            with contextlib.suppress(OSError, ValueError):
                stream = io.BytesIO()
                image.save(stream, kind)
                files.append(stream.getvalue())
    stream = io.BytesIO()
    colours.save(stream, "JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0")
    return [*files, stream.getvalue()]


def pictures(draw: random.Random) -> Iterator[Callable[[], None]]:
    """Decoding spoilt pictures."""
    whole = whole_pictures()
    while True:
        data = spoilt(draw.choice(whole), draw)

        def decode(data: bytes = data) -> None:
            with contextlib.suppress(CnnvisError):
                picture = image_decoding.from_bytes(data, MAX_PIXELS)
                if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
                    raise OutOfBoundsError(f"a picture of {picture.dtype} {picture.shape}")

        yield decode


def models(draw: random.Random) -> Iterator[Callable[[], None]]:
    """Loading spoilt model files."""
    from cnnvis_widgets.backend.tensorflow_import import import_tensorflow
    from cnnvis_widgets.zoo.loading import load_network

    import_tensorflow()
    import keras

    model = keras.Sequential(
        [keras.Input((12, 10, 3)), keras.layers.Conv2D(4, 3), keras.layers.ReLU(),
         keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5, "softmax")]
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        whole = {}
        for ending in (".keras", ".h5"):
            path = Path(name, f"whole{ending}")
            model.save(path)
            whole[ending] = path.read_bytes()
        while True:
            ending = draw.choice(list(whole))
            data = whole[ending]
            within = ending == ".keras" and draw.random() < 0.6
            path = Path(name, f"spoilt{ending}")
            path.write_bytes(_spoilt_within(data, draw) if within else spoilt(data, draw))

            def load(path: Path = path) -> None:
                with contextlib.suppress(CnnvisError):
                    load_network(path)

            yield load


def _spoilt_within(data: bytes, draw: random.Random) -> bytes:
    """An archive that is sound, one of its entries not."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        entries = old.infolist()
        chosen = draw.choice(entries)
        for entry in entries:
            content = old.read(entry)
            new.writestr(entry.filename, spoilt(content, draw) if entry is chosen else content)
    return stream.getvalue()


ODD: list[Any] = [
    None, True, -1, 2**63, 1e308, "", "x" * 300, "../../etc/passwd", "~root/x.png", "\0", [], {},
    [[[[]]]], ["cat"] * 50, {"name": "cat"}, [{"name": "/etc/passwd", "thumbnail": ""}], 3.5, "NaN",
    {"x": {"y": {"z": [1]}}}, [0] * 5000, "𝕏\ud800",
]  # fmt: skip


LINKS = (
    "picture=/etc/passwd", "network=~root/x.keras", "picture=../../x.png&method=saliency",
    "picture=scene:1" + "9" * 6000, "picture=digit:-1", "network=vgg16", "parameters=[[[[",
    "parameters={\"decoder\":\"/etc/passwd\"}&method=upconvnet", "neuron=1e9", "layer=/&neuron=1",
    "position=" + "1," * 900, "neuron=" + "9" * 5000, "?picture=scene:7&method=grad_cam",
)  # fmt: skip


def odd_value(draw: random.Random, depth: int = 0) -> Any:
    """A value that JSON can carry."""
    if depth > 3 or draw.random() < 0.7:
        return draw.choice(ODD)
    if draw.random() < 0.5:
        return [odd_value(draw, depth + 1) for _ in range(draw.randint(0, 5))]
    names = ("name", "value", "kind", "method", "state", "content", "key", "parameters")
    return {draw.choice(names): odd_value(draw, depth + 1) for _ in range(draw.randint(0, 4))}


class _Deaf:
    """An engine that answers nothing: what is asked of it matters here."""

    def __init__(self) -> None:
        from cnnvis_widgets.engine.requests import Library

        self.library = Library()

    def submit(self, _owner: object, request: Any, **_callbacks: Any) -> None:
        picture = getattr(request, "image", None)
        if isinstance(picture, str) and ("/" in picture or "~" in picture):
            raise OutOfBoundsError(f"a request for the file {picture[:80]!r}")

    def cancel(self, _owner: object) -> None:
        pass


def messages(draw: random.Random) -> Iterator[Callable[[], None]]:
    """Messages to all parts of an explorer, as the kernel hands them over."""
    from cnnvis_widgets.engine import listings
    from cnnvis_widgets.widgets import Explorer

    listings.pictures("digits")  # once, scikit-learn is imported for them
    explorer = Explorer("mini_vgg", engine=_Deaf())
    names = ("header", "pictures", "networks", "layers", "neurons", "predictions", "methods")
    parts = [getattr(explorer, name) for name in (*names, "parameters", "view", "growth")]
    mine = {
        part: {name: part.get_state(name) for name in part.keys if name not in part.set_by_page}
        for part in parts
    }
    while True:
        part = draw.choice(parts)
        wanted = [*part.keys, "pictures", "networks", "nothing", "_esm"]
        state = {draw.choice(wanted): odd_value(draw) for _ in range(draw.randint(1, 3))}
        content = {"kind": draw.choice(["upload", "cancel", "link", "x"])}
        content |= {"filename": odd_value(draw), "link": draw.choice(LINKS)}
        data = draw.choice(
            [
                {"method": "update", "state": state, "buffer_paths": []},
                {"method": "update", "state": state, "buffer_paths": odd_value(draw)},
                {"method": "custom", "content": draw.choice([content, odd_value(draw)])},
                odd_value(draw),
            ]
        )
        buffers = [memoryview(draw.randbytes(40))] * draw.randrange(3)

        def hear(part: Any = part, data: Any = data, buffers: Any = buffers) -> None:
            part._handle_msg({"content": {"data": data}, "buffers": buffers})
            # A link may put a drawn picture beside the others; of files it names none.
            files = [one["name"] for one in explorer.pictures.pictures if "/" in one["name"]]
            if files or len(explorer.pictures.pictures) > 60:
                raise OutOfBoundsError(f"pictures that a page named: {files}")
            fixed = {"networks", "_uploads", "_esm", "_css", "layout", "code"} & mine[part].keys()
            for name in fixed:
                if part.get_state(name) != mine[part][name]:
                    raise OutOfBoundsError(f"{type(part).__name__}.{name} was set by a page")

        yield hear


def frames(draw: random.Random) -> Iterator[Callable[[], None]]:
    """Frames of a page's line, before they are decoded."""
    while True:
        header = {"msg_type": draw.choice(["comm_msg", "x", 3]), "msg_id": "a"}
        content = {"comm_id": "b", "data": odd_value(draw)}
        parts = [b"shell", *(json.dumps(p).encode() for p in (header, {}, {}, content)), b"buffer"]
        places, at = [], 8 * (len(parts) + 2)
        for part in parts:
            places.append(at)
            at += len(part)
        count = len(places) + 1
        data = struct.pack(f"<{count + 1}Q", count, *places, at) + b"".join(parts)
        if draw.random() < 0.8:
            data = spoilt(data, draw)

        def look(data: bytes = data) -> None:
            with contextlib.suppress(BadFrameError):
                check_frame(data)

        yield look


KINDS: dict[str, Callable[[random.Random], Iterator[Callable[[], None]]]] = {
    "pictures": pictures,
    "models": models,
    "messages": messages,
    "frames": frames,
}


def run(kind: str, count: int, seed: int = 0) -> tuple[float, float]:
    """Try so many inputs of a kind.

    Args:
        kind: one of `KINDS`.
        count: how many.
        seed: of all that is drawn.

    Returns:
        The longest time of one in seconds, and the most that the process grew by one in MB.

    Raises:
        OutOfBoundsError: an input cost more than its bounds, or raised what is none of our errors.
    """
    bounds = BOUNDS[kind]
    longest = largest = 0.0
    made = KINDS[kind](random.Random(seed))
    for number in range(count):
        attempt = next(made)
        before, start = _peak(), time.perf_counter()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                attempt()
        except Exception as error:
            raise OutOfBoundsError(f"{kind} {number} of seed {seed}: {error!r:.300}") from error
        took, grew = time.perf_counter() - start, _peak() - before
        if number and (took > bounds.seconds or grew > bounds.megabytes):
            raise OutOfBoundsError(
                f"{kind} {number} of seed {seed}: {took:.2f} s and {grew:.0f} MB"
            )
        if number:  # the first one loads what all need
            longest, largest = max(longest, took), max(largest, grew)
    return longest, largest


def _peak() -> float:
    """The most memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Try all kinds, and print what the dearest cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    faulthandler.enable()
    for kind in options.kind or KINDS:
        start = time.perf_counter()
        longest, largest = run(kind, options.count, options.seed)
        print(
            f"{options.count} {kind} in {time.perf_counter() - start:.0f} s; the dearest took "
            f"{longest:.2f} s, {largest:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
