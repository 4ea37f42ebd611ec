"""A fork server for kernels: imports what pages need once, then forks.

A kernel starts in some hundredths of a second instead of two seconds of processor time, and shares
the memory of imported modules with all others. TensorFlow is not imported: it starts threads,
which do not survive a fork.

Run as a module, with a socket as its standard input, and the names to import as arguments. It ends
with its kernels when the other end of the socket is closed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
from typing import Any

LAUNCHER = ("-m", "ipykernel_launcher")

START = (
    # set-up that needs a running kernel
    "--IPKernelApp.extensions=cnnvis_widgets.serving.kernel_start",
    # a page needs no history: 5 MB, and one file that all kernels would lock
    "--HistoryManager.enabled=False",
    # each would warn on the server's terminal that its local connections are not encrypted
    "--IPKernelApp.log_level=ERROR",
)


def main(names: list[str]) -> int:
    """Import, then fork a kernel for each received line: {"argv", "env", "cwd"} → its id."""
    line = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    for name in names:
        module, _, function = name.partition(":")
        imported = importlib.import_module(module)
        if function:
            getattr(imported, function)()
    gc.collect()
    gc.freeze()  # keeps the kernels' garbage collectors from copying shared memory
    with contextlib.suppress(BrokenPipeError):  # the server has ended meanwhile
        line.sendall(b"ready\n")
    with line, line.makefile("rb") as lines:
        while (text := _next(line, lines)) is not None:
            request = json.loads(text)
            kernel = os.fork()
            if kernel == 0:
                _become_kernel(line, request)
                return 0
            line.sendall(b"%d\n" % kernel)
    return 0


def _next(line: socket.socket, lines: Any) -> bytes | None:
    """The next line; reaps ended kernels while it waits."""
    while not select.select([line], [], [], 0.2)[0]:
        _reap()
    _reap()
    return lines.readline() or None


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_kernel(line: socket.socket, request: dict[str, Any]) -> None:
    """Run a kernel in a forked process, as `ipykernel_launcher` would."""
    from ipykernel import kernelapp

    os.setsid()
    line.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # It ends with the fork server. The environment's JPY_PARENT_PID was read when it was imported.
    sys.argv = [*request["argv"], f"--IPKernelApp.parent_handle={os.getppid()}", *START]
    random.seed()  # otherwise all kernels would draw the same numbers
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
