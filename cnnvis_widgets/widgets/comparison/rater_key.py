"""Who scores: a page's key, from its address or typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control


class RaterKey(Control):
    """Asks a page for its rater's key, and says whose page it is.

    Args:
        kwargs: the attributes.

    Attributes:
        rater: the name of whose page it is; "" until a key was taken.
        why: why nobody can score here; "" where one can.
    """

    rater = traitlets.Unicode("").tag(sync=True)
    why = traitlets.Unicode("").tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._take_key: Callable[[object], None] | None = None
        self.on_msg(self._receive)

    def on_key(self, take: Callable[[object], None]) -> None:
        """Let something take what pages send as their key: any plain data."""
        self._take_key = take

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if content.get("kind") == "key" and self._take_key and not self.why:
            self._take_key(content.get("key"))
