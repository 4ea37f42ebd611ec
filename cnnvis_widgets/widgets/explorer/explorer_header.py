"""The explorer's first line: the work under way, and a button to cancel it."""

from __future__ import annotations

from collections.abc import Callable

import traitlets

from cnnvis_widgets.widgets.toolkit.base import Component


class ExplorerHeader(Component):
    """A line with the work under way and its seconds, and a button to cancel it.

    It also brings the explorer's layout (``explorer.css``).

    Attributes:
        working: what is under way ("loading TensorFlow"); "" for nothing. Shown after half a
            second, so that quick answers do not flicker.
        partial: whether the answer shown still improves; it stays if the work is cancelled.
    """

    layouts = ("explorer.css",)

    working = traitlets.Unicode("").tag(sync=True)
    partial = traitlets.Bool(False).tag(sync=True)

    def __init__(self, on_cancel: Callable[[], object] | None = None, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self._on_cancel = on_cancel
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        if content.get("kind") == "cancel" and self._on_cancel is not None:
            self._on_cancel()
