"""A room lists itself: every module in it is found, so that adding one is adding a file."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")


def discover(room: ModuleType, base: type[T]) -> dict[str, Any]:
    """Every subclass of `base` with a `name` of its own, in the order that its `order` says.

    Args:
        room: the package whose modules are looked through; each is imported.
        base: the contract.

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
