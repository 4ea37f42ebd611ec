"""A visitor's picture is decoded in a process of its own, which can be ended.

No look at a file says for sure what its decoder will take. So an upload of a served page goes to a
process with bounds of time and memory that the operating system enforces; what comes back is pixels
or a sentence.

`python -m cnnvis_widgets.zoo.decoding_process MAX_PIXELS SECONDS MEGABYTES` reads a file from its
standard input, and writes a line of JSON and the pixels.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import CnnvisError, FileError
from cnnvis_widgets.zoo import image_decoding

MEGABYTES = 1024
"""Of address space: what Python and the decoders map, and some 25 bytes for each pixel."""

STARTING_SECONDS = 15
"""A machine under load takes seconds to start a process; they are not the picture's."""

TOO_LONG = "It takes more than {:g} s to decode, the most that this page spends. Save it anew."


def decode(
    data: bytes, max_pixels: int, seconds: float, megabytes: int = MEGABYTES
) -> NDArray[np.uint8]:
    """The picture in the bytes of a file: uint8 (rows, columns, 3).

    Args:
        data: the bytes.
        max_pixels: larger pictures are refused.
        seconds: of one core; the process is ended afterwards, and at the latest after that and
            `STARTING_SECONDS` by the clock.
        megabytes: of address space.

    Raises:
        FileError: no picture, a damaged one, or one that costs more than that.
    """
    command = [sys.executable, "-m", __name__, str(max_pixels), str(seconds), str(megabytes)]
    try:
        done = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=seconds + STARTING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileError(TOO_LONG.format(seconds)) from None
    head, _, pixels = done.stdout.partition(b"\n")
    try:
        header = json.loads(head)
    except ValueError:  # it was ended: by its bounds, or a decoder's fault
        raise FileError(TOO_LONG.format(seconds)) from None
    if "error" in header:
        raise FileError(header["error"])
    return np.frombuffer(pixels, np.uint8).reshape(header["shape"]).copy()


def main(max_pixels: int, seconds: float, megabytes: int) -> None:
    """Decode what comes by standard input, within bounds."""
    _bound(seconds, megabytes)
    try:
        image = image_decoding.from_bytes(sys.stdin.buffer.read(), max_pixels)
    except MemoryError:
        answer, pixels = {"error": "It needs more memory than a picture may have here."}, b""
    except CnnvisError as error:
        answer, pixels = {"error": str(error)}, b""
    else:
        answer, pixels = {"shape": image.shape}, image.tobytes()  # type: ignore[dict-item]
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pixels)


def _bound(seconds: float, megabytes: int) -> None:
    """Bounds on this process; where the system has none, the parent process ends it in time."""
    with contextlib.suppress(ImportError):
        import resource

        most = max(1, round(seconds)) + 1  # whole seconds, those of starting among them
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
        with contextlib.suppress(ValueError, OSError):  # not everywhere
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
