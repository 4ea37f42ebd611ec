"""`cnnvis app --public`: what is closed, how many may come, and that it says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import own_loop
import pytest
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError
from visitors import AppServer, Visitor, app, closed, frame, message, reply, write_page

from cnnvis_widgets.cli import main
from cnnvis_widgets.serving.bounded_server import BoundedServer
from cnnvis_widgets.serving.headers import security_headers
from cnnvis_widgets.serving.limits import Counter, Limits, Refusal, group
from cnnvis_widgets.serving.owners import _set_cookie
from cnnvis_widgets.serving.server import refuse_other_looks

PAGE = """
import os, pathlib, tempfile
import anywidget
from cnnvis_widgets import policy
def tried(name):
    try:
        pathlib.Path(name).write_text("x")
    except OSError as error:
        return type(error).__name__
    return "written"
own = pathlib.Path(tempfile.gettempdir())
print("own", own.parent.name.startswith("cnnvis-visitors-"), tried(own / "a"))
print("beside", tried("beside.txt"), "public", policy.current().public)
class Greedy(anywidget.AnyWidget):
    _esm = "export default { render() {} }"
    def __init__(self):
        super().__init__()
        self.on_msg(self._take)
    def _take(self, _, content, buffers):
        if content == "memory":
            self._kept = bytearray(900_000_000)
        while content == "busy":
            pass
greedy = Greedy()
print("widget", greedy.model_id)
"""
BASE = "/course/x/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    notebooks = tmp_path_factory.mktemp("public") / "notebooks"
    write_page(notebooks / "page.ipynb", PAGE)
    write_page(notebooks / "other.ipynb", "print('other', 6 * 7)")
    return notebooks


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[AppServer]:
    options = ["--public", "--visitors=3", "--visitors-per-address=2", "--memory-per-visitor=600"]
    options += ["--base-url=/course/x", "--behind-proxy"]
    with app(folder, "page.ipynb", *options, base=BASE) as running:
        yield running


def leave(visitor: Visitor) -> None:
    """Close the page."""
    path = f"voila/api/shutdown/{visitor.kernel}"
    assert visitor.server.ask(path, "POST", **visitor.cookie(path)).status == 204


def test_the_folder_is_closed_and_the_first_page_is_found(server: AppServer) -> None:
    for path in (
        "voila/tree",
        "voila/tree/",
        "voila/api/contents",
        "voila/api/contents/page.ipynb",
    ):
        assert server.ask(path).status == 404
    start = server.ask("")
    assert (start.status, start.headers["Location"]) == (301, f"{BASE}voila/render/page.ipynb")
    for path in ("/voila/render/page.ipynb", "/"):
        outside = AppServer(server.port, server.process, server.log, "").ask(path)
        assert outside.status == 404


def test_a_kernel_writes_to_its_own_folder_alone(server: AppServer, folder: Path) -> None:
    visitor = Visitor.of(server, "page.ipynb", X_Forwarded_For="203.0.113.5")
    try:
        assert "own True written" in visitor.page.text
        assert "beside PermissionError public True" in visitor.page.text
        assert not (folder / "beside.txt").exists()
    finally:
        leave(visitor)


def test_nothing_may_come_from_other_sites(server: AppServer) -> None:
    rules = server.ask("voila/static/voila.js").headers["Content-Security-Policy"]
    assert "https:" not in rules.replace("https://", "")
    assert "default-src 'self'" in rules


def test_cookies_know_of_the_proxys_https_and_of_the_prefix(server: AppServer) -> None:
    headers = {"X_Forwarded_For": "203.0.113.6", "X_Forwarded_Proto": "https"}
    visitor = Visitor.of(server, "other.ipynb", **headers)
    lines = [c for c in visitor.page.headers.get_all("Set-Cookie") or [] if "cnnvis" in c]
    assert all("Secure" in line and f"Path={BASE}" in line for line in lines)
    with visitor.line() as line:
        line.send(frame(message("kernel_info_request", {})))
        assert reply(line, "kernel_info_reply")["status"] == "ok"
    leave(visitor)


def test_places_are_counted_and_are_free_again(server: AppServer) -> None:
    server.await_kernels(0)
    first, second = (
        Visitor.of(server, "other.ipynb", X_Forwarded_For="198.51.100.1") for _ in range(2)
    )
    refused = server.ask("voila/render/other.ipynb", X_Forwarded_For="198.51.100.1")
    assert refused.status == 429
    assert "2 pages are open from your network address" in refused.text
    third = Visitor.of(server, "other.ipynb", X_Forwarded_For="198.51.100.2")
    full = server.ask("voila/render/other.ipynb", X_Forwarded_For="198.51.100.3")
    assert (full.status, full.headers["Retry-After"]) == (503, "120")
    assert "All 3 places on this server are taken" in full.text
    assert len(server.kernels()) == 3
    leave(first)
    again = Visitor.of(server, "other.ipynb", X_Forwarded_For="198.51.100.3")
    for visitor in (second, third, again):
        leave(visitor)
    server.await_kernels(0)


def test_a_page_that_takes_too_much_memory_is_ended_and_told_why(server: AppServer) -> None:
    visitor = Visitor.of(server, "page.ipynb", X_Forwarded_For="198.51.100.9")
    model = visitor.page.text.split("widget ")[1][:32]
    with visitor.line() as line:
        content = {"comm_id": model, "data": {"method": "custom", "content": "memory"}}
        line.send(frame(message("comm_msg", content)))
        code, reason = closed(line, 60)
    assert code == 4001
    assert "MB of memory, more than a visitor may have" in reason
    server.await_kernels(0)
    assert server.answers()


def test_a_kernel_that_goes_on_when_its_page_is_gone_is_ended(server: AppServer) -> None:
    visitor = Visitor.of(server, "page.ipynb", X_Forwarded_For="198.51.100.10")
    model = visitor.page.text.split("widget ")[1][:32]
    with visitor.line() as line:
        content = {"comm_id": model, "data": {"method": "custom", "content": "busy"}}
        line.send(frame(message("comm_msg", content)))
        time.sleep(1)
    assert len(server.kernels()) == 1
    server.await_kernels(0, 90)  # 30 s, and a look every three


def test_a_kernel_whose_page_nobody_ever_opened_is_ended(server: AppServer) -> None:
    Visitor.of(server, "other.ipynb", X_Forwarded_For="198.51.100.11")
    assert len(server.kernels()) == 1
    server.await_kernels(0, 90)


def test_bounds_say_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong, expected in (
        (["--visitors=3"], "Bounds for visitors hold with --public alone"),
        (["--public", "--visitors=-1"], "a number from 0"),
        (["--base-url=a b"], "--base-url is a path"),
        (["--embed-in=moodle"], "--embed-in is a site"),
        (["--public", "--option", "VoilaConfiguration.show_tracebacks=True"], "stays off"),
    ):
        assert main(["app", "--no-browser", *wrong]) == 2
        assert expected in capsys.readouterr().err


def test_requests_and_pages_of_an_address_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr("cnnvis_widgets.serving.frames.time.monotonic", lambda: now[0])
    counter = Counter(Limits(requests_a_minute=30, pages_a_minute=2))
    for _ in range(30):
        counter.request("203.0.113.1")
    with pytest.raises(Refusal, match="More than 30 requests") as refusal:
        counter.request("203.0.113.1")
    assert (refusal.value.status, refusal.value.seconds) == (429, 60)
    counter.request("203.0.113.2")
    now[0] += 2
    counter.request("203.0.113.1")  # one each two seconds
    for _ in range(2):
        counter.page("203.0.113.1", 0, 0)
    with pytest.raises(Refusal, match="More than 2 pages were opened"):
        counter.page("203.0.113.1", 0, 0)
    free = Counter(Limits())
    for _ in range(1000):
        free.request("a")
        free.page("a", 10**6, 10**6)


def test_what_counts_as_one_address() -> None:
    assert group("192.0.2.1") == "192.0.2.1"
    assert group("::ffff:192.0.2.1") == "192.0.2.1"
    assert group("2001:db8:1:2:3::1") == group("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert group("2001:db8:1:3::1") != group("2001:db8:1:2::1")
    assert group("fe80::1%eth0") == "fe80::/64"
    assert group("unknown") == "unknown"


def test_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnvis_widgets.serving.limits.MAX_ADDRESSES", 100)
    counter = Counter(Limits(requests_a_minute=30))
    for number in range(1000):
        counter.request(f"10.0.{number // 256}.{number % 256}")
    assert len(counter._requests) <= 100


def test_places_follow_from_the_memory() -> None:
    assert Limits.for_the_public(24 * 2**30, False).visitors == (24 * 1024 - 2000) // 700 == 32
    assert Limits.for_the_public(24 * 2**30, True).visitors == (24 * 1024 - 6000) // 120 == 154
    assert Limits.for_the_public(2**30, True).visitors == 2
    assert Limits.for_the_public(500 * 2**30, True).visitors_an_address == 60


def test_an_address_has_so_many_connections() -> None:
    async def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 10
        while not true() and time.monotonic() < end:
            await asyncio.sleep(0.02)

    async def attempt() -> tuple[int, int]:
        server = BoundedServer(Application([]), 5, idle_connection_timeout=30)
        (bound,) = bind_sockets(0, "127.0.0.1")
        server.add_sockets([bound])
        port = bound.getsockname()[1]
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(9)]
        await until(lambda: sum(reader.at_eof() for reader, _ in lines) >= 4)
        refused = sum(reader.at_eof() for reader, _ in lines)
        for _, writer in lines:
            writer.close()
        await until(lambda: not sum(server._open.values()))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 5)
        await until(lambda: not sum(server._open.values()))
        left = sum(server._open.values())
        server.stop()
        assert b" 404 " in answer
        return refused, left

    assert own_loop.run(attempt()) == (4, 0)


def test_cookies_of_embedded_pages_are_kept_within_their_frame() -> None:
    text = _set_cookie("secret", "/api/kernels/x", samesite="None", secure=True)
    assert "SameSite=None" in text
    assert "Secure" in text
    assert text.endswith("; Partitioned")
    headers = security_headers("a.example", public=True, embedders=("https://moodle.example",))
    assert "frame-ancestors 'self' https://moodle.example" in headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in headers
    assert "ws://" not in security_headers("a; script-src *")["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 0),
        ({"theme": "dark"}, 0),
        ({"theme": '"><script>'}, 404),
        ({"template": "python"}, 404),
    ],
)
def test_beside_jupyterlab_looks_come_from_a_list_too(query: dict[str, str], status: int) -> None:
    class Asked:
        def get_argument(self, name: str, default: str) -> str:
            return query.get(name, default)

    if not status:
        refuse_other_looks(Asked(), None, "")
        return
    with pytest.raises(HTTPError) as error:
        refuse_other_looks(Asked(), None, "")
    assert error.value.status_code == status
