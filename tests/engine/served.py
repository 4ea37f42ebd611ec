"""What tests of the shared engine have in common."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np

from cnnvis_widgets.engine import SCHEDULER_VARIABLE
from cnnvis_widgets.engine.shared.cluster import Service


def in_a_page(code: str, service: Service) -> str:
    """What code prints in a process that asks a service, as a page's kernel does."""
    environment = {**os.environ, SCHEDULER_VARIABLE: service.address}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def same(one: Any, other: Any) -> None:
    """Equal in type and value, arrays to the last bit."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()
    elif isinstance(one, dict):
        assert list(one) == list(other)
        same(list(one.values()), list(other.values()))
    elif isinstance(one, tuple | list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif isinstance(one, Exception):
        assert str(one) == str(other)
    else:
        assert one == other
