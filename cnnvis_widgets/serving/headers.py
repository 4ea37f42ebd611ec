"""Security headers: the sources of scripts, and who may frame a page."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")


def security_headers(
    host: str, *, public: bool = False, embedders: Sequence[str] = ()
) -> dict[str, str]:
    """The security headers by name.

    Voilà's page contains inline scripts, JupyterLab compiles the validators of its settings, and
    anywidget imports a component's module from a blob; these are allowed. Nothing is loaded from or
    sent to other sites.

    Args:
        host: the request's Host header.
        public: whether to forbid all other sites; otherwise scripts and styles over https are
            allowed, for users' own notebooks.
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
