"""Choose a drawn picture: its class, its seed, and whether it has the shortcut."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Whole


class SceneControls(Control, from_page="chosen seed shortcut"):
    """A class, a seed for the rest of the picture, and a switch for the shortcut.

    Args:
        names: of the classes.
        kwargs: the attributes.

    Attributes:
        names: of the classes.
        chosen: the index of the class.
        seed: of the picture, 0 or more.
        shortcut: whether it has the shortcut.
        shortcut_label: the label of the switch.

    Raises:
        InvalidValueError: `chosen` is not an index of `names`, or `seed` is out of range.
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
