"""The lessons' questions, and the files made of them, read again by readers of their own."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from kept_questions import alike, changed

from cnnvis_widgets.cli import main
from cnnvis_widgets.course import questions as reading
from cnnvis_widgets.course.catalogue import lessons, notebooks_folder
from cnnvis_widgets.course.exercises import ValueQuestion, answers, checker, value_questions
from cnnvis_widgets.course.hints import AnswerPart
from cnnvis_widgets.course.question_files import gift, moodle_xml
from cnnvis_widgets.course.questions import (
    COMPUTED,
    Question,
    chosen,
    notebook_questions,
    questions,
)
from cnnvis_widgets.errors import FileError, UnknownNameError

ODD = Question(
    "2.1 A/B: {odd}",
    1,
    "Let $a_1 < b$ & **so**:\n\n`c = {1: 2}`, $x = \\frac{1}{2}$",
    "Is a < b = ~true~ & #1 or \\n?",
    ("No: <b>never</b>", "Yes {always} #", "x = \\y", "=50% ~ →"),
    1,
    "Because x_1 = 2, {so}: #.",
)


def test_values_that_questions_quote_are_kept_and_no_others() -> None:
    quoted = {
        lesson.name: [
            list(one.expressions()) for one in notebook_questions(notebooks_folder() / lesson.file)
        ]
        for lesson in lessons()
        if lesson.chapter
    }
    kept = json.loads(COMPUTED.read_text("utf-8"))
    assert {name: [list(values) for values in given] for name, given in kept.items()} == quoted, (
        "Run python -m scripts.collect_questions with the lessons named here."
    )


def test_all_lessons_questions_are_whole() -> None:
    exported = questions()
    sources = [path.read_text("utf-8") for path in notebooks_folder().glob("0*.ipynb")]
    assert len(exported) == sum(source.count('"Quiz(\\n"') for source in sources) > 50
    for one in exported:
        assert 0 <= one.right < len(one.choices) >= 2
        assert one.text and one.because
    assert {one.lesson for one in questions(["03_08_grad_cam", "3.10"])} == {
        "3.8 Grad-CAM",
        "3.10 LIME and occlusion",
    }
    with pytest.raises(UnknownNameError, match="03_08_grad_cam"):
        questions(["grad_cam"])


CELL = """
far, share = [3.14159, 2], {"a": 0.256}
Quiz(
    f"How far is {far[1]}? " "Say.",
    ["near", f"{share['a']:.1%}", "x"],
    right=[1, 2].index(2),
    because=f"It is {', '.join(f'{x:.1f}' for x in far)} and {far[0]:{3}.2f}"
    " { $y$",
)
"""


def write_notebook(folder: Path, *cells: str) -> Path:
    """Cells "# …" and "m: …" are Markdown, others code."""
    made = [
        nbformat.v4.new_markdown_cell(text.removeprefix("m: "))
        if text.startswith(("# ", "m: "))
        else nbformat.v4.new_code_cell(text)
        for text in cells
    ]
    path = folder / "03_08_some.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def test_a_question_is_read_as_python_would_build_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = CELL.replace("{3}", "")  # a width that is computed is not used in lessons
    path = write_notebook(
        tmp_path,
        "# Some: what is it?",
        "m: ## Predict before you look\n\nAnswer before you look. A map.",
        "%matplotlib inline",
        "m: Look closely.",
        cell,
        "m: And now:",
        'Quiz("Which?", ["a", "b"], 0)',
    )
    first, second = notebook_questions(path)
    assert (first.cell, first.context) == (4, "A map.\n\nLook closely.")
    assert (second.cell, second.context) == (6, "And now:")
    made: list[Any] = []
    room: dict[str, Any] = {
        "Quiz": lambda text, choices, right, because: made.append((text, choices, right, because))
    }
    exec(cell, room)  # Python's own reading is the oracle
    values = {name: eval(code, room) for name, code in first.expressions().items()}
    kept = tmp_path / "computed.json"
    monkeypatch.setattr(reading, "COMPUTED", kept)
    kept.write_text(json.dumps({path.stem: [values, {}]}))
    one, other = questions(folder=tmp_path)
    assert [(one.text, list(one.choices), one.right, one.because)] == made
    assert (other.text, other.choices, other.right, other.because) == ("Which?", ("a", "b"), 0, "")
    assert other.name == "3.8 Some, question 2"
    del values["far[1]"]
    kept.write_text(json.dumps({path.stem: [values, {}]}))
    with pytest.raises(FileError, match=r"Question 1 .*far\[1\].*collect_questions 03_08_some"):
        questions(folder=tmp_path)


class Read(NamedTuple):
    """A question of a file: its text as HTML, its answers and their feedback as plain text."""

    lesson: str
    name: str
    text: str
    choices: tuple[str, ...]
    right: int
    because: tuple[str, ...]


def as_written(one: Question) -> Read:
    """What the file has to say of a question."""
    lesson = one.lesson.replace("/", "//")
    return Read(
        f"$course$/top/cnnvis-widgets/{lesson}",
        one.name,
        " ".join(one.text.split()),
        tuple(" ".join(choice.split()) for choice in one.choices),
        one.right,
        (" ".join(one.because.split()),) * len(one.choices),
    )


def plain(text: str | None) -> str:
    """HTML without marks, as words."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text or "")).split())


def question_alone(text: str) -> str:
    """The bold words that end a question's text."""
    return plain(re.findall(r"<strong>(.*?)</strong>", text, re.DOTALL)[-1])


def read_moodle(text: str) -> list[Read]:
    read, lesson = list[Read](), ""
    for node in ElementTree.fromstring(text):
        if node.get("type") == "category":
            lesson = node.findtext("category/text", "")
            continue
        assert node.get("type") == "multichoice" and node.findtext("single") == "true"
        answers = node.findall("answer")
        (right,) = [n for n, a in enumerate(answers) if a.get("fraction") == "100"]
        read.append(
            Read(
                lesson,
                node.findtext("name/text", ""),
                question_alone(node.findtext("questiontext/text", "")),
                tuple(plain(a.findtext("text")) for a in answers),
                right,
                tuple(plain(a.findtext("feedback/text")) for a in answers),
            )
        )
    return read


def read_gift(text: str) -> list[Read]:
    """Signs that are not escaped cut; what is escaped is text."""

    def tokens(part: str) -> list[str]:
        return re.findall(r"\\[~=#{}:\\]|[^\\]", part)

    def cut(part: str, signs: str) -> list[tuple[str, str]]:
        pieces = [("", "")]
        for token in tokens(part):
            sign, words = pieces[-1]
            if token in signs:
                pieces.append((token, ""))
            else:
                pieces[-1] = sign, words + token
        return pieces

    def free(part: str) -> str:
        return "".join(token[-1] for token in tokens(part))

    read, lesson = list[Read](), ""
    for block in re.split(r"\n\n+", text.strip()):
        if block.startswith("$CATEGORY: "):
            lesson = block.removeprefix("$CATEGORY: ")
            continue
        name, rest = re.fullmatch(r"::(.*?)(?<!\\)::\[html\](.*)", block, re.DOTALL).groups()  # type: ignore[union-attr]
        (_, head), (_, body), (_, end) = cut(rest, "{}")
        assert end == ""
        answers = cut(body.strip(), "=~")[1:]
        (right,) = [n for n, (sign, _) in enumerate(answers) if sign == "="]
        parts = [[plain(free(p)) for _, p in cut(words, "#")] for _, words in answers]
        read.append(
            Read(
                lesson,
                free(name),
                question_alone(free(head)),
                tuple(choice for choice, _ in parts),
                right,
                tuple(because for _, because in parts),
            )
        )
    return read


@pytest.mark.parametrize(("write", "read"), [(moodle_xml, read_moodle), (gift, read_gift)])
def test_what_is_written_is_what_was_asked(
    write: Callable[[list[Question]], str], read: Callable[[str], list[Read]]
) -> None:
    assert read(write([ODD])) == [as_written(ODD)]
    assert read(write(questions())) == [as_written(one) for one in questions()]


def test_exercises_become_questions_with_a_tolerance() -> None:
    asked = value_questions()
    assert len(asked) > 150
    made = ElementTree.fromstring(moodle_xml(asked)).findall("question")
    made = [node for node in made if node.get("type") != "category"]
    lines = [block for block in gift(asked).split("\n\n") if block.startswith("::")]
    for one, node, block in zip(asked, made, lines, strict=True):
        answer = node.findtext("answer/text", "")
        task, told = node.findtext("questiontext/text", ""), node.findtext("answer/feedback/text")
        assert node.findtext("name/text") == one.name and "Check" not in task
        assert plain(task).endswith(f"Give: {one.part.label}") and plain(told) > "Answer: "
        if isinstance(one.part.answer, str):
            assert (node.get("type"), answer) == ("shortanswer", one.part.answer)
            assert f"{{\n\t={answer}#" in block.replace("\\", "")
            continue
        tolerance = node.findtext("answer/tolerance", "")
        assert node.get("type") == "numerical" and f"{{#\n\t={answer}:{tolerance}#" in block
        checked = checker(one.lesson.split()[0])
        for off, right in ((0, True), (0.9, True), (-0.9, True), (1.1, False), (-1.1, False)):
            value = float(answer) + off * (float(tolerance) or 1e-6)
            parts = answers_of(one)
            given = [value if same(part, one.part) else part.answer for part in parts]
            assert checked(one.exercise.number, given if len(parts) > 1 else value).right is right


def same(part: AnswerPart, other: AnswerPart) -> bool:
    return part.label == other.label and np.array_equal(part.answer, other.answer)


def answers_of(one: ValueQuestion) -> list[AnswerPart]:
    (lesson,) = chosen([one.lesson.split()[0]])
    return answers(lesson.name)[one.exercise.number]


def test_the_context_comes_with_its_formulas() -> None:
    (_, made) = ElementTree.fromstring(moodle_xml([ODD]))
    text = made.findtext("questiontext/text", "")
    assert r"\(a_1 &lt; b\)" in text and r"\(x = \frac{1}{2}\)" in text
    assert "<strong>so</strong>" in text and "<code>c = {1: 2}</code>" in text
    assert r"\\(x \= \\frac\{1\}\{2\}\\)" in gift([ODD])


@pytest.mark.parametrize(
    ("kept", "now", "same"),
    [
        ("9.5 and a", "9.6 and a", True),
        ("9.5 and a", "9.5 and b", False),
        ("2e-08", "3e-07", True),
        ("12%", "14%", False),
        ("7", "7, 8", False),
        ("-0.5", "0.5", False),
    ],
)
def test_what_another_machine_may_differ_in(kept: str, now: str, same: bool) -> None:
    assert alike(kept, now) is same


def test_a_question_that_is_out_of_date_is_named() -> None:
    first, *others = [
        {"text": q.text, "choices": list(q.choices), "right": q.right, "because": q.because}
        for q in questions(["3.8"])
    ]
    assert changed("03_08_grad_cam", [first, *others]) == []
    assert changed("03_08_grad_cam", others) == ["2 questions were asked; 3 are exported"]
    for part in ({"because": "Why not."}, {"right": 0}, {"text": "What?"}):
        (message,) = changed("03_08_grad_cam", [first | part, *others])
        assert "question 1" in message and "collect_questions 03_08_grad_cam" in message


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "questions.xml"
    assert main(["questions", "--lesson", "3.8", "--quizzes-only", "-o", str(out)]) == 0
    assert read_moodle(out.read_text("utf-8")) == [as_written(one) for one in questions(["3.8"])]
    assert "3 questions" in capsys.readouterr().out
    assert main(["questions", "--lesson", "03_08_grad_cam", "--format", "gift"]) == 0
    assert capsys.readouterr().out == gift([*questions(["3.8"]), *value_questions(["3.8"])])
    assert main(["questions", "--lesson", "nothing"]) == 2
    assert "There is no lesson 'nothing'" in capsys.readouterr().err
    assert main(["questions", "--out", str(tmp_path / "no" / "file")]) == 2
    assert "could not be written" in capsys.readouterr().err
