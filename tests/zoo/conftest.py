"""What the tests of weight files share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from weight_shelf import BODY, FILE, UNSIGNED, Shelf

from cnnvis_widgets.zoo import weights


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.daemon_threads = True
    server.files = {FILE.name: BODY, UNSIGNED.name: BODY}
    server.manner, server.asked, server.release = "", [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    monkeypatch.setenv("CNNVIS_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of the user's own: neither caches nor settings nor proxies."""
    for name in ("CNNVIS_WEIGHTS", "CNNVIS_WEIGHTS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path
