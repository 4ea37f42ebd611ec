"""Names of a network's output units, in whichever form they are given. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cnnvis_widgets.errors import InvalidValueError


def named_units(labels: Iterable[Any] | Mapping[Any, Any] | None) -> tuple[str, ...] | None:
    """Labels in the order of the units.

    Args:
        labels: names in order; unit → name; or name → unit, as Keras' `class_indices` has it.

    Raises:
        InvalidValueError: one string, or a mapping that is neither.

    Example:
        >>> named_units({"cat": 0, "dog": 1})
        ('cat', 'dog')
    """
    if labels is None:
        return None
    if isinstance(labels, str | bytes):
        raise InvalidValueError(f"labels are names in the order of the units; got {labels!r}.")
    if not isinstance(labels, Mapping):
        return tuple(str(label) for label in labels)
    by_unit = dict(labels)
    if not all(_is_unit(key) for key in by_unit):
        by_unit = {unit: name for name, unit in labels.items()}
    units = {int(key): str(name) for key, name in by_unit.items() if _is_unit(key)}
    if len(units) != len(labels) or set(units) != set(range(len(labels))):
        raise InvalidValueError(
            "labels as a mapping are unit → name or name → unit, with the units 0, 1, 2, … each "
            f"once; got {dict(labels)!r}."
        )
    return tuple(units[unit] for unit in range(len(units)))


def _is_unit(key: Any) -> bool:
    """A whole number, or its digits, as JSON's keys are."""
    if isinstance(key, str):
        return key.isdecimal()
    return hasattr(key, "__index__") and not isinstance(key, bool)
