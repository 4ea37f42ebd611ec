"""How the server asks the nursery for kernels; see `kernel_nursery.py`."""

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

from cnnvis_widgets.serving.kernel_nursery import LAUNCHER

_LOG = logging.getLogger(__name__)

NAME = "cnnvis-nursery"
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
"""What every page needs: modules, and functions whose answers are kept."""

SHARED_ENGINE = "cnnvis_widgets.engine.shared.client"


class Nursery:
    """The process that kernels are forked from.

    Args:
        names: what it imports; "module:function" is called besides.
    """

    def __init__(self, names: tuple[str, ...] = PRELOADED) -> None:
        self._line, theirs = socket.socketpair()
        self._lock = threading.Lock()
        command = [sys.executable, "-m", "cnnvis_widgets.serving.kernel_nursery", *names]
        self.process = subprocess.Popen(command, stdin=theirs.fileno())
        theirs.close()
        self._line.settimeout(START_SECONDS)
        self._lines = self._line.makefile("rb")
        self._ready = False

    def fork(self, argv: list[str], env: dict[str, str], cwd: str) -> psutil.Process:
        """A kernel's process.

        Args:
            argv: as the kernel finds it.
            env: its whole environment.
            cwd: its directory.

        Raises:
            OSError: the nursery is gone, or does not answer.
        """
        with self._lock:
            if not self._ready:
                self._said()
                self._ready = True
                self._line.settimeout(LAUNCH_SECONDS)
            self._line.sendall(json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n")
            return psutil.Process(int(self._said()))

    def _said(self) -> bytes:
        if text := self._lines.readline():
            return text
        raise ConnectionError("The process that kernels are forked from has ended.")

    def close(self) -> None:
        """End it, and the kernels that it forked."""
        self._line.close()
        self._lines.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:  # it imports still
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
        """None while it runs. How it ended only the nursery knows: 0."""
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
        """Send a signal, to it alone."""
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


class NurseryProvisioner(LocalProvisioner):
    """Forks a Python kernel of this environment from the nursery; starts any other as usual."""

    nursery: Nursery | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel; see `LocalProvisioner`."""
        nursery = type(self).nursery
        if nursery is not None and tuple(cmd[1:3]) == LAUNCHER and same_python(cmd[0]):
            env, cwd = dict(kwargs.get("env") or os.environ), str(kwargs.get("cwd") or Path.cwd())
            argv = ["ipykernel_launcher.py", *cmd[3:]]
            try:
                forked = await asyncio.to_thread(nursery.fork, argv, env, cwd)
            except (OSError, ValueError, psutil.Error) as error:
                _LOG.warning("A kernel is started by itself: %s", error)
            else:
                self.process = ForkedKernel(forked)  # type: ignore[assignment]
                self.pid = self.pgid = forked.pid  # it leads a group of its own
                self.cwd = cwd
                return self.connection_info
        return await super().launch_kernel(cmd, **kwargs)


def same_python(command: str) -> bool:
    """Whether a kernel's command is the Python that runs this."""
    return command == "python" or Path(command).resolve() == Path(sys.executable).resolve()


@contextlib.contextmanager
def forked_kernels(*more: str) -> Iterator[None]:
    """Within this, a Jupyter server of this process forks its kernels, where that is possible.

    Args:
        more: what is imported for all kernels besides `PRELOADED`.
    """
    if sys.platform != "linux":  # elsewhere a fork of what these libraries load is not safe
        yield
        return
    nursery = Nursery((*PRELOADED, *more))
    NurseryProvisioner.nursery = nursery
    place = f"{__name__}:NurseryProvisioner"
    KernelProvisionerFactory.provisioners[NAME] = EntryPoint(
        NAME, place, KernelProvisionerFactory.GROUP_NAME
    )
    factory = KernelProvisionerFactory.instance()
    usual, factory.default_provisioner_name = factory.default_provisioner_name, NAME
    try:
        yield
    finally:
        factory.default_provisioner_name, NurseryProvisioner.nursery = usual, None
        nursery.close()
