"""Start and stop a training, and choose its pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control


class TrainControls(Control, from_page="cheating"):
    """A switch for the kind of training pictures, a button, a progress bar and a line of text.

    Args:
        on_start: called when the button is pressed while no training is running.
        on_stop: called when it is pressed while one is.
        kwargs: the attributes.

    Attributes:
        cheating: whether one class has the shortcut in training.
        running: whether a training is running.
        share: the share of it that is finished, 0 to 1.
        status: a line on its state or result; "" before the first.
    """

    label = traitlets.Unicode("Training").tag(sync=True)
    cheating = traitlets.Bool(False).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    share = traitlets.Float(0.0).tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        on_start: Callable[[], object] | None = None,
        on_stop: Callable[[], object] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._on_start, self._on_stop = on_start, on_stop
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        if content.get("kind") != "press":
            return
        action = self._on_stop if self.running else self._on_start
        if action is not None:
            action()
