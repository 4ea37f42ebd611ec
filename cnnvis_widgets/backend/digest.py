"""What tells one network's weights from another's."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def network_digest(network: Network) -> str:
    """Of the weights: it changes when the network learns anything."""
    content = hashlib.blake2b(digest_size=12)
    for weights in network.model.get_weights():
        content.update(f"{weights.shape}".encode())
        content.update(weights.tobytes())
    return content.hexdigest()
