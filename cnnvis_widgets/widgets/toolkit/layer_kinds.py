"""Sorts of layers, for their colours and in words."""

from __future__ import annotations

# Prefixes of class names, the first match counts; `layer_kinds.js` has their colours.
SORTS = {
    "Depthwise": "depthwise",
    "Separable": "depthwise",
    "Conv": "convolution",
    "Dense": "dense",
    "GlobalAverage": "pooling",
    "GlobalMax": "pooling",
    "MaxPool": "pooling",
    "AveragePool": "pooling",
    "Add": "join",
    "Concat": "join",
}
OTHER = "other"


def sort_of(kind: str) -> str:
    """A layer's sort, by its class.

    Args:
        kind: the class ("Conv2D").

    Returns:
        "convolution", "depthwise", "pooling", "dense", "join" or "other".

    Examples:
        >>> sort_of("Concatenate")
        'join'
    """
    return next((sort for start, sort in SORTS.items() if kind.startswith(start)), OTHER)
