"""The client of the kernels' fork server; see `kernel_fork_server.py`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cnnvis_widgets.serving.kernel_fork_server import LAUNCHER

_LOG = logging.getLogger(__name__)

NAME = "cnnvis-fork-server"
START_SECONDS = 60
LAUNCH_SECONDS = 10

PRELOADED = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "IPython.core.completer",
    "cnnvis_widgets.widgets",
    "cnnvis_widgets.engine.listings:methods",
    "cnnvis_widgets.engine.listings:networks",
    "cnnvis_widgets.engine.listings:pictures",
)
"""Modules that every page needs, and functions whose results are cached."""

SHARED_ENGINE = "cnnvis_widgets.engine.shared.client"


class ForkServer:
    """A process that kernels are forked from.

    Args:
        names: modules to import, and "module:function" to call.
    """

    def __init__(self, names: tuple[str, ...] = PRELOADED) -> None:
        self._socket, child_socket = socket.socketpair()
        self._lock = threading.Lock()
        command = [sys.executable, "-m", "cnnvis_widgets.serving.kernel_fork_server", *names]
        self.process = subprocess.Popen(command, stdin=child_socket.fileno())
        child_socket.close()
        self._socket.settimeout(START_SECONDS)
        self._replies = self._socket.makefile("rb")
        self._ready = False

    def fork(self, argv: list[str], env: dict[str, str], cwd: str) -> psutil.Process:
        """Fork a kernel; returns its process.

        Args:
            argv: the kernel's `sys.argv`.
            env: its complete environment.
            cwd: its working directory.

        Raises:
            OSError: the fork server has ended, or does not answer.
        """
        with self._lock:
            if not self._ready:
                self._read_reply()
                self._ready = True
                self._socket.settimeout(LAUNCH_SECONDS)
            self._socket.sendall(
                json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n"
            )
            return psutil.Process(int(self._read_reply()))

    def _read_reply(self) -> bytes:
        if text := self._replies.readline():
            return text
        raise ConnectionError("The process that kernels are forked from has ended.")

    def close(self) -> None:
        """End it and the kernels that it forked."""
        self._socket.close()
        self._replies.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:  # it is still importing
            self.process.kill()
            self.process.wait()


class ForkedKernel:
    """The part of `subprocess.Popen` that Jupyter uses, for a process that is not our child.

    Attributes:
        pid: its id.
    """

    stdin = stdout = stderr = None

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        """None while it runs, then 0, as only the fork server knows its exit status."""
        try:
            over = self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            over = True
        return 0 if over or not self._process.is_running() else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        self._process.wait(timeout)
        return 0

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            self._process.send_signal(number)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it."""
        if self.poll() is None:
            self._process.kill()


class ForkingProvisioner(LocalProvisioner):
    """Forks Python kernels of this environment from the fork server; starts others as usual."""

    fork_server: ForkServer | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel; see `LocalProvisioner`."""
        fork_server = type(self).fork_server
        if fork_server is not None and tuple(cmd[1:3]) == LAUNCHER and same_python(cmd[0]):
            env, cwd = dict(kwargs.get("env") or os.environ), str(kwargs.get("cwd") or Path.cwd())
            argv = ["ipykernel_launcher.py", *cmd[3:]]
            try:
                forked = await asyncio.to_thread(fork_server.fork, argv, env, cwd)
            except (OSError, ValueError, psutil.Error) as error:
                _LOG.warning("A kernel is started by itself: %s", error)
            else:
                self.process = ForkedKernel(forked)  # type: ignore[assignment]
                self.pid = self.pgid = forked.pid  # it leads a group of its own
                self.cwd = cwd
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def same_python(command: str) -> bool:
    """Whether a kernel's command is the Python of this process."""
    return command == "python" or Path(command).resolve() == Path(sys.executable).resolve()


@contextlib.contextmanager
def forked_kernels(*extra: str) -> Iterator[None]:
    """A context in which a Jupyter server of this process forks its kernels, on Linux.

    Args:
        extra: modules to import besides `PRELOADED`.
    """
    if sys.platform != "linux":  # elsewhere these libraries are not safe to fork
        yield
        return
    fork_server = ForkServer((*PRELOADED, *extra))
    ForkingProvisioner.fork_server = fork_server
    entry_point = f"{__name__}:ForkingProvisioner"
    KernelProvisionerFactory.provisioners[NAME] = EntryPoint(
        NAME, entry_point, KernelProvisionerFactory.GROUP_NAME
    )
    factory = KernelProvisionerFactory.instance()
    usual, factory.default_provisioner_name = factory.default_provisioner_name, NAME
    try:
        yield
    finally:
        factory.default_provisioner_name, ForkingProvisioner.fork_server = usual, None
        fork_server.close()
