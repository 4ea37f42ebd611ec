"""Decodes a visitor's picture in a separate process with limits.

The cost of decoding a file cannot be known beforehand. So an upload of a served page is decoded in
a process with limits of time and memory that the operating system enforces; the result is pixels or
an error message.

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
"""Limit of address space: for Python, the decoders, and some 25 bytes per pixel."""

STARTING_SECONDS = 15
"""Added to the time limit: a machine under load takes seconds to start a process."""

TOO_LONG = "It takes more than {:g} s to decode, the most that this page spends. Save it anew."


def decode(
    data: bytes, max_pixels: int, seconds: float, megabytes: int = MEGABYTES
) -> NDArray[np.uint8]:
    """The picture in the bytes of a file: uint8 (rows, columns, 3).

    Args:
        data: the bytes.
        max_pixels: larger pictures are refused.
        seconds: of CPU time; the process is killed at the latest `STARTING_SECONDS` later by the
            clock.
        megabytes: of address space.

    Raises:
        FileError: not a picture, a damaged one, or one that exceeds the limits.
    """
    command = [sys.executable, "-m", __name__, str(max_pixels), str(seconds), str(megabytes)]
    try:
        process = subprocess.run(
            command,
            input=data,
            capture_output=True,
            timeout=seconds + STARTING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FileError(TOO_LONG.format(seconds)) from None
    head, _, pixels = process.stdout.partition(b"\n")
    try:
        header = json.loads(head)
    except ValueError:  # it was killed by its limits, or crashed
        raise FileError(TOO_LONG.format(seconds)) from None
    if "error" in header:
        raise FileError(header["error"])
    return np.frombuffer(pixels, np.uint8).reshape(header["shape"]).copy()


def main(max_pixels: int, seconds: float, megabytes: int) -> None:
    """Decode standard input within limits."""
    _bound(seconds, megabytes)
    try:
        image = image_decoding.from_bytes(sys.stdin.buffer.read(), max_pixels)
    except MemoryError:
        header, pixels = {"error": "It needs more memory than a picture may have here."}, b""
    except CnnvisError as error:
        header, pixels = {"error": str(error)}, b""
    else:
        header, pixels = {"shape": image.shape}, image.tobytes()  # type: ignore[dict-item]
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + pixels)


def _bound(seconds: float, megabytes: int) -> None:
    """Set limits for this process; without system support the parent kills it in time."""
    with contextlib.suppress(ImportError):
        import resource

        cpu_seconds = max(1, round(seconds)) + 1  # whole seconds, including the start
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
        with contextlib.suppress(ValueError, OSError):  # not supported everywhere
            resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, megabytes * 2**20))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
