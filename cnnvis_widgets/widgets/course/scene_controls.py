"""Choose a drawn picture: its class, another one of it, and whether the shortcut is there."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Whole


class SceneControls(Control, from_page="chosen seed shortcut"):
    """A class, a number that decides all the rest of the picture, and a switch for the shortcut.

    Args:
        names: of the classes.
        kwargs: the attributes.

    Attributes:
        names: of the classes.
        chosen: the index of the class.
        seed: which picture of it, 0 or more.
        shortcut: whether it has the shortcut.
        shortcut_label: what the switch is called.

    Raises:
        InvalidValueError: `chosen` is no index of `names`, `seed` is below 0.
    """

    layouts = ("shortcut_quiz.css",)

    label = traitlets.Unicode("Picture").tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = Whole(0, lambda controls: controls._count - 1, 0).tag(sync=True)
    seed = Whole(0, 2**31 - 1, 0).tag(sync=True)
    shortcut = traitlets.Bool(True).tag(sync=True)
    shortcut_label = traitlets.Unicode("snow on the ground").tag(sync=True)

    def __init__(self, names: list[str], **kwargs: Any) -> None:
        self._count = len(names)
        super().__init__(names=names, **kwargs)
