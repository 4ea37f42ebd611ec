"""What there is, for menus and tables, without TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnvis_widgets import policy
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.zoo import decoding_process, digits, evidence, images
from cnnvis_widgets.zoo.loading import architectures


def methods() -> list[dict[str, Any]]:
    """As `cnnvis.methods()`."""
    return [method.facts() for method in all_methods().values()]


def networks() -> list[dict[str, Any]]:
    """Every network's facts, and why its weights are not at hand (empty if they are)."""
    return [
        {**architecture.facts(), "missing": architecture.available()}
        for architecture in architectures().values()
    ]


def versions() -> dict[str, dict[str, Any]]:
    """What else `load_network` takes as a name: name → title, note (what it was trained on)."""
    return {
        f"{architecture.name}:{version}": {
            "title": f"{architecture.title} ({version})",
            "note": trained_on,
        }
        for architecture in architectures().values()
        for version, trained_on in architecture.versions.items()
    }


def pictures(kind: str = "imagenet") -> list[dict[str, Any]]:
    """Pictures for a network: name, title, alt text, and a thumbnail as a picture file's bytes.

    Args:
        kind: what the network knows, as an architecture's `labels`: ten drawn pictures for "drawn",
            a digit of each kind for "digits", else the photos.
    """
    if kind == "drawn":
        return [_drawn(f"{evidence.PREFIX}{seed}") for seed in range(10)]
    if kind == "digits":
        labels = digits.digits()[1].labels.tolist()
        return [_digit(labels.index(label), label) for label in range(10)]
    return [picture(name) for name in images.images()]


def picture(name: str) -> dict[str, Any]:
    """One of them by its name, also one that the menus do not show ("scene:1234").

    Raises:
        UnknownNameError: no picture of that name; a text is never taken for a path.
    """
    images.checked_name(name)
    if name.startswith(evidence.PREFIX):
        return _drawn(name)
    if name.startswith(digits.PREFIX):
        digits.by_name(name)  # refuses a number that is none
        number = int(name.removeprefix(digits.PREFIX))
        return _digit(number, int(digits.digits()[1].labels[number]))
    known = images.picture(name)
    small = images.thumbnail(images.load_image(name))
    return {"name": name, "title": known.title, "alt": known.alt, "thumbnail": small}


def _drawn(name: str) -> dict[str, Any]:
    scene = evidence.by_name(name)
    title = evidence.CLASSES[scene.label]
    small = images.thumbnail(scene.picture)
    return {"name": name, "title": title, "alt": f"a drawn {title}", "thumbnail": small}


def _digit(number: int, label: int) -> dict[str, Any]:
    name = f"{digits.PREFIX}{number}"
    small = images.thumbnail(digits.by_name(name))
    return {"name": name, "title": str(label), "alt": f"a written {label}", "thumbnail": small}


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
