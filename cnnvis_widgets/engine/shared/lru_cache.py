"""A least-recently-used cache with a limit in bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any


class LRUCache:
    """Byte strings by key; the least recently used are dropped first.

    Args:
        max_bytes: the most that all values may take together.

    Attributes:
        size: bytes that the values take now.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self.size = max_bytes, 0
        self._values: OrderedDict[Any, bytes] = OrderedDict()

    def get(self, key: Any) -> bytes | None:
        """The value, now the most recently used; None if it is not cached."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Any, value: bytes) -> None:
        """Cache a value, unless it alone is larger than the cache."""
        if key in self._values:
            self.size -= len(self._values.pop(key))
        if len(value) > self._max_bytes:
            return
        self._values[key] = value
        self.size += len(value)
        while self.size > self._max_bytes:
            self.size -= len(self._values.popitem(last=False)[1])
