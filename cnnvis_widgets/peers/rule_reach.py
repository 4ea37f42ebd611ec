"""Finds the layers at which a library applied its rule for ReLUs."""

from __future__ import annotations

from typing import Any


def changed_layers(changed: Any, original: Any) -> tuple[str, ...]:
    """The layers whose activation or call the library replaced.

    Args:
        changed: the Keras model that the library uses.
        original: the model that it was given.

    Returns:
        Names of the layers; those of nested models as "model/layer".
    """
    return tuple(_changed(changed, original, ""))


def _changed(changed: Any, original: Any, prefix: str) -> list[str]:
    names = []
    for changed_layer, layer in zip(changed.layers, original.layers, strict=False):
        name = f"{prefix}{layer.name}"
        if _replaced(changed_layer, layer):
            names.append(name)
        if getattr(changed_layer, "layers", None) and getattr(layer, "layers", None):
            names += _changed(changed_layer, layer, f"{name}/")
    return names


def _replaced(changed_layer: Any, original_layer: Any) -> bool:
    activation, original_activation = (
        getattr(layer, "activation", None) for layer in (changed_layer, original_layer)
    )
    # An activation that is a layer is another object in a copy of the model
    same = activation is original_activation or (
        type(activation) is type(original_activation) and hasattr(activation, "get_config")
    )
    return not same or "call" in vars(changed_layer)
