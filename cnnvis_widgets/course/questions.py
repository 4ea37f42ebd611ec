"""The lessons' questions (predict before you look), read from the notebooks without running them.

Texts and answers are in the cells, so nothing kept elsewhere can get out of date. What a cell
*computes* for its texts (`f"{share:.0%}"`) cannot be read there: those values alone are kept, in
`computed.json`, under the expressions that they are the values of.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cnnvis_widgets.course.catalogue import Lesson, lessons, notebooks_folder
from cnnvis_widgets.errors import FileError, UnknownNameError

COMPUTED = Path(__file__).with_name("computed.json")
"""Lesson → for each of its questions: expression → what it printed.

Written by `python -m scripts.collect_questions`.
"""

_PROMPT = re.compile(r"Answer before you look(\.\s*|:\s*$)|What do you expect\?\s*")


class Question(NamedTuple):
    """A question with one right answer.

    Attributes:
        lesson: section and title, "3.8 Grad-CAM".
        number: among the lesson's questions, from 1.
        context: the lesson's text right before it, in Markdown; may be "".
        text: the question; plain text, as are the choices and the reason.
        choices: the choices.
        right: the index of the right choice.
        because: the reason.
    """

    lesson: str
    number: int
    context: str
    text: str
    choices: tuple[str, ...]
    right: int
    because: str

    @property
    def name(self) -> str:
        """As it is listed: "3.8 Grad-CAM, question 1"."""
        return f"{self.lesson}, question {self.number}"


class NotebookQuestion(NamedTuple):
    """A question as it is in a notebook.

    Attributes:
        cell: the index of its cell.
        context: the text of the cells before it.
        texts: by the names of `Quiz`'s arguments (`choices[1]` for a choice), a text's parts:
            words, or an `ast.expr` where the value is computed.
    """

    cell: int
    context: str
    texts: dict[str, list[str | ast.expr]]

    def expressions(self) -> dict[str, str]:
        """Each computed part's name in `computed.json` → Python code of its text."""
        parts = [part for text in self.texts.values() for part in text]
        return {_name(part): _code(part) for part in parts if isinstance(part, ast.expr)}

    def filled(self, values: dict[str, str]) -> dict[str, str]:
        """The complete texts; KeyError if the value of a computed part is missing."""
        return {
            name: "".join(p if isinstance(p, str) else values[_name(p)] for p in parts)
            for name, parts in self.texts.items()
        }


def questions(names: Iterable[str] = (), folder: Path | None = None) -> list[Question]:
    """The questions of some or all lessons, in the order of the course.

    Args:
        names: of lessons: their notebook's ("03_08_grad_cam") or their section ("3.8").
        folder: of the notebooks; the included one by default.

    Raises:
        UnknownNameError: no lesson of that name.
        FileError: a value that a question quotes is not in `computed.json`.

    Examples:
        >>> from cnnvis_widgets.course.questions import questions
        >>> questions(["3.8"])[0].choices[1]
        'On the cup'
    """
    folder = folder or notebooks_folder()
    computed = json.loads(COMPUTED.read_text("utf-8"))
    questions = []
    for lesson in chosen(names, folder):
        values = computed.get(lesson.name, [])
        for index, question in enumerate(notebook_questions(folder / lesson.file)):
            try:
                texts = question.filled(values[index])
            except (IndexError, KeyError) as error:
                raise FileError(
                    f"Question {index + 1} of {lesson.name} quotes a value that {COMPUTED.name} "
                    f"does not hold ({error}). `python -m scripts.collect_questions "
                    f"{lesson.name}` computes it."
                ) from None
            questions.append(_question(lesson, index + 1, question.context, texts))
    return questions


def chosen(names: Iterable[str], folder: Path | None = None) -> list[Lesson]:
    """Lessons by their notebooks' names or their sections; all lessons if there are no names.

    Raises:
        UnknownNameError: no lesson of that name.
    """
    course = [lesson for lesson in lessons(folder) if lesson.chapter]
    requested = list(names)
    for name in requested:
        if not any(name in (lesson.name, lesson.section) for lesson in course):
            raise UnknownNameError.of("lesson", name, [lesson.name for lesson in course])
    if not requested:
        return course
    return [lesson for lesson in course if {lesson.name, lesson.section} & set(requested)]


def notebook_questions(notebook: Path) -> list[NotebookQuestion]:
    """The questions of a notebook's cells, in their order.

    Args:
        notebook: its file. Cells that are not plain Python (magics) are skipped.
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    quizzes, context_start = [], 0
    for index, (kind, source) in enumerate(sources):
        for call in _quizzes(source) if kind == "code" else ():
            context = _context(text for k, text in sources[context_start:index] if k == "markdown")
            quizzes.append(NotebookQuestion(index, context, _texts(call)))
            context_start = index + 1
    return quizzes


def _quizzes(source: str) -> Iterator[ast.Call]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Quiz":
            yield node


def _context(texts: Iterable[str]) -> str:
    """The text after the last heading."""
    joined = "\n\n".join(texts)
    return _PROMPT.sub("", re.split(r"^#+ .*$", joined, flags=re.MULTILINE)[-1]).strip()


def _texts(call: ast.Call) -> dict[str, list[str | ast.expr]]:
    arguments: dict[str, ast.expr] = dict(
        zip(("question", "choices", "right"), call.args, strict=False)
    )
    arguments |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    choices = arguments["choices"]
    assert isinstance(choices, ast.List)  # a test reads all lessons
    texts = {f"choices[{index}]": _fragments(choice) for index, choice in enumerate(choices.elts)}
    for name in ("question", "right", "because"):
        texts[name] = _fragments(arguments.get(name, ast.Constant("")))
    return texts


def _fragments(node: ast.expr) -> list[str | ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return [piece for value in node.values for piece in _fragments(value)]
    return [str(node.value)] if isinstance(node, ast.Constant) else [node]


def _name(part: ast.expr) -> str:
    """An expression as its author wrote it, with normalised quotes."""
    if not isinstance(part, ast.FormattedValue):
        return ast.unparse(part).replace('"', "'")
    spec = _spec(part)
    return ast.unparse(part.value).replace('"', "'") + (spec and f":{spec}")


def _code(part: ast.expr) -> str:
    if not isinstance(part, ast.FormattedValue):
        return f"str({ast.unparse(part)})"
    return f"format({ast.unparse(part.value)}, {_spec(part)!r})"


def _spec(part: ast.FormattedValue) -> str:
    values = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
    return "".join(str(value.value) for value in values if isinstance(value, ast.Constant))


def _question(lesson: Lesson, number: int, context: str, texts: dict[str, Any]) -> Question:
    return Question(
        lesson.heading,
        number,
        context,
        texts["question"],
        tuple(text for name, text in texts.items() if name.startswith("choices[")),
        int(texts["right"]),
        texts["because"],
    )
