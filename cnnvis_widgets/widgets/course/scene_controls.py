"""Choose a drawn picture: its class, another one of it, and whether the tell-tale is there."""

from __future__ import annotations

import operator
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Checked


class SceneControls(Control, from_page="chosen seed tell_tale"):
    """A class, a number that decides all the rest of the picture, and a switch for the tell-tale.

    Args:
        names: of the classes.
        kwargs: the attributes.

    Attributes:
        names: of the classes.
        chosen: the index of the class.
        seed: which picture of it, 0 or more.
        tell_tale: whether it has the tell-tale.
        tell_tale_label: what the switch is called.

    Raises:
        InvalidValueError: `chosen` is no index of `names`, `seed` is below 0.
    """

    layouts = ("shortcut_quiz.css",)

    label = traitlets.Unicode("Picture").tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    chosen = Checked("_check_chosen", 0).tag(sync=True)
    seed = Checked("_check_seed", 0).tag(sync=True)
    tell_tale = traitlets.Bool(True).tag(sync=True)
    tell_tale_label = traitlets.Unicode("snow on the ground").tag(sync=True)

    def __init__(self, names: list[str], **kwargs: Any) -> None:
        self._count = len(names)
        super().__init__(names=names, **kwargs)

    def _check_chosen(self, value: object) -> int:
        return _whole("A class is its number", value, self._count - 1)

    def _check_seed(self, value: object) -> int:
        return _whole("A picture is its number", value, 2**31 - 1)


def _whole(what: str, value: Any, last: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number <= last:
        raise InvalidValueError(f"{what}, 0 to {last}; got {value!r}.")
    return number
