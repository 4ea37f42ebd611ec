"""What all components share: files side by side, errors in place, no misspelt keywords."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.widgets.toolkit.linker import linked, renders, styles


def _module(cls: type) -> Path:
    """The file that a class was defined in; in a notebook, one that does not exist."""
    return Path(getattr(sys.modules.get(cls.__module__), "__file__", None) or "no-file.py")


class _Whole(traitlets.MetaHasTraits):
    """Makes components of which the page is told when their constructors have run to the end."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        component = super().__call__(*args, **kwargs)
        component._whole = True
        component.open()
        return component


class Component(anywidget.AnyWidget, metaclass=_Whole):
    """A widget whose front end lies beside its module: ``name.py``, ``name.js``, ``name.css``.

    The JavaScript is an ordinary module. What it imports from others (``base.js``, ``control.js``,
    …) is put into the same text, so that there is no second file to fetch, and their style sheets
    before its own.

    Attributes:
        error: a sentence shown beside the control; empty when all is well.
        busy: work for this control is under way; the front end shows it.
        layouts: style sheets beside the module of composed widgets that this component is part of;
            they have no page of their own to bring them.
    """

    error = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    layouts: ClassVar[tuple[str, ...]] = ()
    _whole = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the component's JavaScript and style sheet from the files beside its module."""
        script = _module(cls).with_suffix(".js")
        # A class with a text of its own keeps it: one in a notebook, and the classes that anywidget
        # makes for each instance.
        if "_esm" not in vars(cls) and renders(script):
            sheets = [script.with_name(name).read_text("utf-8") for name in cls.layouts]
            cls._esm, cls._css = linked(script), "\n".join([styles(script), *sheets])
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs: Any) -> None:
        known = set(self.trait_names())
        for name in kwargs:
            if name not in known:  # traitlets alone would drop it in silence
                public = sorted(k for k in self.class_own_traits() if not k.startswith("_"))
                raise UnknownNameError.of(f"argument of {type(self).__name__}", name, public)
        super().__init__(**kwargs)

    def open(self) -> None:
        """Tell the page of this widget, all that it shows included.

        ipywidgets does so within its own constructor; what a subclass sets afterwards would follow
        in messages of its own, and a page that fills while cells run may draw before they come.
        """
        if self._whole:
            super().open()
