"""Ownership of kernels: a cookie for each, known only to the browser that opened the page.

A kernel's id is not secret: it is in the page's text, in logs and in addresses. So requests to a
kernel must also have the secret that was set as a cookie with the page. The cookie's path limits
it to the kernel's addresses.
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
"""The paths of requests to a kernel; its id follows."""


class Owners:
    """The secrets of the kernels that are assigned to pages.

    Args:
        embedded: whether pages may be in frames of other sites, where cookies must be sent too.
    """

    def __init__(self, embedded: bool = False) -> None:
        self.embedded = embedded
        self._secrets: dict[str, tuple[str, str]] = {}

    def assign(self, handler: RequestHandler, kernel_id: str, base_url: str) -> None:
        """Assign a kernel to the browser of a request, before any output is sent."""
        secret = secrets.token_urlsafe(24)
        self._secrets[kernel_id] = secret, address_of(handler)
        attributes = {
            "samesite": "None" if self.embedded else "Strict",
            "secure": self.embedded or handler.request.protocol == "https",
        }
        for prefix in PLACES:
            path = url_path_join(base_url, prefix, kernel_id)
            # Tornado allows one cookie of a name in a response, and these differ in their path
            morsel = _set_cookie(secret, path, **attributes)
            handler.add_header("Set-Cookie", morsel)

    def owns(self, handler: RequestHandler, kernel_id: str) -> bool:
        """Whether a request comes from the browser that the kernel is assigned to."""
        secret, _ = self._secrets.get(kernel_id, ("", ""))
        cookie = handler.request.cookies.get(COOKIE)
        return (
            bool(secret)
            and cookie is not None
            and hmac.compare_digest(secret.encode(), cookie.value.encode())
        )

    def forget(self, kernel_id: str) -> None:
        """Remove a kernel that has ended."""
        self._secrets.pop(kernel_id, None)

    @property
    def kernels(self) -> tuple[str, ...]:
        """The kernels that are assigned to pages."""
        return tuple(self._secrets)

    def count(self, address: str) -> int:
        """The number of kernels of an address."""
        return sum(1 for _, owner_address in self._secrets.values() if owner_address == address)


def address_of(handler: RequestHandler) -> str:
    """The address of a request; behind a proxy, the forwarded one."""
    return handler.request.remote_ip or ""


def _set_cookie(value: str, path: str, **attributes: Any) -> str:
    from http.cookies import SimpleCookie

    jar: SimpleCookie = SimpleCookie()
    jar[COOKIE] = value
    jar[COOKIE].update({"path": path, "httponly": True, **attributes})
    text = jar[COOKIE].OutputString()
    # Required within frames of other sites; this Python's cookies do not support the attribute
    return f"{text}; Partitioned" if attributes["samesite"] == "None" else text
