"""What each answer tells the browser: where scripts may come from, who may frame the page."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")


def security_headers(
    host: str, *, public: bool = False, embedders: Sequence[str] = ()
) -> dict[str, str]:
    """The headers by name.

    Voilà's page starts with scripts within its text, JupyterLab compiles the checks of its
    settings, and anywidget imports a component's module from a blob: these are allowed. Nothing is
    asked of another site, and nothing sent there.

    Args:
        host: as the request names the server.
        public: nothing at all from other sites; else scripts and styles over https, as notebooks
            of one's own may want.
        embedders: origins whose pages may show ours in a frame.
    """
    more = "" if public else " https:"
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    ancestors = " ".join(["'self'", *embedders])
    policy = {
        "default-src": f"'self'{more}",
        "script-src": f"'self' 'unsafe-inline' 'unsafe-eval' blob:{more}",
        "style-src": f"'self' 'unsafe-inline' data:{more}",
        "img-src": f"'self' data: blob:{more}",
        "font-src": f"'self' data:{more}",
        "media-src": f"'self' data: blob:{more}",
        "connect-src": f"'self' data: blob:{sockets}{more}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": ancestors,
    }
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {text}" for name, text in policy.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
        "Server": "cnnvis",
    }
    if not embedders:
        headers["X-Frame-Options"] = "SAMEORIGIN"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return headers
