"""What there is, for menus and tables, without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnvis_widgets import policy
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.zoo import decoding_process, images
from cnnvis_widgets.zoo.loading import architectures


def methods() -> list[dict[str, Any]]:
    """As `cnnvis.methods()`."""
    return [found.facts() for found in all_methods().values()]


def networks() -> list[dict[str, Any]]:
    """Every network's facts, and why its weights are not at hand (empty if they are)."""
    return [{**found.facts(), "missing": found.available()} for found in architectures().values()]


def versions() -> dict[str, dict[str, Any]]:
    """What else `load_network` takes as a name: name → title, note (what it was trained on)."""
    return {
        f"{found.name}:{version}": {
            "title": f"{found.title} ({version})",
            "note": trained_on,
        }
        for found in architectures().values()
        for version, trained_on in found.versions.items()
    }


def pictures() -> list[dict[str, Any]]:
    """Every picture's name, title, alt text, and a thumbnail as the bytes of a picture file."""
    found = []
    for name in images.images():
        picture = images.picture(name)
        small = images.thumbnail(images.load_image(name))
        found.append({"name": name, "title": picture.title, "alt": picture.alt, "thumbnail": small})
    return found


def decode(data: bytes) -> np.ndarray:
    """An uploaded file's bytes as a picture; see `cnnvis.load_image` for what is refused.

    On a served page, also what costs more time or memory than a visitor's picture may.
    """
    bounds = policy.current()
    if not bounds.served:
        return images.load_image(data)
    most = int(bounds.megapixels * 1e6)
    return decoding_process.decode(data, most, bounds.decoding_seconds)


def pixels(name: str) -> np.ndarray:
    """A picture that comes along, uint8 (rows, columns, 3)."""
    return images.load_image(name)
