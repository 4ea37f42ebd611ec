"""What all components share: files side by side, errors in place, no misspelt keywords."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cnnvis_widgets.errors import UnknownNameError


def _module(cls: type) -> Path:
    """The file that a class was defined in; in a notebook, one that does not exist."""
    return Path(getattr(sys.modules.get(cls.__module__), "__file__", None) or "no-file.py")


def _is_ours(cls: type) -> bool:
    return any(c.__module__ == __name__ for c in cls.__mro__)


def _text(module: Path, suffix: str) -> str:
    file = module.with_suffix(suffix)
    return file.read_text("utf-8") if file.exists() else ""


class _Whole(traitlets.MetaHasTraits):
    """Makes components of which the page is told when their constructors have run to the end."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        component = super().__call__(*args, **kwargs)
        component._whole = True
        component.open()
        return component


class Component(anywidget.AnyWidget, metaclass=_Whole):
    """A widget whose front end lies beside its module: ``name.py``, ``name.js``, ``name.css``.

    ``base.js`` and ``base.css`` stand before each component's own text, so that all share the same
    few helpers without a build step and without a second file to fetch. A class between the two
    may add its own in the same way (``control.js``).

    Attributes:
        error: a sentence shown beside the control; empty when all is well.
        busy: work for this control is under way; the front end shows it.
    """

    error = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    _whole = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Take the component's JavaScript and style sheet from the files beside its module."""
        modules = list(dict.fromkeys(_module(c) for c in reversed(cls.__mro__) if _is_ours(c)))
        own = _module(cls)
        # anywidget turns both into traits, on a class made for each instance; leave that alone.
        made = isinstance(getattr(cls, "_esm", None), traitlets.TraitType)
        if not made and own.with_suffix(".js").exists():
            # What a parent shows is replaced; what it shares with its children is kept.
            shared = [m for m in modules if m != own and "export default" not in _text(m, ".js")]
            for suffix, name in ((".js", "_esm"), (".css", "_css")):
                setattr(cls, name, "\n".join(_text(m, suffix) for m in [*shared, own]))
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
