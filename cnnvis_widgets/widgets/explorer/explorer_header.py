"""The explorer's first line: what is under way, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable

import traitlets

from cnnvis_widgets.widgets.toolkit.base import Component


class ExplorerHeader(Component):
    """A line on work under way with the seconds it has taken, and a button to cancel it.

    It brings the explorer's layout (``explorer.css``), on a projector as on a telephone.

    Attributes:
        working: what is under way ("loading TensorFlow"); "" when nothing is. Shown once it has
            lasted half a second, so that quick answers do not flicker.
        partial: an answer that still improves is shown, and stays if the work is stopped.
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
