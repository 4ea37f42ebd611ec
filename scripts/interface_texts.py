"""What the interface takes from registries: facts of methods, networks, pictures, lessons.

What the components' scripts say themselves is met by opening the pages: see docs/translating.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnnvis_widgets.course import lessons
from cnnvis_widgets.course.catalogue import CHAPTERS
from cnnvis_widgets.course.exercises import ANSWERS, answers
from cnnvis_widgets.course.glossary import FORMS, terms
from cnnvis_widgets.engine import listings
from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.translation.languages import OFFERED
from cnnvis_widgets.zoo.loading import architectures

_WORD = re.compile(r"[^\W\d_]{2,}")
_FACTS = ("title", "summary", "perspective", "acts_on", "neurons", "resolution", "networks")
_MORE_FACTS = ("weaknesses", "unit")


def interface_texts() -> list[str]:
    """All of them, each once, in their order: messages of `interface.po`."""
    texts = (*_of_methods(), *_of_networks(), *_of_pictures(), *_of_lessons())
    return _each_once(texts)


def glossary_texts() -> list[str]:
    """The messages of `glossary.po`: each word, its other forms as one message, what it means."""
    return _each_once(
        text for term in terms() for text in (term.name, FORMS.join(term.also), term.means)
    )


def _each_once(texts: Iterator[str] | tuple[str, ...]) -> list[str]:
    tidy = (" ".join(text.split()) for text in texts)
    return list(dict.fromkeys(text for text in tidy if _WORD.search(text)))


def _of_methods() -> Iterator[str]:
    for method in all_methods().values():
        for name in (*_FACTS, *_MORE_FACTS):
            yield str(getattr(method, name, ""))
        for parameter in method.parameters:
            yield from (parameter.title, parameter.help, parameter.unit, *parameter.choices)


def _of_networks() -> Iterator[str]:
    for network in listings.networks():
        yield from (network["title"], network["note"])
    for architecture in architectures().values():
        yield getattr(architecture, "trained_on", "")
    for version in listings.versions().values():
        yield version["note"]  # its title is a message with a field: "{text} (cheating)"


def _of_pictures() -> Iterator[str]:
    for kind in ("imagenet", "drawn"):
        for picture in listings.pictures(kind):
            yield from (picture["title"], picture["alt"])


def _of_lessons() -> Iterator[str]:
    yield from CHAPTERS.values()
    for lesson in lessons():
        yield from (lesson.title, lesson.question)
        if lesson.section[-1:].isalpha():  # 2.3b is no number that a field could hold
            yield lesson.heading
        yield f"You will learn to {lesson.can}." if lesson.can else lesson.about
        if lesson.name in OFFERED["es"] and (ANSWERS / f"{lesson.name}.toml").is_file():
            for parts in answers(lesson.name).values():
                yield from (part.label for part in parts)
