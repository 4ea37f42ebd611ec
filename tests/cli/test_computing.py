"""What computes for `cnnvis app`, and workers that join from elsewhere."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cnnvis_widgets.cli import main
from cnnvis_widgets.cli.computing import checked_address
from cnnvis_widgets.engine import SCHEDULER_VARIABLE
from cnnvis_widgets.engine.requests import Open
from cnnvis_widgets.engine.shared.client import SharedEngine
from cnnvis_widgets.engine.shared.cluster import ATTEMPTS, PRELOAD, Size, Supervisor, start
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.serving import forked_kernels
from cnnvis_widgets.serving import server as serving


@pytest.fixture
def notebook(tmp_path: Path) -> str:
    path = tmp_path / "page.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), path)
    return str(path)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What the pages' kernels would have found in their environment, for each `serving.app`."""
    schedulers: list[str | None] = []
    monkeypatch.setenv(SCHEDULER_VARIABLE, "")
    monkeypatch.setattr(forked_kernels, "forked_kernels", lambda *more: nullcontext())
    monkeypatch.setattr(
        serving, "app", lambda *_a, **_k: schedulers.append(os.environ[SCHEDULER_VARIABLE]) or 0
    )
    return schedulers


def opened(address: str, seconds: float = 300) -> str:
    """What a network is called that a cluster was asked to load."""
    answers: list[Any] = []
    with closing(SharedEngine(address)) as engine:
        engine.submit(
            "test", Open("mini_vgg"), done=answers.append, failed=answers.append
        ).finished.wait(seconds)
    return answers[-1].title


def test_the_pages_kernels_are_told_what_computes(notebook: str, served: list[str | None]) -> None:
    assert main(["app", notebook, "--engine", "in-process"]) == 0
    assert main(["app", notebook, "--scheduler", "tcp://10.1.2.3:8786"]) == 0
    assert served == ["in-process", "tcp://10.1.2.3:8786"]


def test_by_default_processes_are_started_that_end_with_the_pages(
    notebook: str, served: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int | None] | str] = []

    class Fake:
        def __init__(self, listen: str, workers: int | None) -> None:
            self.address = listen
            asked.append((listen, workers))

        def stop(self) -> None:
            asked.append("stop")

    monkeypatch.setattr("cnnvis_widgets.engine.shared.cluster.Supervisor", Fake)
    assert main(["app", notebook, "--workers", "3", "--listen", "tcp://0.0.0.0:8786"]) == 0
    assert served == ["tcp://127.0.0.1:8786"]
    assert asked == [("tcp://0.0.0.0:8786", 3), "stop"]


@pytest.mark.parametrize(
    "options",
    [
        ["--scheduler", "tcp://a:1", "--workers", "2"],
        ["--scheduler", "tcp://a:1", "--engine", "in-process"],
        ["--engine", "in-process", "--listen", "tcp://0.0.0.0:1"],
        ["--scheduler", "a:1"],
        ["--listen", "tcp://0.0.0.0"],
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: list[str], notebook: str, served: list[str | None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", notebook, *options]) == 2
    assert capsys.readouterr().err.startswith("error: ")
    assert served == []


def test_addresses_are_checked() -> None:
    assert checked_address("tls://[::1]:8786") == "tls://[::1]:8786"
    for wrong in ("http://a:1", "tcp://a", "tcp://:1", "tcp//a:1", "tcp://a:b", ""):
        with pytest.raises(InvalidValueError, match=re.escape(repr(wrong))):
            checked_address(wrong)


def test_a_machine_s_share_of_workers() -> None:
    from dask.system import CPU_COUNT

    size = Size.of_machine()
    assert size.workers * size.threads <= CPU_COUNT
    assert size.threads <= 4 or CPU_COUNT < 2
    assert Size.of_machine(2).memory == pytest.approx(size.memory * size.workers / 2, rel=1e-6)


def listen_to_ctrl_c() -> None:
    """A shell lets what it runs in the background ignore it, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("tool", ["cnnvis", "dask"])
def test_workers_join_from_elsewhere(tool: str) -> None:
    service = start(Size(0, 1, 4 << 30), warm=False)
    command = [sys.executable, "-m"]
    if tool == "cnnvis":
        command += ["cnnvis_widgets.cli", "worker", "--scheduler", service.address]
        command += ["--workers", "1"]
    else:
        command += ["dask", "worker", service.address, "--preload", PRELOAD, "--nthreads", "1"]
        command += ["--dashboard-address", "127.0.0.1:0"]
    worker = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=listen_to_ctrl_c,
    )
    try:
        assert opened(service.address) == "Mini VGG"
        if tool == "cnnvis":
            service.stop()
            service = start(Size(0, 1, 4 << 30), service.address, warm=False)
            assert opened(service.address) == "Mini VGG"  # it came back by itself
    finally:
        worker.send_signal(signal.SIGINT)
        assert worker.wait(90) in (0, 130)
        service.stop()


def test_a_cluster_that_ends_is_started_again_at_its_address(
    capfd: pytest.CaptureFixture[str],
) -> None:
    supervisor = Supervisor(workers=1)
    try:
        assert opened(supervisor.address) == "Mini VGG"
        first = supervisor._process
        first.kill()
        assert opened(supervisor.address) == "Mini VGG"
        assert supervisor._process.pid != first.pid
        assert "started again" in capfd.readouterr().err
    finally:
        supervisor.stop()
    assert supervisor._process.poll() is not None


def test_a_cluster_that_cannot_start_is_given_up_and_told(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        supervisor = Supervisor(f"tcp://127.0.0.1:{taken.getsockname()[1]}", 1)
        end, message = time.monotonic() + 90, ""
        while "do not start" not in message and time.monotonic() < end:
            time.sleep(0.2)
            message += capfd.readouterr().err
        supervisor.stop()
    assert message.count("started again") == ATTEMPTS - 1
    assert "--engine in-process" in message
