"""What a page is told of a component, and when."""

from __future__ import annotations

from typing import Any

import comm
import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets import ChannelSum
from cnnvis_widgets.widgets.toolkit.base import Component


class Line:
    """Stands in for the line to a page, and keeps what is sent over it."""

    opened: list[dict[str, Any]]
    sent: list[dict[str, Any]]
    kernel = "a kernel"

    def __init__(self, data: dict[str, Any], comm_id: str = "", **_: Any) -> None:
        if "_esm" in data["state"]:  # not a layout
            self.opened.append(data["state"])
        self.comm_id = comm_id or "a line"

    def send(self, data: dict[str, Any], **_: Any) -> None:
        self.sent.append(data)

    def on_msg(self, _: Any) -> None: ...

    def close(self, **_: Any) -> None: ...


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> type[Line]:
    kind = type("ThisLine", (Line,), {"opened": [], "sent": []})
    monkeypatch.setattr(comm, "create_comm", kind)
    return kind


def test_a_page_is_told_of_a_component_with_all_that_it_shows(line: type[Line]) -> None:
    ChannelSum(np.ones((2, 3, 5), np.float32), np.ones(5))
    assert [state["_data"]["shape"] for state in line.opened] == [[2, 3, 5]]
    assert line.sent == []


def test_what_is_changed_later_is_sent_as_ever(line: type[Line]) -> None:
    widget = ChannelSum(np.ones((2, 3, 5), np.float32), np.ones(5))
    widget.count = 4
    assert [message["state"] for message in line.sent] == [{"count": 4}]


def drawn(widget: Component) -> None:
    """The page says that its end of the widget is there."""
    widget._take({"content": {"data": {"method": "custom", "content": {"kind": "drawn"}}}})


def test_what_a_page_could_not_hear_yet_is_sent_again(line: type[Line]) -> None:
    """It asks for all states and then makes its ends; the first answer may come in between."""
    widget = ChannelSum(np.ones((2, 3, 5), np.float32), np.ones(5))
    told = widget.get_state()
    widget.count = 4
    drawn(widget)
    lost, again, _layout = line.sent
    assert (told["count"], lost["state"]) == (1, {"count": 4})
    assert again["state"]["count"] == 4
    assert again["state"]["_data"]["shape"] == [2, 3, 5]
    assert not {"_esm", "_css", "_model_name", "layout"} & set(again["state"])


def test_nothing_is_sent_again_to_a_page_that_was_told_all(line: type[Line]) -> None:
    widget = ChannelSum(np.ones((2, 3, 5), np.float32), np.ones(5))
    widget.count = 4
    widget.get_state()
    drawn(widget)
    assert [message["state"] for message in line.sent] == [{"count": 4}]


def test_of_a_component_that_is_refused_no_page_hears(line: type[Line]) -> None:
    class Late(Component):
        def __init__(self) -> None:
            super().__init__()
            raise InvalidValueError("found out late")

    with pytest.raises(InvalidValueError):
        Late()
    assert line.opened == []
