"""Decodes files, bytes and PIL images to 8-bit colour arrays, with error messages for users.

Uploads come from anyone, so the size in the header is checked before decoding, only a few
well-known formats are read (one of Pillow's others starts Ghostscript), and whatever a decoder
raises on damaged bytes becomes an error of this package.

Colour profiles are ignored, as they were when the networks were trained.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import mmap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError
from cnnvis_widgets.zoo.image_structure import MAX_SIDE, costly

MAX_PIXELS = 50_000_000
"""Larger pictures are refused from their header; a large camera makes 45 megapixels."""

MAX_BYTES = 256 * 2**20
"""Larger files are refused unread; every uncompressed 8-bit picture of `MAX_PIXELS` fits."""

FORMATS = {
    "PNG": "PngImagePlugin",
    "JPEG": "JpegImagePlugin",
    "GIF": "GifImagePlugin",
    "WEBP": "WebPImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "PPM": "PpmImagePlugin",
    "JPEG2000": "Jpeg2KImagePlugin",
    "AVIF": "AvifImagePlugin",
}
"""The formats that are read, with Pillow's name and module."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")

_SIGNATURES = {
    b"\x89PNG": "PNG",
    b"\xff\xd8": "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"BM": "BMP",
    b"\0\0\0\x0cjP": "JPEG 2000",
}

_OTHER_TYPES = {
    b"%PDF": "a PDF document; export the page as a PNG or JPEG file",
    b"%!PS": "a PostScript drawing; export it as a PNG file",
    b"8BPS": "a Photoshop document; export it as a PNG or JPEG file",
    b"<!doctype html": "a web page, not a picture (what a failed download often leaves)",
    b"<html": "a web page, not a picture (what a failed download often leaves)",
    b"version https://git-lfs": "a Git LFS pointer, not the picture itself; run `git lfs pull`",
}


def from_path(path: Path) -> NDArray[np.uint8]:
    """The picture in a file: uint8 (rows, columns, 3).

    Raises:
        FileError: there is no such file, or it is a folder, unreadable, too large, damaged or in a
            format that is not read.
    """
    subject = f"The file {str(path)!r}"
    try:
        if path.is_dir():
            raise FileError(f"{subject} is a folder; a picture file was expected.")
        if not path.exists():
            raise FileError(f"{subject} does not exist.")
        if not path.is_file():  # a device or a pipe might never end
            raise FileError(f"{subject} is not an ordinary file.")
        with path.open("rb") as stream:
            return _from_stream(stream, path.stat().st_size, subject)
    except CnnvisError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{subject} cannot be read: {reason}.") from error


def from_bytes(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """The picture in the bytes of a file: uint8 (rows, columns, 3).

    Args:
        data: the bytes.
        max_pixels: larger pictures are refused.

    Raises:
        FileError: the bytes are too many, damaged, or in a format that is not read.
    """
    subject = "The picture"
    return _from_stream(io.BytesIO(data), len(data), subject, max_pixels)


def from_pil(image: Image.Image) -> NDArray[np.uint8]:
    """A PIL image of any mode, at its current frame: uint8 (rows, columns, 3).

    Raises:
        InvalidValueError: it is empty, too large, or of a mode without a meaning as colours.
        FileError: it was opened from a damaged file.
    """
    subject = f"The PIL image of mode {image.mode!r}"
    columns, rows = image.size
    if rows * columns == 0:
        raise InvalidValueError(f"{subject} is {columns} × {rows}; at least 1 × 1 was expected.")
    if rows * columns > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise InvalidValueError(_too_large(subject, f"{columns} × {rows} pixels"))
    with _decoding_errors(subject):
        return _upright_rgb(image, subject)


def over_white(rgba: Image.Image) -> NDArray[np.uint8]:
    """An RGBA image as it looks on white paper: uint8 (rows, columns, 3)."""
    white = Image.new("RGB", rgba.size, "white")
    white.paste(rgba, mask=rgba.getchannel("A"))
    return np.array(white)


def _from_stream(
    stream: BinaryIO, size: int, subject: str, max_pixels: int = MAX_PIXELS
) -> NDArray[np.uint8]:
    if size == 0:
        raise FileError(f"{subject} is empty (0 bytes).")
    if size > MAX_BYTES:
        raise FileError(_too_large(subject, f"{size / 2**20:.0f} MiB"))
    head = stream.read(1024)
    stream.seek(0)
    if reason := _costly(stream):
        raise FileError(f"{subject} {reason}, which would take minutes to decode. Save it anew.")
    with _decoding_errors(subject):
        try:
            image = Image.open(stream, formats=_formats())
        except UnidentifiedImageError:
            raise FileError(f"{subject} {_unrecognised(head)}") from None
        with image:
            columns, rows = image.size
            if rows * columns > max_pixels or max(image.size) > MAX_SIDE:
                raise FileError(_too_large(subject, f"{columns} × {rows} pixels", max_pixels))
            return _upright_rgb(image, subject)


def _costly(stream: BinaryIO) -> str:
    if isinstance(stream, io.BytesIO):
        return costly(stream.getvalue())
    with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return costly(data)


@functools.cache
def _formats() -> tuple[str, ...]:
    """The formats that this Pillow has; asking `Image.open` for another one is a KeyError.

    Importing these modules takes about half as long as all of Pillow's (`Image.init`).
    """
    for module in FORMATS.values():
        with contextlib.suppress(ImportError):
            importlib.import_module(f"PIL.{module}")
    return tuple(name for name in FORMATS if name in Image.OPEN)


@contextlib.contextmanager
def _decoding_errors(subject: str) -> Iterator[None]:
    """Translate Pillow's errors into messages that name the picture and say what to do."""
    try:
        yield
    except CnnvisError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow checks the size first; the warning is raised if warnings are errors
        factor = 2 if isinstance(error, Image.DecompressionBombError) else 1
        megapixels = factor * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        raise FileError(_too_large(subject, f"more than {megapixels:.0f} megapixels")) from None
    except MemoryError as error:
        raise FileError(f"{subject} does not fit into this machine's free memory.") from error
    except Exception as error:  # decoders raise anything on damaged bytes
        raise FileError(f"{subject} is damaged or cut off: {error}.") from error


def _too_large(subject: str, size: str, max_pixels: int = MAX_PIXELS) -> str:
    return (
        f"{subject} is too large: {size}, and at most {max_pixels / 1e6:.0f} megapixels and "
        f"{MAX_BYTES // 2**20} MiB are read, {MAX_SIDE} pixels a side. Save a "
        "smaller copy; the networks look at a few hundred pixels a side."
    )


def _unrecognised(head: bytes) -> str:
    """A message from the first bytes of a file that Pillow did not recognise."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in start:
        return "is an SVG drawing, not pixels; export it as a PNG file."
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "is a HEIC photo, which is not read here; export it as a JPEG file."
    for signature, name in _OTHER_TYPES.items():
        if start.startswith(signature.lower()):
            return f"is {name}."
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return f"begins like a {name} file, but is damaged, cut off, or of an unusual kind."
    formats = ", ".join(name for name in FORMATS)
    return f"is not a picture in a format that is read here ({formats})."


def _upright_rgb(image: Image.Image, subject: str) -> NDArray[np.uint8]:
    image.load()  # before the Exif data: loading rotates a TIFF file
    with contextlib.suppress(Exception):  # damaged Exif data is ignored
        kind, image = image.format, ImageOps.exif_transpose(image)
        image.format = kind  # Pillow's copy lacks it, and `_grey` needs it
    return _rgb(image, subject)


def _rgb(image: Image.Image, subject: str) -> NDArray[np.uint8]:
    mode = image.mode
    if mode in ("I", "F") or mode.startswith("I;"):
        return np.repeat(_grey(image, subject)[:, :, None], 3, axis=2)
    try:
        if mode == "La":  # Pillow converts it to nothing else
            image = image.convert("LA")
        if image.has_transparency_data:
            return over_white(image.convert("RGBA"))
        return np.array(image if mode == "RGB" else image.convert("RGB"))  # convert copies
    except ValueError as error:  # Pillow has no conversion
        raise InvalidValueError(f"{subject} has no meaning as colours: {error}.") from error


def _grey(image: Image.Image, subject: str) -> NDArray[np.uint8]:
    """Greys deeper than 8 bits as 0…255: uint8 (rows, columns).

    16 bits are divided by 257, so that 65535 is 255; a picture that uses 12 of them at most is
    nearly black then, which a warning tells. Wider whole numbers and floating point have no
    agreed white: values within 0…1 are multiplied by 255, values within 0…255 taken as they are,
    whole numbers within 16 bits divided by 257, and anything else stretched from the smallest value
    (black) to the largest (white). What is not a number is black.
    """
    values = np.array(image)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM")):
        grey = ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)
        grey[values == image.info.get("transparency", -1)] = 255
        largest = int(values.max())
        if 0 < largest < 2**12:
            warnings.warn(
                f"{subject} has 16 bits, and its largest value is {largest} of 65535: it is nearly "
                "black. If it was taken with 12 bits or fewer (X-rays, microscopes), scale its own "
                f"largest value to white before: (values / {largest} * 255).astype('uint8').",
                stacklevel=2,
            )
        return grey
    scaled = values.astype(np.float32)
    finite = np.isfinite(scaled)
    if not finite.any():
        raise InvalidValueError(f"{subject} has no finite value.")
    low = float(scaled.min(where=finite, initial=np.inf))
    high = float(scaled.max(where=finite, initial=-np.inf))
    black = 0.0
    if low >= 0 and high <= 1:
        white = 1.0
    elif low >= 0 and high <= 255:
        white = 255.0
    elif low >= 0 and high <= 65535 and image.mode == "I":
        white = 65535.0
    else:
        black, white = low, high
    np.nan_to_num(scaled, copy=False, nan=black, posinf=high, neginf=low)
    scaled -= black
    scaled *= 255 / ((white - black) or 1.0)
    return np.rint(scaled, out=scaled).clip(0, 255, out=scaled).astype(np.uint8)
