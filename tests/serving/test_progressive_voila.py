from __future__ import annotations

import copy

import pytest

from cnnvis_widgets.serving.progressive_voila import is_lesson, split


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("03_08_grad_cam.ipynb", True),
        ("notebooks/03_08_grad_cam.ipynb", True),
        ("solutions/03_08_grad_cam.ipynb", True),
        ("explorer.ipynb", False),
        ("00_index.ipynb", False),
        ("my_own.ipynb", False),
    ],
)
def test_which_pages_are_shown_while_they_run(path: str, expected: bool) -> None:
    assert is_lesson(path) is expected


def result(outputs: list[dict], cell: int = 3, of: int = 4) -> dict:
    cell_payload = {"output_cell": {"outputs": outputs, "cell_type": "code"}}
    return {
        "action": "execution_result",
        "payload": cell_payload | {"cell_index": cell, "total_cell": of},
    }


def test_each_output_comes_in_a_message_of_its_own_and_the_last_ends_the_cell() -> None:
    outputs = [{"text": "a"}, {"data": {"b": 1}}, {"text": "c"}]
    message = result(outputs)
    before = copy.deepcopy(message)
    parts = split(message)
    assert message == before
    assert [part["payload"]["output_cell"]["outputs"] for part in parts] == [[o] for o in outputs]
    assert {part["payload"]["cell_index"] for part in parts} == {3}
    ends = [part["payload"]["cell_index"] + 1 == part["payload"]["total_cell"] for part in parts]
    assert ends == [False, False, True]
    assert all(part["payload"]["output_cell"]["cell_type"] == "code" for part in parts)


def test_what_was_printed_in_a_row_comes_as_one() -> None:
    def printed(text: str, name: str = "stdout") -> dict:
        return {"output_type": "stream", "name": name, "text": text}

    picture = {"output_type": "display_data", "data": {}}
    lines = [printed("a\n"), printed("b\n"), printed("!", "stderr"), picture, printed("c\n")]
    sent = [part["payload"]["output_cell"]["outputs"] for part in split(result(lines))]
    assert sent == [[printed("a\nb\n")], [printed("!", "stderr")], [picture], [printed("c\n")]]


@pytest.mark.parametrize(
    "message",
    [
        {"action": "initialized", "payload": {}},
        {"action": "execution_error", "payload": {"error": "Missing notebook data"}},
        result([]),
        result([{"text": "alone"}]),
    ],
)
def test_what_cannot_be_split_stays_as_it_is(message: dict) -> None:
    assert split(message) == [message]
