"""A scheduler and a worker in processes of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from cnnvis_widgets.engine.shared.cluster import Service, Size, start


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    started = start(Size(1, max(1, os.cpu_count() or 1), 6 << 30), warm=False)
    yield started
    started.stop()
