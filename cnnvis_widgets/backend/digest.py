"""A digest of a network's weights."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def network_digest(network: Network) -> str:
    """A digest of the weights: it changes with any of them."""
    content = hashlib.blake2b(digest_size=12)
    for weights in network.model.get_weights():
        content.update(f"{weights.shape}".encode())
        content.update(weights.tobytes())
    return content.hexdigest()
