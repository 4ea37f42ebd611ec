"""Protection of all handlers: headers, rate limits, plain error pages, no malformed paths."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from tornado.web import HTTPError, RequestHandler

from cnnvis_widgets.serving.headers import security_headers
from cnnvis_widgets.serving.kernel_watch import KernelWatch
from cnnvis_widgets.serving.limits import Counter, Publishing, Refusal
from cnnvis_widgets.serving.owners import KERNEL_ID, Owners, address_of

SETTING = "cnnvis_guard"
_REFUSAL = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>body {{ font: 1.1em/1.5 system-ui, sans-serif; max-width: 36em; margin: 4em auto;
padding: 0 1em }}</style>
<h1>{title}</h1><p>{text}</p></html>"""


@dataclass
class Guard:
    """The state that all handlers of a server share.

    Attributes:
        publishing: the audience of the server.
        watch: monitors the kernels.
        owners: the owners of the kernels.
        counter: the requests of each address.
        opening: the number of pages that are being rendered.
    """

    publishing: Publishing
    watch: KernelWatch
    owners: Owners
    counter: Counter = field(init=False)
    opening: int = 0

    def __post_init__(self) -> None:
        self.counter = Counter(self.publishing.limits)


class Guarded(RequestHandler):
    """A mixin for handlers; must come first in a class's bases."""

    @property
    def guard(self) -> Guard:
        """The state that all handlers of this server share."""
        guard: Guard = self.settings[SETTING]
        return guard

    def set_default_headers(self) -> None:
        """Add security headers to the handler's own."""
        super().set_default_headers()
        publishing = self.guard.publishing
        for name, value in security_headers(
            self.request.host, public=publishing.public, embedders=publishing.embedders
        ).items():
            self.set_header(name, value)

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Count the request, and reject malformed paths."""
        if any(odd in self.request.path.lower() for odd in ("%00", "%0a", "%0d", "\\")):
            raise HTTPError(404)
        try:
            self.guard.counter.request(address_of(self))
        except Refusal as refusal:
            raise http_error(refusal) from None
        return super().prepare(*args, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """An error page with a refusal's message; otherwise with the status only."""
        _, error, _ = kwargs.get("exc_info", (None, None, None))
        refusal = getattr(error, "refusal", None)
        if isinstance(refusal, Refusal) and refusal.seconds:
            self.set_header("Retry-After", str(refusal.seconds))
        title = refusal.args[0] if isinstance(refusal, Refusal) else ""
        name = {404: "This page does not exist"}.get(status_code, f"No page ({self._reason})")
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            _REFUSAL.format(
                title=html.escape("Not now" if title else name),
                text=html.escape(title or f"The server answers {status_code}."),
            )
        )

    def only_its_owner(self, kernel_id: str) -> None:
        """Allow only the browser that a kernel is assigned to.

        Raises:
            HTTPError: 404 for all others.
        """
        if not KERNEL_ID.fullmatch(kernel_id) or not self.guard.owners.owns(self, kernel_id):
            raise HTTPError(404)


class NotFound(Guarded):
    """Answers 404."""

    def initialize(self, **_settings: Any) -> None:
        """Accept the settings of the replaced handler."""

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """Answer 404 to every method."""
        super().prepare(*args, **kwargs)
        raise HTTPError(404)


def http_error(refusal: Refusal) -> HTTPError:
    """Convert a refusal to an exception of Tornado."""
    error = HTTPError(refusal.status, refusal.text.replace("%", "%%"))
    error.refusal = refusal  # type: ignore[attr-defined]
    return error


def guarded(handler: type[RequestHandler]) -> type[RequestHandler]:
    """Protect a handler, and turn its errors into 404.

    Voilà's file handlers raise arbitrary errors for malformed paths, e.g. AssertionError.
    """
    if issubclass(handler, Guarded):
        return handler

    class Wrapped(Guarded, handler):  # type: ignore[misc, valid-type]
        async def get(self, *args: Any, **kwargs: Any) -> None:
            try:
                awaitable = super().get(*args, **kwargs)
                if awaitable is not None:
                    await awaitable
            except (AssertionError, IndexError, LookupError, UnboundLocalError, ValueError):
                raise HTTPError(404) from None
            except OSError:  # a name that is too long
                raise HTTPError(404) from None

    Wrapped.__name__ = Wrapped.__qualname__ = f"Guarded{handler.__name__}"
    return Wrapped
