"""Estimates the cost of decoding a picture file from its structure, before decoding.

The size in the header bounds a picture's memory, but not the decoder's time: a progressive JPEG
file may have ten thousand scans of a few bytes, each over all pixels, and a PNG file hundreds of
thousands of empty chunks.
"""

from __future__ import annotations

import mmap
import struct

MAX_SCANNED = 1_500_000_000
"""Pixels times scans of a JPEG file. A scan of 49 megapixels takes 48 ms, progressive files have
about ten, and at most some twenty where they were made by hand."""

FREE_SCANS = 20
MAX_CHUNKS = 100_000
"""Of a PNG file: 256 MiB in chunks of the usual 8 KiB are 33,000."""

MAX_SIDE = 65_535
"""Pixels; what JPEG can say. Longer rows or columns cost a pointer for each pixel."""

_PNG = b"\x89PNG\r\n\x1a\n"
_START_OF_SCAN = 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF markers; the others are tables
_ALONE = frozenset(range(0xD0, 0xDA)) | {0x01}  # markers without a length


def costly(data: bytes | mmap.mmap) -> str:
    """Why a file is unexpectedly expensive to decode; "" if it is not."""
    if data[:2] == b"\xff\xd8":
        return _costly_jpeg(data)
    if data[:8] == _PNG:
        return _costly_png(data)
    return ""


def _costly_jpeg(data: bytes | mmap.mmap) -> str:
    scans, pixels = jpeg_scans(data)
    if scans > FREE_SCANS and scans * pixels > MAX_SCANNED:
        return f"is a JPEG file of {pixels / 1e6:.0f} megapixels in {scans} or more scans"
    return ""


def jpeg_scans(data: bytes | mmap.mmap) -> tuple[int, int]:
    """How many scans a JPEG file has and how many pixels each goes through.

    Stops counting where the product is beyond `MAX_SCANNED`.
    """
    at, scans, pixels = 2, 0, 0
    while 0 <= at < len(data) - 3:
        if data[at] != 0xFF:  # coded data, or damage: the decoder too looks for the next marker
            at = data.find(b"\xff", at)
            continue
        marker = data[at + 1]
        if marker in (0x00, 0xFF) or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker == _START_OF_SCAN:
            scans += 1
            if scans > FREE_SCANS and scans * pixels > MAX_SCANNED:
                break
        elif marker in _FRAMES and at + 9 <= len(data):
            rows, columns = struct.unpack_from(">HH", data, at + 5)
            pixels = max(pixels, rows * columns)
        (length,) = struct.unpack_from(">H", data, at + 2)
        at += 2 + max(length, 2)
    return scans, pixels


def _costly_png(data: bytes | mmap.mmap) -> str:
    at, chunks = 8, 0
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        at += 12 + length
        chunks += 1
        if chunks > MAX_CHUNKS:
            return f"is a PNG file of more than {MAX_CHUNKS} chunks"
    return ""
