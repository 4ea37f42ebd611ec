"""Finds the classes of a package, so that a new one only needs a new module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


def discover(room: ModuleType, base: type[T]) -> dict[str, Any]:
    """Every subclass of `base` that defines `name`, sorted by `order`.

    Args:
        room: the package; each of its modules is imported.
        base: the base class.

    Returns:
        name → class.
    """
    by_name: dict[str, Any] = {}
    for module in pkgutil.iter_modules(room.__path__):
        if module.name.startswith("_"):
            continue
        members: Iterable[Any] = vars(
            importlib.import_module(f"{room.__name__}.{module.name}")
        ).values()
        for member in members:
            if isinstance(member, type) and issubclass(member, base) and "name" in vars(member):
                by_name[vars(member)["name"]] = member
    ordered = sorted(by_name.values(), key=lambda c: (getattr(c, "order", 1000), c.__name__))
    return {c.name: c for c in ordered}
