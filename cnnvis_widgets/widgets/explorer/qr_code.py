"""A link as a QR code, to be photographed from a projector."""

from __future__ import annotations

import io

import segno

from cnnvis_widgets.errors import InvalidValueError

LONGEST = 1500
"""Characters; with more, the modules are too small to photograph from the back row."""


def qr_svg(address: str) -> str:
    """A URL as a QR code: an SVG file with the standard's quiet zone.

    Args:
        address: a URL that begins with http:// or https://.

    Raises:
        InvalidValueError: not such a URL, or too long.

    Examples:
        >>> qr_svg("https://example.org/explorer?method=grad_cam")[:4]
        '<svg'
    """
    if not address.startswith(("http://", "https://")) or len(address) > LONGEST:
        raise InvalidValueError(
            f"A QR code is made of an address, http(s)://…, of up to {LONGEST} characters; got "
            f"{len(address)} that begin with {address[:12]!r}."
        )
    file = io.BytesIO()
    # Level M: up to 15 % may be covered, by a head in front say. Black on white in any theme.
    segno.make(address, error="m", micro=False).save(
        file, kind="svg", border=4, light="#fff", xmldecl=False, svgns=True, omitsize=True
    )
    return file.getvalue().decode("utf-8").strip()
