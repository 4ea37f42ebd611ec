"""The base class of all components: linked files, error messages, checked keywords."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets
from IPython import get_ipython

from cnnvis_widgets import policy
from cnnvis_widgets.errors import UnknownNameError, without_paths
from cnnvis_widgets.widgets.toolkit import page_messages
from cnnvis_widgets.widgets.toolkit.linker import linked, renders, styles

_CONSTANT = frozenset(
    {*anywidget.AnyWidget.class_traits(sync=True), "_esm", "_css", "_anywidget_id"}
)
"""Traits that never change after a widget's first message: its code, and ipywidgets' own names."""


def _module(cls: type) -> Path:
    """The file that defines a class; for a notebook, a path that does not exist."""
    return Path(getattr(sys.modules.get(cls.__module__), "__file__", None) or "no-file.py")


class _OpenWhenConstructed(traitlets.MetaHasTraits):
    """Opens a component's comm after its constructor has finished."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        component = super().__call__(*args, **kwargs)
        component._constructed = True
        component.open()
        return component


class Component(anywidget.AnyWidget, metaclass=_OpenWhenConstructed):
    """A widget whose front end is beside its module: ``name.py``, ``name.js``, ``name.css``.

    The JavaScript is an ordinary module. The modules that it imports (``base.js``, ``control.js``,
    …) are linked into the same text, so that there is no second file to fetch, and their style
    sheets come before its own.

    A page can only set the traits that the class names: ``class Name(Component, from_page="value
    zoom")``. Other values from a browser are dropped.

    Attributes:
        error: a sentence shown beside the control; empty for no error.
        busy: whether work for this control is under way; the front end shows it.
        layouts: style sheets, beside the module, of the composed widgets that this component is
            part of; those have no front end of their own.
        set_by_page: the names of the traits that a page can set; all components have `error`.
    """

    error = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    layouts: ClassVar[tuple[str, ...]] = ()
    set_by_page: ClassVar[frozenset[str]] = frozenset({"error"})
    _constructed = False
    _sent_since_state = False

    def __init_subclass__(cls, from_page: str = "", **kwargs: Any) -> None:
        """Load the component's JavaScript and style sheet from the files beside its module."""
        cls.set_by_page = cls.set_by_page | set(from_page.split())
        script = _module(cls).with_suffix(".js")
        # A class that defines `_esm` keeps it: one in a notebook, and the classes that anywidget
        # creates for each instance.
        if "_esm" not in vars(cls) and renders(script):
            sheets = [script.with_name(name).read_text("utf-8") for name in cls.layouts]
            cls._esm, cls._css = linked(script), "\n".join([styles(script), *sheets])
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs: Any) -> None:
        trait_names = set(self.trait_names())
        for name in kwargs:
            if name not in trait_names:  # traitlets would silently drop it
                public = sorted(k for k in self.class_own_traits() if not k.startswith("_"))
                raise UnknownNameError.of(f"argument of {type(self).__name__}", name, public)
        super().__init__(**kwargs)

    def open(self) -> None:
        """Open the comm, once the constructor has finished, with the complete state.

        ipywidgets opens it within its own constructor; values that a subclass sets afterwards
        would follow in further messages, and a page may draw before those arrive.
        """
        if self._constructed:
            super().open()

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The values of some or all traits; a page requests all when it opens."""
        if key is None:
            self._sent_since_state = False  # first, so that values set meanwhile are sent again
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def send_state(self, key: Any = None) -> None:
        """Send the values of some or all traits to the page."""
        self._sent_since_state = True
        super().send_state(key)

    def _drawn(self) -> None:
        """Send the state again if a page may have missed values.

        A page requests the state of all widgets, and only then creates its models. Messages in
        between are lost, such as the first picture of an explorer.
        """
        if self._sent_since_state:
            self._sent_since_state = False
            super().send_state([name for name in self.keys if name not in _CONSTANT])
            self.layout.send_state()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Set the traits that a page may set; drop and log all others."""
        accepted = {name: value for name, value in sync_data.items() if name in self.set_by_page}
        if len(accepted) < len(sync_data):
            page_messages.note(type(self).__name__, "a value that is not the page's to set")
        try:
            super().set_state(accepted)
        except traitlets.TraitError:
            page_messages.note(type(self).__name__, "a value of another type")
            self.send_state(list(accepted))

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Handle a message of a page; unlike ipywidgets' method, accept invalid ones safely."""
        try:
            self._take(msg)
        except page_messages.Unexpected as error:
            page_messages.note(type(self).__name__, str(error))
        except Exception as error:  # from an observer, for example
            shell = get_ipython()
            if policy.current().served or shell is None:
                page_messages.note(type(self).__name__, f"an answer was {type(error).__name__}")
            else:
                shell.showtraceback()

    def _take(self, msg: dict[str, Any]) -> None:
        data, buffers = msg["content"].get("data"), msg.get("buffers", [])
        page_messages.weigh(data)
        match data:
            case {"method": "update", "state": dict(state)}:
                paths = data.get("buffer_paths", [])
                page_messages.put_buffers(state, paths, buffers, self.set_by_page)
                self.set_state(state)
            case {"method": "request_state"}:
                self.send_state()
            case {"method": "custom", "content": {"kind": "drawn"}}:
                self._drawn()
            case {"method": "custom", "content": dict(content)}:
                self._handle_custom_msg(content, buffers)
            case _:
                raise page_messages.Unexpected("neither a value, nor a question")

    @traitlets.validate("error")
    def _sayable(self, proposal: dict[str, str]) -> str:
        # A lone surrogate, which a page may have sent, could not be encoded when sent back.
        text = proposal["value"].encode("utf-8", "replace").decode("utf-8")
        longest = page_messages.LONGEST_SENTENCE
        text = text if len(text) <= longest else f"{text[:longest]} …"
        return without_paths(text) if policy.current().served else text
