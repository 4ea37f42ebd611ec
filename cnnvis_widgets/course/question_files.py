"""Exports the lessons' questions for learning platforms: Moodle XML and GIFT.

Formats: https://docs.moodle.org/en/Moodle_XML_format, https://docs.moodle.org/en/GIFT_format.
Questions need no picture, so no file is embedded: what a lesson shows belongs to the answer.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from cnnvis_widgets.course.exercises import ValueQuestion
from cnnvis_widgets.course.hints import ROUNDING
from cnnvis_widgets.course.markdown import to_html
from cnnvis_widgets.course.questions import Question

CATEGORY = "cnnvis-widgets"
_CONTROL = re.compile(r"([~=#{}:\\])")


def moodle_xml(questions: Iterable[Question | ValueQuestion]) -> str:
    """Questions in Moodle's XML: a category for each lesson, the reason as each answer's feedback.

    A question whose answer is a number is of Moodle's type "numerical" and has its tolerance.

    Examples:
        >>> from cnnvis_widgets.course.questions import questions
        >>> moodle_xml(questions(["3.8"])).count('<question type="multichoice">')
        3
    """
    top = ElementTree.Element("quiz")
    for lesson, group in _by_lesson(questions):
        category = ElementTree.SubElement(top, "question", type="category")
        _text(category, "category", f"$course$/top/{_path(lesson)}")
        for question in group:
            if isinstance(question, ValueQuestion):
                _value_question(top, question)
            else:
                _choice_question(top, question)
    ElementTree.indent(top)
    return ElementTree.tostring(top, "unicode", xml_declaration=True) + "\n"


def _by_lesson(
    questions: Iterable[Question | ValueQuestion],
) -> Iterator[tuple[str, list[Question | ValueQuestion]]]:
    """Lessons in the order of their first question, with their questions."""
    lessons: dict[str, list[Question | ValueQuestion]] = {}
    for question in questions:
        lessons.setdefault(question.lesson, []).append(question)
    yield from lessons.items()


def _value_question(top: ElementTree.Element, question: ValueQuestion) -> None:
    number = not isinstance(question.part.answer, str)
    question_node = ElementTree.SubElement(
        top, "question", type="numerical" if number else "shortanswer"
    )
    _text(question_node, "name", question.name)
    _text(question_node, "questiontext", _task_html(question), format="html")
    ElementTree.SubElement(question_node, "defaultgrade").text = "1"
    answer, tolerance = _value(question)
    answer_node = _text(question_node, "answer", answer, fraction="100", format="plain_text")
    _text(answer_node, "feedback", _answer_html(question), format="html")
    if number:
        ElementTree.SubElement(answer_node, "tolerance").text = tolerance
    else:
        ElementTree.SubElement(question_node, "usecase").text = "0"


def _value(question: ValueQuestion) -> tuple[str, str]:
    """The answer, and the tolerance of a number; 0 for whole numbers."""
    part = question.part
    if isinstance(part.answer, str):
        return part.answer, ""
    tolerance = part.tolerance if part.tolerance > ROUNDING else 0.0
    return f"{float(part.answer):.10g}", f"{tolerance:g}"


def _choice_question(top: ElementTree.Element, question: Question) -> None:
    node = ElementTree.SubElement(top, "question", type="multichoice")
    _text(node, "name", question.name)
    _text(node, "questiontext", _question_html(question), format="html")
    settings = {"defaultgrade": "1", "single": "true", "shuffleanswers": "false"}
    for name, value in (settings | {"answernumbering": "abc"}).items():
        ElementTree.SubElement(node, name).text = value
    for number, choice in enumerate(question.choices):
        fraction = "100" if number == question.right else "0"
        answer = _text(node, "answer", _words(choice), fraction=fraction, format="html")
        _text(answer, "feedback", _words(question.because), format="html")


def _text(
    parent: ElementTree.Element, tag: str, text: str, **attributes: str
) -> ElementTree.Element:
    node = ElementTree.SubElement(parent, tag, attributes)
    ElementTree.SubElement(node, "text").text = text
    return node


def gift(questions: Iterable[Question | ValueQuestion]) -> str:
    """Questions in GIFT, which Moodle and others import; categories and feedback as in the XML.

    Examples:
        >>> from cnnvis_widgets.course.questions import questions
        >>> gift(questions(["3.8"])).splitlines()[0]
        '$CATEGORY: $course$/top/cnnvis-widgets/3.8 Grad-CAM'
    """
    return "\n".join(_gift_parts(questions))


def _gift_parts(questions: Iterable[Question | ValueQuestion]) -> Iterator[str]:
    for lesson, group in _by_lesson(questions):
        yield f"$CATEGORY: $course$/top/{_path(lesson)}\n"
        for question in group:
            if isinstance(question, ValueQuestion):
                text, answers = _task_html(question), _gift_value(question)
            else:
                text, answers = _question_html(question), _gift_choices(question)
            yield f"::{_escaped(question.name)}::[html]{_escaped(text)}{{{answers}}}\n"


def _gift_choices(question: Question) -> str:
    because = _escaped(_words(question.because))
    lines = (
        f"\t{'=' if number == question.right else '~'}{_escaped(_words(choice))}#{because}\n"
        for number, choice in enumerate(question.choices)
    )
    return "\n" + "".join(lines)


def _gift_value(question: ValueQuestion) -> str:
    answer, tolerance = _value(question)
    feedback = _escaped(_answer_html(question))
    if tolerance:
        return f"#\n\t={answer}:{tolerance}#{feedback}\n"
    return f"\n\t={_escaped(answer)}#{feedback}\n"


def _path(lesson: str) -> str:
    """A category's path; a slash in a name is doubled."""
    return f"{CATEGORY}/{lesson.replace('/', '//')}"


def _question_html(question: Question) -> str:
    text = f"<p><strong>{_words(question.text)}</strong></p>"
    return f"{to_html(question.context)}{text}" if question.context else text


def _task_html(question: ValueQuestion) -> str:
    request = f"<p><strong>Give: {_words(question.part.label)}</strong></p>"
    return f"{to_html(question.exercise.task)}{request}"


def _answer_html(question: ValueQuestion) -> str:
    # With a word before it: in Markdown "23." alone begins a list.
    return to_html(f"Answer: {question.exercise.answer}").strip()


def _words(text: str) -> str:
    return html.escape(text, quote=False)


def _escaped(text: str) -> str:
    """A text on one line with GIFT's control characters escaped: an empty line ends a question."""
    return _CONTROL.sub(r"\\\1", " ".join(text.split()))
