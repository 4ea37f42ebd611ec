"""What was used last, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any


class Kept:
    """The values used last, within a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most, self.size = most, 0
        self._values: OrderedDict[Any, bytes] = OrderedDict()

    def get(self, key: Any) -> bytes | None:
        """The value, which is now the one used last."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: Any, value: bytes) -> None:
        """Keep a value; one that is larger than all that may be kept is not."""
        if key in self._values:
            self.size -= len(self._values.pop(key))
        if len(value) > self._most:
            return
        self._values[key] = value
        self.size += len(value)
        while self.size > self._most:
            self.size -= len(self._values.popitem(last=False)[1])
