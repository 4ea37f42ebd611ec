"""A made-up weight file, and a server that hands it out well or badly."""

from __future__ import annotations

import hashlib
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np

from cnnvis_widgets.zoo.weights import WeightFile

BODY = np.random.default_rng(7).bytes(700_003)  # not a multiple of any buffer
MD5 = hashlib.md5(BODY).hexdigest()
FILE = WeightFile("tiny_weights.h5", "http://127.0.0.1:9/", len(BODY), MD5)
UNSIGNED = FILE._replace(name="unsigned_weights.h5", md5="")


class Shelf(BaseHTTPRequestHandler):
    """Serves `server.files`, misbehaving as `server.manner` says."""

    server: Any

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path.removeprefix("/"))
        manner = self.server.manner
        if manner == "silent":
            self.server.release.wait(30)
            return
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if manner != "no length":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if manner == "slow":
            for start in range(0, len(body), 100_000):
                self.wfile.write(body[start : start + 100_000])
                self.wfile.flush()
                time.sleep(0.08)
        elif manner == "truncated":
            self.wfile.write(body[: len(body) // 3])
        elif manner == "stalls":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.server.release.wait(30)
        else:
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def left(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones included."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def put(path: Path, body: bytes = BODY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def quiet(done: int, total: int) -> None:
    pass
