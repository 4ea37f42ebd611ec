"""Whose kernel it is: a cookie for each, which the browser that opened the page alone has.

A kernel's id is in the page's text, in logs and in addresses. So it opens nothing by itself: a
browser that speaks to a kernel also shows the secret that was set as a cookie when the page was
sent. The cookie is sent back only to the kernel's own addresses, whatever else a browser has open.
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Any

from jupyter_server.utils import url_path_join

if TYPE_CHECKING:
    from tornado.web import RequestHandler

COOKIE = "cnnvis-kernel"
KERNEL_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
PLACES = ("api/kernels", "voila/api/shutdown", "voila/execution")
"""The addresses under which a kernel is spoken to; its id follows."""


class Owners:
    """The secrets of the kernels that were given to a page.

    Args:
        embedded: pages may be in frames of other sites; their cookies are then sent in these.
    """

    def __init__(self, embedded: bool = False) -> None:
        self.embedded = embedded
        self._secrets: dict[str, tuple[str, str]] = {}

    def give(self, handler: RequestHandler, kernel_id: str, base_url: str) -> None:
        """Make a kernel that of the browser which is answered. Nothing may have been sent yet."""
        secret = secrets.token_urlsafe(24)
        self._secrets[kernel_id] = secret, address_of(handler)
        other = {
            "samesite": "None" if self.embedded else "Strict",
            "secure": self.embedded or handler.request.protocol == "https",
        }
        for place in PLACES:
            path = url_path_join(base_url, place, kernel_id)
            # Tornado keeps one cookie of a name for each answer, and these differ in their path.
            morsel = _set_cookie(secret, path, **other)
            handler.add_header("Set-Cookie", morsel)

    def owns(self, handler: RequestHandler, kernel_id: str) -> bool:
        """Whether a request comes from the browser that the kernel was given to."""
        secret, _ = self._secrets.get(kernel_id, ("", ""))
        shown = handler.request.cookies.get(COOKIE)
        return (
            bool(secret)
            and shown is not None
            and hmac.compare_digest(secret.encode(), shown.value.encode())
        )

    def forget(self, kernel_id: str) -> None:
        """The kernel has ended."""
        self._secrets.pop(kernel_id, None)

    @property
    def kernels(self) -> tuple[str, ...]:
        """Those that were given to a page."""
        return tuple(self._secrets)

    def count(self, address: str) -> int:
        """How many kernels the pages of an address have."""
        return sum(1 for _, theirs in self._secrets.values() if theirs == address)


def address_of(handler: RequestHandler) -> str:
    """Where a request comes from; behind a proxy, what the proxy says of it."""
    return handler.request.remote_ip or ""


def _set_cookie(value: str, path: str, **other: Any) -> str:
    from http.cookies import SimpleCookie

    jar: SimpleCookie = SimpleCookie()
    jar[COOKIE] = value
    jar[COOKIE].update({"path": path, "httponly": True, **other})
    text = jar[COOKIE].OutputString()
    # Within another site's frame browsers keep a cookie only for that site; this Python's cookies
    # do not know the word.
    return f"{text}; Partitioned" if other["samesite"] == "None" else text
