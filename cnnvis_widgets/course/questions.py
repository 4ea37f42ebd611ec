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

_SAID = re.compile(r"Answer before you look(\.\s*|:\s*$)|What do you expect\?\s*")


class Question(NamedTuple):
    """A question with one right answer.

    Attributes:
        lesson: section and title, "3.8 Grad-CAM".
        number: its place among those of the lesson, from 1.
        context: what the lesson says right before it, in Markdown; may be "".
        text: what is asked; plain text, as the choices and the reason.
        choices: the answers offered.
        right: the index of the right one.
        because: why.
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


class Asked(NamedTuple):
    """A question as it is in a notebook.

    Attributes:
        cell: the index of its cell.
        context: what the text cells before it say.
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
        """The texts in full; KeyError for a computed part whose value is not there."""
        return {
            name: "".join(p if isinstance(p, str) else values[_name(p)] for p in parts)
            for name, parts in self.texts.items()
        }


def questions(names: Iterable[str] = (), folder: Path | None = None) -> list[Question]:
    """Those of some lessons, or of all, in the order of the course.

    Args:
        names: of lessons: their notebook's ("03_08_grad_cam") or their section ("3.8").
        folder: that of the notebooks; the one that comes along by default.

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
        for place, one in enumerate(asked(folder / lesson.file)):
            try:
                texts = one.filled(values[place])
            except (IndexError, KeyError) as error:
                raise FileError(
                    f"Question {place + 1} of {lesson.name} quotes a value that {COMPUTED.name} "
                    f"does not hold ({error}). `python -m scripts.collect_questions "
                    f"{lesson.name}` computes it."
                ) from None
            questions.append(_question(lesson, place + 1, one.context, texts))
    return questions


def chosen(names: Iterable[str], folder: Path | None = None) -> list[Lesson]:
    """Lessons by their notebooks' names or their sections; all of them for none.

    Raises:
        UnknownNameError: no lesson of that name.
    """
    course = [lesson for lesson in lessons(folder) if lesson.chapter]
    wanted = list(names)
    for name in wanted:
        if not any(name in (lesson.name, lesson.section) for lesson in course):
            raise UnknownNameError.of("lesson", name, [lesson.name for lesson in course])
    return [one for one in course if not wanted or {one.name, one.section} & set(wanted)]


def asked(notebook: Path) -> list[Asked]:
    """The questions of a notebook's cells, in their order.

    Args:
        notebook: its file. Cells that are no plain Python (magics) are passed over.
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    quizzes, since = [], 0
    for place, (kind, source) in enumerate(sources):
        for call in _quizzes(source) if kind == "code" else ():
            context = _context(text for k, text in sources[since:place] if k == "markdown")
            quizzes.append(Asked(place, context, _texts(call)))
            since = place + 1
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
    """The words since the last heading, which is left out."""
    joined = "\n\n".join(texts)
    return _SAID.sub("", re.split(r"^#+ .*$", joined, flags=re.MULTILINE)[-1]).strip()


def _texts(call: ast.Call) -> dict[str, list[str | ast.expr]]:
    given: dict[str, ast.expr] = dict(
        zip(("question", "choices", "right"), call.args, strict=False)
    )
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    choices = given["choices"]
    assert isinstance(choices, ast.List)  # a test reads all lessons
    texts = {f"choices[{place}]": _parts(one) for place, one in enumerate(choices.elts)}
    for name in ("question", "right", "because"):
        texts[name] = _parts(given.get(name, ast.Constant("")))
    return texts


def _parts(node: ast.expr) -> list[str | ast.expr]:
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _parts(value)]
    return [str(node.value)] if isinstance(node, ast.Constant) else [node]


def _name(part: ast.expr) -> str:
    """An expression as its author wrote it, whatever quotes this Python puts around a text."""
    if not isinstance(part, ast.FormattedValue):
        return ast.unparse(part).replace('"', "'")
    spec = _spec(part)
    return ast.unparse(part.value).replace('"', "'") + (spec and f":{spec}")


def _code(part: ast.expr) -> str:
    if not isinstance(part, ast.FormattedValue):
        return f"str({ast.unparse(part)})"
    return f"format({ast.unparse(part.value)}, {_spec(part)!r})"


def _spec(part: ast.FormattedValue) -> str:
    parts = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
    return "".join(str(one.value) for one in parts if isinstance(one, ast.Constant))


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
