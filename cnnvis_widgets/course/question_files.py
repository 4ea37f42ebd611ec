"""The lessons' questions as files that a learning platform imports: Moodle XML and GIFT.

Both formats: https://docs.moodle.org/en/Moodle_XML_format, https://docs.moodle.org/en/GIFT_format.
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


def moodle_xml(asked: Iterable[Question | ValueQuestion]) -> str:
    """Questions in Moodle's XML: a category for each lesson, the reason as each answer's feedback.

    A question whose answer is a number is of Moodle's type "numerical" and has its tolerance.

    Examples:
        >>> from cnnvis_widgets.course.questions import questions
        >>> moodle_xml(questions(["3.8"])).count('<question type="multichoice">')
        3
    """
    top = ElementTree.Element("quiz")
    for lesson, group in _by_lesson(asked):
        place = ElementTree.SubElement(top, "question", type="category")
        _text(place, "category", f"$course$/top/{_path(lesson)}")
        for one in group:
            if isinstance(one, ValueQuestion):
                _value_question(top, one)
            else:
                _choice_question(top, one)
    ElementTree.indent(top)
    return ElementTree.tostring(top, "unicode", xml_declaration=True) + "\n"


def _by_lesson(
    asked: Iterable[Question | ValueQuestion],
) -> Iterator[tuple[str, list[Question | ValueQuestion]]]:
    """Lessons in the order of their first question, with all that they ask."""
    lessons: dict[str, list[Question | ValueQuestion]] = {}
    for one in asked:
        lessons.setdefault(one.lesson, []).append(one)
    yield from lessons.items()


def _value_question(top: ElementTree.Element, one: ValueQuestion) -> None:
    number = not isinstance(one.part.answer, str)
    made = ElementTree.SubElement(top, "question", type="numerical" if number else "shortanswer")
    _text(made, "name", one.name)
    _text(made, "questiontext", _task_html(one), format="html")
    ElementTree.SubElement(made, "defaultgrade").text = "1"
    answer, tolerance = _value(one)
    node = _text(made, "answer", answer, fraction="100", format="plain_text")
    _text(node, "feedback", _told_html(one), format="html")
    if number:
        ElementTree.SubElement(node, "tolerance").text = tolerance
    else:
        ElementTree.SubElement(made, "usecase").text = "0"


def _value(one: ValueQuestion) -> tuple[str, str]:
    """The answer, and how far a number may be off; whole numbers by nothing."""
    part = one.part
    if isinstance(part.answer, str):
        return part.answer, ""
    within = part.within if part.within > ROUNDING else 0.0
    return f"{float(part.answer):.10g}", f"{within:g}"


def _choice_question(top: ElementTree.Element, one: Question) -> None:
    made = ElementTree.SubElement(top, "question", type="multichoice")
    _text(made, "name", one.name)
    _text(made, "questiontext", _asked_html(one), format="html")
    settings = {"defaultgrade": "1", "single": "true", "shuffleanswers": "false"}
    for name, value in (settings | {"answernumbering": "abc"}).items():
        ElementTree.SubElement(made, name).text = value
    for number, choice in enumerate(one.choices):
        fraction = "100" if number == one.right else "0"
        answer = _text(made, "answer", _words(choice), fraction=fraction, format="html")
        _text(answer, "feedback", _words(one.because), format="html")


def _text(
    parent: ElementTree.Element, tag: str, text: str, **attributes: str
) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, tag, attributes)
    ElementTree.SubElement(made, "text").text = text
    return made


def gift(asked: Iterable[Question | ValueQuestion]) -> str:
    """Questions in GIFT, which Moodle and others import; categories and feedback as in the XML.

    Examples:
        >>> from cnnvis_widgets.course.questions import questions
        >>> gift(questions(["3.8"])).splitlines()[0]
        '$CATEGORY: $course$/top/cnnvis-widgets/3.8 Grad-CAM'
    """
    return "\n".join(_gift_parts(asked))


def _gift_parts(asked: Iterable[Question | ValueQuestion]) -> Iterator[str]:
    for lesson, group in _by_lesson(asked):
        yield f"$CATEGORY: $course$/top/{_path(lesson)}\n"
        for one in group:
            if isinstance(one, ValueQuestion):
                text, answers = _task_html(one), _gift_value(one)
            else:
                text, answers = _asked_html(one), _gift_choices(one)
            yield f"::{_escaped(one.name)}::[html]{_escaped(text)}{{{answers}}}\n"


def _gift_choices(one: Question) -> str:
    because = _escaped(_words(one.because))
    lines = (
        f"\t{'=' if number == one.right else '~'}{_escaped(_words(choice))}#{because}\n"
        for number, choice in enumerate(one.choices)
    )
    return "\n" + "".join(lines)


def _gift_value(one: ValueQuestion) -> str:
    answer, tolerance = _value(one)
    told = _escaped(_told_html(one))
    if tolerance:
        return f"#\n\t={answer}:{tolerance}#{told}\n"
    return f"\n\t={_escaped(answer)}#{told}\n"


def _path(lesson: str) -> str:
    """A category's path, in which a slash of a name is written twice."""
    return f"{CATEGORY}/{lesson.replace('/', '//')}"


def _asked_html(one: Question) -> str:
    asked = f"<p><strong>{_words(one.text)}</strong></p>"
    return f"{to_html(one.context)}{asked}" if one.context else asked


def _task_html(one: ValueQuestion) -> str:
    asked = f"<p><strong>Give: {_words(one.part.wanted)}</strong></p>"
    return f"{to_html(one.exercise.task)}{asked}"


def _told_html(one: ValueQuestion) -> str:
    # With a word before it: "23." alone is the beginning of a list.
    return to_html(f"Answer: {one.exercise.answer}").strip()


def _words(text: str) -> str:
    return html.escape(text, quote=False)


def _escaped(text: str) -> str:
    """A text on one line, GIFT's own signs in it escaped: an empty line would end the question."""
    return _CONTROL.sub(r"\\\1", " ".join(text.split()))
