"""The words of the course, each with two sentences and the lessons it is met in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from cnnvis_widgets.course import lessons
from cnnvis_widgets.course.catalogue import current_folder
from cnnvis_widgets.course.glossary import terms, where_met
from cnnvis_widgets.widgets.toolkit.base import Component


class Glossary(Component, from_page="search"):
    """A list that can be searched; an address that ends in #softmax opens it there.

    Args:
        of: the folder of the notebooks; by default this notebook's own.
        kwargs: the attributes.

    Attributes:
        search: what is looked for; "" shows all.
    """

    label = traitlets.Unicode("Find a word").tag(sync=True)
    search = traitlets.Unicode("").tag(sync=True)
    _terms = traitlets.List().tag(sync=True)

    def __init__(self, of: Path | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        met = where_met(lessons(of or current_folder()))
        self._terms = [
            {
                "name": term.name,
                "also": list(term.also),
                "anchor": term.anchor,
                "means": term.means,
                "met": [
                    {"file": lesson.file, "heading": lesson.heading} for lesson in met[term.name]
                ],
            }
            for term in terms()
        ]
