"""What all components share: files side by side, errors in place, no misspelt keywords."""

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
"""What does not change once a page was told of a widget: its code, and ipywidgets' own names."""


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
    """A widget whose front end is beside its module: ``name.py``, ``name.js``, ``name.css``.

    The JavaScript is an ordinary module. What it imports from others (``base.js``, ``control.js``,
    …) is put into the same text, so that there is no second file to fetch, and their style sheets
    before its own.

    A page sets those traits alone that the class names: ``class Name(Component, from_page="value
    zoom")``. What else a browser sends is dropped.

    Attributes:
        error: a sentence shown beside the control; empty when all is well.
        busy: work for this control is under way; the front end shows it.
        layouts: style sheets beside the module of composed widgets that this component is part of;
            they have no page of their own to bring them.
        set_by_page: the names of the traits that a page sets; `error` is one of all components.
    """

    error = traitlets.Unicode("").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    layouts: ClassVar[tuple[str, ...]] = ()
    set_by_page: ClassVar[frozenset[str]] = frozenset({"error"})
    _whole = False
    _sent_since_told = False

    def __init_subclass__(cls, from_page: str = "", **kwargs: Any) -> None:
        """Take the component's JavaScript and style sheet from the files beside its module."""
        cls.set_by_page = cls.set_by_page | set(from_page.split())
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

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """The values of some traits, or of all: what a page that opens is told."""
        if key is None:
            self._sent_since_told = False  # first: what is set meanwhile is sent, or sent again
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state

    def send_state(self, key: Any = None) -> None:
        """Send the values of some traits, or of all, to the page."""
        self._sent_since_told = True
        super().send_state(key)

    def _drawn(self) -> None:
        """Send again what a page cannot have heard.

        A page asks for the state of all widgets, and only then makes its own end of each. What is
        sent in between is lost, such as the first picture of an explorer.
        """
        if self._sent_since_told:
            self._sent_since_told = False
            super().send_state([name for name in self.keys if name not in _CONSTANT])
            self.layout.send_state()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the page sends of the traits that are the page's to set, and nothing else."""
        taken = {name: value for name, value in sync_data.items() if name in self.set_by_page}
        if len(taken) < len(sync_data):
            page_messages.note(type(self).__name__, "a value that is not the page's to set")
        try:
            super().set_state(taken)
        except traitlets.TraitError:
            page_messages.note(type(self).__name__, "a value of another type")
            self.send_state(list(taken))

    def _handle_msg(self, msg: dict[str, Any]) -> None:
        """Take a message of the page's; ipywidgets' own counts on what a page of ours sends."""
        try:
            self._take(msg)
        except page_messages.Unexpected as error:
            page_messages.note(type(self).__name__, str(error))
        except Exception as error:  # of an observer, say
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
        # Half of a character, which a page may have sent, could not be sent back.
        text = proposal["value"].encode("utf-8", "replace").decode("utf-8")
        longest = page_messages.LONGEST_SENTENCE
        text = text if len(text) <= longest else f"{text[:longest]} …"
        return without_paths(text) if policy.current().served else text
