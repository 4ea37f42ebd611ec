"""A real `cnnvis app` on loopback, and visitors of it who speak its protocols without a browser."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

SUBPROTOCOL = "v1.kernel.websocket.jupyter.org"
KERNEL = re.compile(r'"kernelId": ?"([0-9a-f-]{36})"')


def write_page(path: Path, *cells: str) -> None:
    """A notebook of code cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in cells], metadata={"kernelspec": kernel}
    )
    nbformat.write(page, path)


@dataclass
class Answer:
    """What came back by HTTP."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def cookies(self) -> dict[tuple[str, str], str]:
        """(name, path) → value."""
        cookies = {}
        for line in self.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            path = re.search(r"path=([^;]+)", line, re.IGNORECASE)
            cookies[name, path[1] if path else "/"] = value
        return cookies


@dataclass
class AppServer:
    """`cnnvis app` in a process of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    base: str = "/"

    def ask(self, path: str, method: str = "GET", seconds: float = 60, **headers: str) -> Answer:
        """One request."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            options = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, self.base + path, headers=options)
            came = line.getresponse()
            return Answer(came.status, came.headers, came.read().decode("utf-8", "replace"))
        finally:
            line.close()

    def answers(self, within: float = 10) -> bool:
        """Whether the server still answers everybody else."""
        start = time.monotonic()
        response = self.ask("voila/static/voila.js", seconds=within)
        return response.status == 200 and time.monotonic() - start < within

    def kernels(self) -> list[psutil.Process]:
        """The kernels that run."""
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self.process.pid).children(recursive=True)
            return [p for p in family if _is_kernel(p)]
        return []

    def await_kernels(self, number: int, seconds: float = 20) -> None:
        """Wait until so many run."""
        end = time.monotonic() + seconds
        while len(self.kernels()) != number:
            assert time.monotonic() < end, f"{len(self.kernels())} kernels, not {number}"
            time.sleep(0.1)


def _is_kernel(process: psutil.Process) -> bool:
    """Started by itself, or forked from the fork server, whose command line it then has."""
    command = " ".join(_cmdline(process))
    if "kernel_fork_server" in command:
        with contextlib.suppress(psutil.Error):
            parent = process.parent()
            return parent is not None and "kernel_fork_server" in " ".join(_cmdline(parent))
    return "ipykernel_launcher" in command


def _cmdline(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


@contextlib.contextmanager
def app(folder: Path, page: str, *options: str, base: str = "/", **env: str) -> Iterator[AppServer]:
    """Serve `folder / page` until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnvis_widgets.cli", "app", str(folder / page)]
    command += ["--no-browser", "--no-preheat", "--engine=in-process", f"--port={port}"]
    command += ["--host=127.0.0.1", *options]
    log = folder.parent / f"server-{port}.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **env}
        )
    server = AppServer(port, process, log, base)
    family: list[psutil.Process] = []
    try:
        end = time.monotonic() + 60
        while True:
            try:
                if server.answers(10):
                    break
            except OSError:
                assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield server
        family = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        _, left = psutil.wait_procs(family, timeout=10)
        for child in left:
            child.kill()


@dataclass
class Visitor:
    """Somebody who opened a page."""

    server: AppServer
    page: Answer
    kernel: str
    cookies: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, server: AppServer, page: str, **headers: str) -> Visitor:
        """Open a page."""
        answer = server.ask(f"voila/render/{page}", **headers)
        assert answer.status == 200, answer.text[:500]
        match = KERNEL.search(answer.text)
        kernel = match[1] if match else ""
        return cls(server, answer, kernel, answer.cookies)

    def cookie(self, path: str) -> dict[str, str]:
        """What the browser sends along to an address."""
        whole = self.server.base + path
        fitting = [v for (n, p), v in self.cookies.items() if n == "cnnvis-kernel" and p in whole]
        return {"Cookie": f"cnnvis-kernel={fitting[0]}"} if fitting else {}

    @contextlib.contextmanager
    def line(
        self,
        kernel: str | None = None,
        subprotocols: Sequence[str] = (SUBPROTOCOL,),
        **headers: str,
    ) -> Iterator[ClientConnection]:
        """The line to the kernel."""
        path = f"api/kernels/{kernel or self.kernel}/channels"
        sent = headers or self.cookie(path)
        with connect(
            f"ws://127.0.0.1:{self.server.port}{self.server.base}{path}?session_id={uuid.uuid4().hex}",
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type]
            additional_headers=sent,
            max_size=None,
            open_timeout=30,
            close_timeout=3,
        ) as line:
            yield line


def frame(parts: Sequence[bytes], channel: bytes = b"shell") -> bytes:
    """A message's parts, written by hand from the protocol's description."""
    whole = [channel, *parts]
    places, at = [], 8 * (len(whole) + 2)
    for part in whole:
        places.append(at)
        at += len(part)
    places.append(at)
    return struct.pack(f"<{len(places) + 1}Q", len(places), *places) + b"".join(whole)


def message(kind: str = "comm_msg", content: object = None, *buffers: bytes) -> list[bytes]:
    """A message's parts."""
    header = {
        "msg_type": kind, "msg_id": uuid.uuid4().hex, "session": "s", "username": "u",
        "version": "5.3", "date": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    body = {"comm_id": "a", "data": {}} if content is None else content
    return [*(json.dumps(part).encode() for part in (header, {}, {}, body)), *buffers]


def parts_of(data: bytes) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Channel, header and content of a frame that came."""
    (count,) = struct.unpack_from("<Q", data)
    places = struct.unpack_from(f"<{count}Q", data, 8)
    parts = [data[a:b] for a, b in itertools.pairwise(places)]
    return parts[0].decode(), json.loads(parts[1]), json.loads(parts[4])


def reply(line: ClientConnection, kind: str, seconds: float = 30) -> dict[str, Any]:
    """The content of the next message of a type."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = line.recv(timeout=end - time.monotonic())
        assert isinstance(data, bytes)
        _, header, content = parts_of(data)
        if header["msg_type"] == kind:
            return content
    raise AssertionError(f"no {kind} came")


def closed(line: ClientConnection, seconds: float = 10) -> tuple[int, str]:
    """Code and reason with which the server closes a line."""
    end = time.monotonic() + seconds
    try:
        while True:
            line.recv(timeout=max(0.01, end - time.monotonic()))
    except ConnectionClosed as error:
        assert error.rcvd is not None
        return error.rcvd.code, error.rcvd.reason
