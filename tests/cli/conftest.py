"""What the tests of the command line share."""

from __future__ import annotations

from typing import Any

import pytest

import cnnvis_widgets as cnnvis
from cnnvis_widgets.zoo import loading


@pytest.fixture
def network(default_network: cnnvis.Network, monkeypatch: pytest.MonkeyPatch) -> cnnvis.Network:
    """The default network, which the command gets as well instead of loading its own."""
    load = loading.load_network

    def load_once(name: str, weights: str | None = None, **options: Any) -> cnnvis.Network:
        plain = name == "efficientnet_lite0" and not weights and not any(options.values())
        return default_network if plain else load(name, weights, **options)

    monkeypatch.setattr(loading, "load_network", load_once)
    return default_network
