"""Kernels that are forked from a process which has imported what pages need."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import own_loop
import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from cnnvis_widgets import policy
from cnnvis_widgets.serving import forked_kernels
from cnnvis_widgets.serving.forked_kernels import (
    ForkedKernel,
    ForkingProvisioner,
    same_python,
)

HEAVY = ("tensorflow", "keras", "matplotlib", "sklearn")


@pytest.fixture(scope="module")
def fork_server() -> Iterator[Any]:
    with forked_kernels.forked_kernels(forked_kernels.SHARED_ENGINE):
        yield ForkingProvisioner.fork_server


async def run(manager: AsyncKernelManager, code: str) -> str:
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        messages: list[str] = []
        await client.execute_interactive(
            code, output_hook=lambda m: messages.append(m["content"].get("text", "")), timeout=60
        )
        return "".join(messages).strip()
    finally:
        client.stop_channels()


async def started(**options: Any) -> AsyncKernelManager:
    manager = AsyncKernelManager()
    await manager.start_kernel(**options)
    return manager


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")


def test_a_forked_kernel_is_a_kernel_of_its_own(fork_server: Any, tmp_path: Path) -> None:
    code = (
        "import os, random, sys, numpy, threading\n"
        "print(os.getpid(), os.getcwd(), os.environ.get('OURS'), os.getsid(0), "
        "os.environ.get('PATH') is not None, random.random(), numpy.random.random(), "
        f"sorted(set({HEAVY!r}) & set(sys.modules)), "
        "'cnnvis_widgets.widgets.explorer.explorer' in sys.modules, "
        "'jupyter.widget.control' in get_ipython().kernel.comm_manager.targets, "
        "get_ipython().kernel.parent.log_level, sep='|')"  # no warnings on the terminal
    )

    async def both() -> list[list[str]]:
        managers = [
            await started(cwd=str(tmp_path), env={**os.environ, "OURS": str(n)}) for n in range(2)
        ]
        try:
            assert all(isinstance(m.provisioner.process, ForkedKernel) for m in managers)
            outputs = [(await run(m, code)).split("|") for m in managers]
            for manager, words in zip(managers, outputs, strict=True):
                assert psutil.Process(int(words[0])).ppid() == fork_server.process.pid
                assert manager.provisioner.pid == int(words[0])
            return outputs
        finally:
            for manager in managers:
                await manager.shutdown_kernel()
                assert not await manager.is_alive()

    one, two = own_loop.run(both())
    for number, words in enumerate((one, two)):
        pid, cwd, ours, session, path, *_, heavy, explorer, asks, level = words
        assert (cwd, ours, session, path) == (str(tmp_path), str(number), pid, "True")
        assert (heavy, explorer, asks, level) == ("[]", "True", "True", "40")
        assert not psutil.pid_exists(int(pid))  # buried, not a zombie
    assert one[5] != two[5]
    assert one[6] != two[6]


def test_it_is_interrupted_restarted_and_killed_as_any_other(fork_server: Any) -> None:
    async def all_three() -> None:
        manager = await started()
        try:
            first = manager.provisioner.pid
            task = asyncio.create_task(
                run(
                    manager,
                    "import time\ntry: time.sleep(50)\nexcept KeyboardInterrupt: print('i')",
                )
            )
            await asyncio.sleep(3)
            await manager.interrupt_kernel()
            assert await asyncio.wait_for(task, 20) == "i"
            await manager.restart_kernel(now=True)
            assert manager.provisioner.pid != first
            assert await run(manager, "print(6 * 7)") == "42"
            os.kill(manager.provisioner.pid, signal.SIGKILL)
            end = time.monotonic() + 5
            while await manager.is_alive() and time.monotonic() < end:
                await asyncio.sleep(0.05)
            assert not await manager.is_alive()
        finally:
            await manager.shutdown_kernel(now=True)

    own_loop.run(all_three())


def test_it_takes_little_processor_time_and_memory_of_its_own(fork_server: Any) -> None:
    async def spent() -> tuple[float, float]:
        manager = await started()
        try:
            await run(manager, "import cnnvis_widgets; cnnvis_widgets.Explorer")
            process = psutil.Process(manager.provisioner.pid)
            times = process.cpu_times()
            return times.user + times.system, process.memory_full_info().uss / 2**20
        finally:
            await manager.shutdown_kernel(now=True)

    seconds, mebibytes = own_loop.run(spent())
    assert seconds < 1.0  # started by itself, it takes two seconds and more
    assert mebibytes < 60


def test_on_a_public_page_it_writes_to_a_folder_of_its_own(
    fork_server: Any, tmp_path: Path
) -> None:
    bounds = replace(policy.PUBLIC, folder=str(tmp_path), visitors=str(tmp_path / "visitors"))
    env = {**os.environ, policy.VARIABLE: bounds.text(), "VOILA_BASE_URL": "/"}
    code = (
        "import os, tempfile, cnnvis_widgets\n"
        "print(os.environ['CNNVIS_OWN_FOLDER'], tempfile.gettempdir(), os.getpid(), sep='|')\n"
        f"try: open({str(tmp_path / 'mine')!r}, 'w')\n"
        "except PermissionError as error: print('|', type(error).__name__)"
    )

    async def output() -> str:
        manager = await started(env=env)
        try:
            return await run(manager, code)
        finally:
            await manager.shutdown_kernel()

    own, temporary, pid, refused = own_loop.run(output()).replace("\n", "").split("|")
    assert own == temporary == str(tmp_path / "visitors" / pid)
    assert refused.strip() == "PermissionError"
    assert not (tmp_path / "mine").exists()
    assert not Path(own).exists()  # removed when the kernel ended


def test_without_a_fork_server_a_kernel_is_started_by_itself(
    fork_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        def fork(self, *_: Any) -> None:
            raise ConnectionError("it has ended")

    monkeypatch.setattr(ForkingProvisioner, "fork_server", Gone())

    async def answer() -> str:
        manager = await started()
        try:
            assert isinstance(manager.provisioner, LocalProvisioner)
            assert isinstance(manager.provisioner.process, subprocess.Popen)
            return await run(manager, "print(6 * 7)")
        finally:
            await manager.shutdown_kernel(now=True)

    assert own_loop.run(answer()) == "42"


def test_only_kernels_of_this_python_are_forked(tmp_path: Path) -> None:
    assert same_python("python")
    assert same_python(sys.executable)
    assert not same_python(str(tmp_path / "python"))


def test_kernels_end_with_the_server(tmp_path: Path) -> None:
    code = (
        "import asyncio, os, signal\n"
        "from jupyter_client.manager import AsyncKernelManager\n"
        "from cnnvis_widgets.serving.forked_kernels import forked_kernels, ForkingProvisioner\n"
        "async def main():\n"
        "    manager = AsyncKernelManager(); await manager.start_kernel()\n"
        "    client = manager.client(); client.start_channels(); await client.wait_for_ready()\n"
        "    server = ForkingProvisioner.fork_server.process\n"
        "    print(manager.provisioner.pid, server.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "with forked_kernels(): asyncio.run(main())\n"
    )
    with (tmp_path / "output").open("w+") as output:
        subprocess.run([sys.executable, "-c", code], stdout=output, check=False, timeout=120)
        output.seek(0)
        pids = [int(word) for word in output.read().split()]
    assert len(pids) == 2
    end = time.monotonic() + 10
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < end:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, pids))
