"""Fixtures that several test files share; TensorFlow is loaded only by those that ask for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cnnvis_widgets import policy

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if TYPE_CHECKING:
    from oracles.twins import Twin

    from cnnvis_widgets.backend.network import Network


SLOW_FILES = {
    "test_bad_day",
    "test_cli",
    "test_compiled_functions",
    "test_computing",
    "test_decoders",
    "test_explain_batch",
    "test_fuzz",
    "test_hostile_visitor",
    "test_large_networks",
    "test_minis",
    "test_public_server",
    "test_random_requests",
    "test_server",
    "test_shared_engine",
    "test_timed_training",
}
"""Whole files of tests that take longer than 20 s together (see `pytest --durations`)."""

WEIGHTS = {"default_network"}
"""Fixtures that load a large network's trained weights."""


@pytest.fixture(autouse=True)
def own_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that serves pages, in this process, leaves no bounds and no engine to the next."""
    monkeypatch.setenv(policy.VARIABLE, "")
    monkeypatch.setenv("CNNVIS_SCHEDULER", "")
    monkeypatch.setenv("JUPYTER_PATH", os.environ.get("JUPYTER_PATH", ""))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make check` leaves out: by folder, by file, and by what a test asks for."""
    for item in items:
        if item.path.parent.name == "notebooks":
            item.add_marker(pytest.mark.notebook)
        if item.path.parent.name == "exhaustive":
            item.add_marker(pytest.mark.exhaustive)
        if item.path.stem in SLOW_FILES:
            item.add_marker(pytest.mark.slow)
        if WEIGHTS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.weights)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Long files come first: the short ones then keep all processes busy until the end."""
    if item.path.parent.name == "notebooks" or item.path.stem in SLOW_FILES:
        return 0
    return 1 if "browser" in item.path.parts else 2


@pytest.fixture(scope="session")
def default_network() -> Network:
    """EfficientNet-Lite0 with its ImageNet weights."""
    from cnnvis_widgets.zoo.loading import load_network

    return load_network("efficientnet_lite0")


@pytest.fixture(scope="session")
def cat() -> np.ndarray:
    """uint8 (300, 451, 3)."""
    from cnnvis_widgets.zoo.images import load_image

    return load_image("cat")


@pytest.fixture(scope="session")
def twins() -> Callable[[str], tuple[Twin, Network]]:
    """By name: a small network of `oracles.nets`, and the `Network` around its Keras model."""
    from oracles import nets

    from cnnvis_widgets.backend.network import Network

    made: dict[str, tuple[Twin, Network]] = {}

    def find(name: str) -> tuple[Twin, Network]:
        if name not in made:
            twin = nets.twin(name)
            made[name] = twin, Network(twin.model)
        return made[name]

    return find
