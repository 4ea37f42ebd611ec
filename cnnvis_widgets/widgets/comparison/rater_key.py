"""A rater's key, from the page's URL or typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control


class RaterKey(Control):
    """Asks a page for its rater's key, and shows the rater's name.

    Args:
        kwargs: the attributes.

    Attributes:
        rater: the rater's name; "" until a key is accepted.
        why: the reason why scoring is not possible here; "" if it is.
    """

    rater = traitlets.Unicode("").tag(sync=True)
    why = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._take_key: Callable[[object], None] | None = None
        self.on_msg(self._receive)

    def on_key(self, take: Callable[[object], None]) -> None:
        """Set the callback for keys that pages send, which may be any plain data."""
        self._take_key = take

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "key" and self._take_key and not self.why:
            self._take_key(content.get("key"))
