"""Imports TensorFlow without its start-up messages.

At import TensorFlow reports missing graphics processors from C++, whatever its settings. On a
command line and on a page the message appears where errors do.
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
    """Import TensorFlow unless it is loaded; its error messages are still shown."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with without_chatter():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def without_chatter() -> Iterator[None]:
    """Filter TensorFlow's start-up messages out of the process' stderr."""
    try:
        stderr_copy = os.dup(2)
    except OSError:  # a process without one, as under Windows' pythonw
        yield
        return
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr_copy, 2)
            os.close(stderr_copy)
            buffer.seek(0)
            messages = [line for line in buffer if not CHATTER.match(line)]
            with contextlib.suppress(OSError):
                os.write(2, b"".join(messages))
