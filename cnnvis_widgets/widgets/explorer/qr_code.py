"""A link as a QR code, for those who see it on a projector."""

from __future__ import annotations

import io

import segno

from cnnvis_widgets.errors import InvalidValueError

LONGEST = 1500
"""Characters; more make modules too small to be photographed from the back row."""


def qr_svg(address: str) -> str:
    """An address as a QR code: an SVG file with the quiet zone that the standard asks for.

    Args:
        address: beginning with http:// or https://.

    Raises:
        InvalidValueError: another text, or one that is too long.

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
    # Level M: 15 % may be covered by a head in front. Black on white, whatever the theme is.
    segno.make(address, error="m", micro=False).save(
        file, kind="svg", border=4, light="#fff", xmldecl=False, svgns=True, omitsize=True
    )
    return file.getvalue().decode("utf-8").strip()
