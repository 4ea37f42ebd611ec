"""The terms of the course, each with two sentences and the lessons that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets

from cnnvis_widgets.course import lessons
from cnnvis_widgets.course.catalogue import current_folder
from cnnvis_widgets.course.glossary import terms, where_met
from cnnvis_widgets.widgets.toolkit.base import Component


class Glossary(Component, from_page="search"):
    """A searchable list of terms; a URL that ends in #softmax opens it at that term.

    Args:
        of: the folder of the notebooks; by default that of the current notebook.
        kwargs: the attributes.

    Attributes:
        search: the search text; "" shows all terms.
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
