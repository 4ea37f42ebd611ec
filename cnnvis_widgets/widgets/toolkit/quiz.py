"""Predict before you look: a question whose answer is shown after a choice."""

from __future__ import annotations

import operator
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import checked, data_url


class Quiz(Control, from_page="value looked"):
    """A question with a few answers; a choice shows the picture, the right answer and the reason.

    Args:
        question: the question.
        choices: the possible answers, at least two.
        right: the index of the right answer.
        because: the reason, in a sentence or two; shown afterwards.
        picture: shown afterwards: a figure of `cnnvis_widgets.rendering` (or another object that a
            notebook shows as a PNG), the bytes of a small picture file, or a data URL.
        alt: alt text of the picture; our figures have their own.
        kwargs: the attributes.

    Attributes:
        value: the index of the chosen answer; `None` for no choice. Setting it to `None` hides the
            right answer.
        looked: whether the right answer is shown, with or without a choice.

    Raises:
        InvalidValueError: fewer than two choices, a `right` or `value` out of range, or an invalid
            picture or one without alt text.
    """

    label = traitlets.Unicode("Predict before you look").tag(sync=True)

    looked = traitlets.Bool(False).tag(sync=True)
    _question = traitlets.Dict().tag(sync=True)

    @checked()
    def value(self, value: Any) -> int | None:
        return None if value is None else self._index(value)

    def __init__(
        self,
        question: str,
        choices: list[str],
        right: int,
        because: str = "",
        picture: Any = "",
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self._choices = [str(choice) for choice in choices]
        if len(self._choices) < 2:
            raise InvalidValueError(f"A guess needs at least two choices; got {choices!r}.")
        url, own_alt = _picture(picture)
        if url and not (alt or own_alt):
            raise InvalidValueError("A picture needs alt, what it shows in words.")
        answer = self._index(right)
        super().__init__(**kwargs)
        self._question = {
            "text": question,
            "choices": self._choices,
            "right": answer,
            "because": because,
            "picture": url,
            "alt": alt or own_alt,
        }

    @property
    def correct(self) -> bool | None:
        """Whether the chosen answer is right; `None` for no choice."""
        return None if self.value is None else self.value == self._question["right"]

    @property
    def because(self) -> str:
        """The reason; may be set later if it is still being computed."""
        return self._question["because"]

    @because.setter
    def because(self, text: str) -> None:
        self._question = {**self._question, "because": text}

    def _index(self, value: Any) -> int:
        try:
            number = operator.index(value)
        except TypeError:
            number = -1
        if not 0 <= number < len(self._choices):
            last = len(self._choices) - 1
            raise InvalidValueError(f"A choice is its number, 0 to {last}; got {value!r}.")
        return number

    @traitlets.observe("value")
    def _look(self, change: Any) -> None:
        self.looked = change["new"] is not None


def _picture(picture: Any) -> tuple[str, str]:
    """The data URL ("" for none) and alt text of a picture."""
    alt = ""
    if hasattr(picture, "_repr_mimebundle_"):
        data, metadata = picture._repr_mimebundle_()
        alt = metadata.get("image/png", {}).get("alt", "")
        picture = data.get("image/png")
    url = data_url(picture)
    if not isinstance(url, str):
        raise InvalidValueError(
            "A picture is a figure, the bytes of a picture file or a data URL; "
            f"got {type(picture).__name__}."
        )
    return url, alt
