"""Names of the networks' classes. ImageNet's 1000 are brought along: Keras downloads its own."""

from __future__ import annotations

import functools
from pathlib import Path

from cnnvis_widgets.zoo.evidence import CLASSES


@functools.cache
def imagenet_labels() -> tuple[str, ...]:
    """What ImageNet's 1000 classes are called, in the order of a network's output units.

    One readable English name each, all different: the two that WordNet calls "crane" are "crane
    (bird)" and "crane (machine)". ``scripts/make_imagenet_labels.py`` made the list and says from
    what.
    """
    text = Path(__file__).with_name("imagenet_labels.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return tuple(line.split(" ", 1)[1] for line in lines)


def labels_of(kind: str) -> tuple[str, ...] | None:
    """The names of a network's output units.

    Args:
        kind: what `Architecture.labels` says: "imagenet", "drawn" (the classes of
            `cnnvis_widgets.zoo.evidence`), "digits", or "" for none.
    """
    if kind == "imagenet":
        return imagenet_labels()
    if kind == "drawn":
        return CLASSES
    return tuple("0123456789") if kind == "digits" else None
