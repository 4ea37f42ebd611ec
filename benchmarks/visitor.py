"""A visitor of the explorer without a browser: page, websocket and widgets' messages."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import re
import time
import uuid
from http.cookies import SimpleCookie
from typing import Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PROTOCOL = "v1.kernel.websocket.jupyter.org"
KERNEL = re.compile(r'"kernelId": ?"([0-9a-f-]{36})"')
TRAIT_OF = {"class": "Predictions", "method": "MethodPicker", "picture": "PicturePicker"}
VIEW, BAR = "ExplorerView", "ExplorerBar"
QUICK = ("saliency", "grad_cam", "guided_backprop", "deconvnet", "guided_grad_cam")
VERSION = {"version": "1.0.0"}  # of the protocol by which widgets are asked for their state
PATIENCE = 60.0


class Refused(Exception):
    """What the server answered instead of what was asked for, or that nothing came in time."""


class Visitor:
    """One visit.

    Args:
        server: "http://host:port".
        page: the notebook's file name.
        seed: of the choices.

    Attributes:
        controls: seconds from opening to the state of every control.
        first_picture: seconds from opening to the first explanation.
        changes: seconds from each choice to its explanation, with what was chosen.
        errors: what went wrong, in words.
    """

    def __init__(self, server: str, page: str, seed: int) -> None:
        self.controls = self.first_picture = 0.0
        self.changes: list[tuple[str, float]] = []
        self.errors: list[str] = []
        self._server, self._page = server, page
        self._random = random.Random(seed)
        self._models: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}
        self._news = asyncio.Condition()
        self._pictures = 0
        self._kernel = self._cookie = ""
        self._line: WebSocketClientConnection | None = None
        self._session = uuid.uuid4().hex
        self._numbers = itertools.count()

    async def visit(self, seconds: float, every: float, upload: bytes = b"") -> None:
        """Open the page, choose something every few seconds, and leave."""
        reading: asyncio.Task[None] | None = None
        try:
            start = time.monotonic()
            await self._open()
            reading = asyncio.create_task(self._read())
            self._ask_for_states()
            await self._until(lambda: {*TRAIT_OF.values(), VIEW, BAR} <= set(self._ids))
            self.controls = time.monotonic() - start
            await self._until(lambda: self._state(VIEW).get("title"))
            self.first_picture = time.monotonic() - start
            end = time.monotonic() + seconds
            await asyncio.sleep(self._random.uniform(0, every))
            while time.monotonic() < end:
                began = time.monotonic()
                await self._choose(upload)
                upload = b""
                await asyncio.sleep(max(0.0, every - (time.monotonic() - began)))
        except (Refused, HTTPError, OSError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")
        finally:
            if reading is not None:
                reading.cancel()
            await self._leave()

    async def _open(self) -> None:
        url = f"{self._server}/voila/render/{self._page}"
        client = AsyncHTTPClient(max_clients=1000)
        answer = await client.fetch(url, request_timeout=PATIENCE, raise_error=False)
        match = KERNEL.search(answer.body.decode("utf-8", "replace"))
        if answer.code != 200 or match is None:
            raise Refused(f"the page came with {answer.code} and no kernel")
        self._kernel = match[1]
        cookies = SimpleCookie()
        for line in answer.headers.get_list("Set-Cookie"):
            if "path=" not in line.lower() or "Path=/;" in line or "api/kernels" in line:
                cookies.load(line)
        self._cookie = "; ".join(f"{name}={one.value}" for name, one in cookies.items())
        address = self._server.replace("http", "ws", 1)
        url = f"{address}/api/kernels/{self._kernel}/channels?session_id={self._session}"
        headers = {"Cookie": self._cookie, "Origin": self._server}
        self._line = await websocket_connect(
            HTTPRequest(url, headers=headers), subprotocols=[PROTOCOL], max_message_size=1 << 28
        )

    def _send(self, kind: str, content: dict[str, Any], *buffers: bytes) -> None:
        header = {
            "msg_id": f"{self._session}-{next(self._numbers)}",
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "date": "2026-01-01T00:00:00Z",
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, VERSION, content)]
        assert self._line is not None
        self._line.write_message(serialize_msg_to_ws_v1([*parts, *buffers], "shell"), binary=True)

    def _ask_for_states(self) -> None:
        comm = uuid.uuid4().hex
        opened = {"comm_id": comm, "target_name": "jupyter.widget.control", "data": {}}
        self._send("comm_open", opened)
        self._send("comm_msg", {"comm_id": comm, "data": {"method": "request_states"}})

    async def _read(self) -> None:
        assert self._line is not None
        while (raw := await self._line.read_message()) is not None:
            if not isinstance(raw, bytes):
                continue
            _, parts = deserialize_msg_from_ws_v1(raw)
            if json.loads(parts[0])["msg_type"] == "comm_msg":
                self._take(json.loads(parts[3]))
            async with self._news:
                self._news.notify_all()
        self.errors.append("the line broke")

    def _take(self, content: dict[str, Any]) -> None:
        """Take a message of the kernel's as a page does: what comes before the states is lost."""
        data = content["data"]
        if data.get("method") == "update_states":
            for model, entry in data["states"].items():
                self._models[model] = dict(entry["state"])
                name = str(entry["state"].get("_anywidget_id", "")).rpartition(".")[2]
                if name:
                    self._ids[name] = model
                    drawn = {"method": "custom", "content": {"kind": "drawn"}}
                    self._send("comm_msg", {"comm_id": model, "data": drawn})
        elif data.get("method") in ("update", "echo_update") and content["comm_id"] in self._models:
            self._models[content["comm_id"]].update(data["state"])
            if content["comm_id"] == self._ids.get(VIEW):
                brought = {*data["state"], *(path[0] for path in data.get("buffer_paths", []))}
                self._pictures += bool({"heatmap", "picture", "title"} & brought)

    def _state(self, name: str) -> dict[str, Any]:
        return self._models.get(self._ids.get(name, ""), {})

    async def _until(self, true: Any, after: str = "opening") -> None:
        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(true)

        try:
            await asyncio.wait_for(wait(), PATIENCE)
        except TimeoutError:
            raise Refused(f"nothing came within {PATIENCE:.0f} s after {after}") from None

    async def _choose(self, upload: bytes) -> None:
        kind = "upload" if upload else self._random.choice(["class", "class", "method", "picture"])
        touched = {"method": "custom", "content": {"kind": "touched"}}
        self._send("comm_msg", {"comm_id": self._ids[BAR], "data": touched})
        before, began = self._pictures, time.monotonic()
        chosen: Any = "mine.png"
        if upload:
            content = {"kind": "upload", "id": 1, "filename": "mine.png"}
            data = {"method": "custom", "content": content}
            self._send("comm_msg", {"comm_id": self._ids["PicturePicker"], "data": data}, upload)
        else:
            name = TRAIT_OF[kind]
            state = self._state(name)
            offers: list[Any] = {
                "class": [one["unit"] for one in state.get("predictions", [])],
                "method": list(QUICK),
                "picture": [one["name"] for one in state.get("pictures", [])],
            }[kind]
            others = [one for one in offers if one != state.get("value")]
            if not others:  # the classes of a new picture have not come yet
                return
            chosen = state["value"] = self._random.choice(others)
            data = {"method": "update", "state": {"value": chosen}, "buffer_paths": []}
            self._send("comm_msg", {"comm_id": self._ids[name], "data": data})
        await self._until(lambda: self._pictures > before, f"a choice of {kind}: {chosen}")
        self.changes.append((kind, time.monotonic() - began))

    async def _leave(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._kernel:
            request = HTTPRequest(
                f"{self._server}/voila/api/shutdown/{self._kernel}",
                method="POST",
                body=b"",
                headers={"Cookie": self._cookie, "Origin": self._server},
                request_timeout=60,
            )
            with contextlib.suppress(OSError):
                answer = await AsyncHTTPClient().fetch(request, raise_error=False)
                if answer.code >= 400:
                    self.errors.append(f"leaving: {answer.code}")
