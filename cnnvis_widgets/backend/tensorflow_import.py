"""Imports TensorFlow without its start-up chatter.

At import TensorFlow tells of the graphics processors that it did not find, from C++ and past every
setting that it has. On a command line and on a page the message appears where errors do.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator

# Lines of the severities "info" and "warning", in the two forms that TensorFlow's parts use.
CHATTER = re.compile(
    rb"([IW]\d{4} |\d{4}-\d\d-\d\d .*?: [IW] |WARNING: All log messages before absl)"
)


def import_tensorflow() -> None:
    """Import it if nobody has; what it says of errors still comes through."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with without_chatter():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Hold back what is written to the process' own stderr, and let through all but the chatter."""
    try:
        kept = os.dup(2)
    except OSError:  # a process without one, as under Windows' pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            said = [line for line in held if not CHATTER.match(line)]
            with contextlib.suppress(OSError):
                os.write(2, b"".join(said))
