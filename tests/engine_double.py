"""An engine whose answers are the test's: for widgets without TensorFlow and without a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from cnnvis_widgets.engine.requests import Library


class Asked(NamedTuple):
    """A request that was handed in."""

    request: Any
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[int, int], None] | None
    preview: Callable[[Any], None] | None


class EngineDouble:
    """Keeps what it is asked; `answer` plays the worker.

    Attributes:
        requests: all that were handed in, in their order.
        cancelled: the concerns that were cancelled.
        last: the newest request with its callbacks, also once it is answered or cancelled.
    """

    in_process = True

    def __init__(self, answer: Callable[[Any], Any] = lambda request: None) -> None:
        """`answer` makes the answer to a request; an exception that it returns is a failure."""
        self.make = answer
        self.library = Library()
        self.requests: list[Any] = []
        self._waiting: dict[tuple[int, str], Asked] = {}
        self.cancelled: list[str] = []
        self.last: Asked | None = None

    def submit(
        self,
        owner: tuple[int, str],
        request: Any,
        *,
        done: Any,
        failed: Any,
        progress: Any = None,
        preview: Any = None,
    ) -> None:
        self.requests.append(request)
        self.last = self._waiting[owner] = Asked(request, done, failed, progress, preview)

    def cancel(self, owner: tuple[int, str]) -> None:
        self.cancelled.append(owner[1])
        self._waiting.pop(owner, None)

    @property
    def waiting(self) -> dict[str, Asked]:
        """What has no answer yet, by its concern."""
        return {concern: asked for (_, concern), asked in self._waiting.items()}

    def answer(
        self, concern: str = "", error: Exception | None = None, of: object | None = None
    ) -> Any:
        """Answer what has waited longest, of one concern and of one widget if given.

        Returns:
            The request; None where nothing waits.
        """
        for owner, asked in self._waiting.items():
            if (concern in ("", owner[1]) and of is None) or owner == (id(of), concern):
                del self._waiting[owner]
                answer = error or self.make(asked.request)
                (asked.failed if isinstance(answer, Exception) else asked.done)(answer)
                return asked.request
        return None

    def answer_all(self, concern: str = "", of: object | None = None) -> list[Any]:
        """Answer all, and what is asked because of the answers; returns the requests."""
        answered = []
        while (request := self.answer(concern, of=of)) is not None:
            answered.append(request)
        return answered
