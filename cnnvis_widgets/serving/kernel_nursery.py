"""A process that has imported what pages need, and forks their kernels from itself.

A kernel is there after some hundredths of a second instead of two seconds of processor time, and
shares the memory of what was imported with all others. TensorFlow is not among it: it starts
threads, which do not survive a fork.

Run as a module, with a socket as its standard input, and the names of what is to be imported. It
ends when the other end of the socket is closed, and its kernels with it.
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
    # what imports do where there is a kernel, and could not do in the nursery
    "--IPKernelApp.extensions=cnnvis_widgets.serving.kernel_start",
    # a page's cells are nobody's to recall: 5 MB, and one file for which all kernels would queue
    "--HistoryManager.enabled=False",
    # each would warn, on the server's terminal, that its lines within this machine are plain
    "--IPKernelApp.log_level=ERROR",
)


def main(names: list[str]) -> int:
    """Import, and fork a kernel for each line that comes: {"argv", "env", "cwd"} → its id."""
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
    gc.freeze()  # what is shared is not touched by any kernel's collector
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
    """The next line; kernels that have ended are buried meanwhile."""
    while not select.select([line], [], [], 0.2)[0]:
        _bury()
    _bury()
    return lines.readline() or None


def _bury() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become_kernel(line: socket.socket, request: dict[str, Any]) -> None:
    """Run a kernel in a process that was just forked, as `ipykernel_launcher` would."""
    from ipykernel import kernelapp

    os.setsid()
    line.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    # It ends with the nursery. The environment's JPY_PARENT_PID was read when it was imported.
    sys.argv = [*request["argv"], f"--IPKernelApp.parent_handle={os.getppid()}", *START]
    random.seed()  # or all kernels would draw the same numbers
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
    kernelapp.launch_new_instance()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
