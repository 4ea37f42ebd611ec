"""Names of ImageNet's 1000 classes, brought along: Keras downloads its own."""

from __future__ import annotations

import functools
from pathlib import Path


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
