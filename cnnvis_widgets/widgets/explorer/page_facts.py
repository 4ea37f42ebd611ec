"""Facts for checking whether a map was reproduced: its hash and the package versions."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import PageExplanation

PACKAGES = ("cnnvis-widgets", "tensorflow", "keras", "numpy")


def fingerprint(made: PageExplanation) -> tuple[str, list[int], float]:
    """SHA-256, shape and largest absolute value of an answer."""
    values = made.image if made.heatmap is None else np.asarray(made.heatmap, "<f4")
    assert values is not None
    content = np.ascontiguousarray(values)
    largest = float(np.abs(content.astype(np.float64)).max())
    return hashlib.sha256(content.tobytes()).hexdigest(), list(content.shape), largest


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a page without TensorFlow
        return ""


def versions() -> dict[str, str]:
    """Versions of the packages that affect the values."""
    return {name: installed for name in PACKAGES if (installed := _version(name))}


def array_facts(made: PageExplanation) -> tuple[tuple[str, str], ...]:
    """Array and versions as facts in words."""
    sha256, shape, _ = fingerprint(made)
    size = " × ".join(map(str, shape))
    kind = "float32, little-endian" if made.heatmap is not None else "uint8"
    return (
        ("Array", f"{size}, {kind}, SHA-256 {sha256}"),
        ("Versions", ", ".join(f"{name} {number}" for name, number in versions().items())),
    )
