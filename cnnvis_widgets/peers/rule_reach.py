"""At which layers a library's rule for ReLUs was put, read off the model that it made."""

from __future__ import annotations

from typing import Any


def changed_layers(theirs: Any, given: Any) -> tuple[str, ...]:
    """The layers whose activation, or whose call, the library replaced.

    Args:
        theirs: the Keras model that it computes with.
        given: the one that it was handed.

    Returns:
        Names of the layers of the model itself; those inside nested models are looked at too, as
        "model/layer".
    """
    return tuple(_changed(theirs, given, ""))


def _changed(theirs: Any, given: Any, prefix: str) -> list[str]:
    names = []
    for one, other in zip(theirs.layers, given.layers, strict=False):
        name = f"{prefix}{other.name}"
        if _replaced(one, other):
            names.append(name)
        if getattr(one, "layers", None) and getattr(other, "layers", None):
            names += _changed(one, other, f"{name}/")
    return names


def _replaced(one: Any, other: Any) -> bool:
    mine, before = (getattr(layer, "activation", None) for layer in (one, other))
    # An activation that is a layer is copied with the model, and is another object then.
    same = mine is before or (type(mine) is type(before) and hasattr(mine, "get_config"))
    return not same or "call" in vars(one)
