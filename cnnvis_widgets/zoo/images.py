"""The ten included pictures, and `load_image`, which accepts many kinds of sources.

The pictures are in packages that are required anyway (scikit-image, matplotlib, scikit-learn), and
are read without importing these. The folder ``pictures`` has a file of facts for each; the list,
the menus and ``docs/pictures.md`` are made from these files.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import io
import os
import re
import reprlib
import tomllib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnvis_widgets import checks, policy
from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo import digits, evidence, image_decoding

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | Image.Image | NDArray[Any]

_FOLDER = Path(__file__).parent / "pictures"
_URL = re.compile(r"(https?|ftp|s3|gs|file|data):", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Picture:
    """An included picture: its content, its author, and the outline of its object.

    Attributes:
        name: its name for `load_image`; the stem of its file in ``pictures``.
        order: its position in the list.
        title: a line for menus.
        shows: its content, in plain words.
        alt: alternative text, one or two sentences.
        module: import name of the package with the picture.
        distribution: its name on PyPI.
        file: path inside the package.
        sha256: of the file for which the outline was drawn.
        rows: height of the picture in pixels.
        columns: width of the picture in pixels.
        author: who made it.
        licence: its licence.
        licence_stated: where the licence is stated, and what is not stated anywhere.
        right: ImageNet units that name its content, the best first; empty if none does.
        near: the closest units if none is right, or units of an object in the background.
        answer: the unit that the default network (``efficientnet_lite0``) predicts.
        score: its probability there, for the centre crop of the picture.
        remark: a question about that prediction.
        outlined: what the outline includes and excludes.
        outline: corners (x, y) of a polygon in pixels from the picture's top left corner.
    """

    name: str
    order: int
    title: str
    shows: str
    alt: str
    module: str
    distribution: str
    file: str
    sha256: str
    rows: int
    columns: int
    author: str
    licence: str
    licence_stated: str
    right: tuple[int, ...]
    near: tuple[int, ...]
    answer: int
    score: float
    remark: str
    outlined: str
    outline: tuple[tuple[float, float], ...]

    @property
    def unit(self) -> int | None:
        """The ImageNet unit that is right for this picture; None where none of the 1000 is."""
        return self.right[0] if self.right else None

    @property
    def verdict(self) -> Literal["right", "near", "wrong"]:
        """How good the default network's answer is."""
        if self.answer in self.right:
            return "right"
        return "near" if self.answer in self.near else "wrong"

    @property
    def credit(self) -> str:
        """The line to print under the picture: title, author, licence."""
        return f"{self.title}. {self.author}. {self.licence}."

    @property
    def path(self) -> Path:
        """The path of the picture on this machine.

        Raises:
            FileError: its package is not installed, or this version of it lacks the picture.
        """
        spec = importlib.util.find_spec(self.module)  # finds without importing
        roots = spec.submodule_search_locations if spec else None
        if not roots:
            raise FileError(
                f"The picture {self.name!r} comes with {self.distribution}, which is not installed:"
                f" pip install {self.distribution}"
            )
        path = Path(next(iter(roots)), self.file)
        if not path.is_file():
            raise FileError(
                f"The picture {self.name!r} was expected at {str(path)!r}; the installed version of"
                f" {self.distribution} does not carry it."
            )
        return path

    def mask(self) -> NDArray[np.bool_]:
        """The inside of the outline: bool (rows, columns), True where a pixel's centre is inside.

        A point is inside when a line from it to the left edge crosses the outline an odd number of
        times; one exactly on the outline may count either way.
        """
        x = np.arange(self.columns) + 0.5
        y = np.arange(self.rows) + 0.5
        inside = np.zeros((self.rows, self.columns), np.bool_)
        corners = np.array(self.outline, np.float64)
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            across = np.flatnonzero((y0 <= y) != (y1 <= y))  # rows whose centres the edge crosses
            if across.size:
                crossing = x0 + (y[across] - y0) * (x1 - x0) / (y1 - y0)
                inside[across] ^= crossing[:, None] < x[None, :]
        return inside


def images() -> tuple[str, ...]:
    """Names of the included pictures, the cat first.

    Examples:
        >>> cnnvis.images()[:3]
        ('cat', 'coffee', 'cameraman')
    """
    return tuple(_catalogue(_FOLDER))


def picture(name: str) -> Picture:
    """The facts about an included picture.

    Raises:
        UnknownNameError: there is no picture of that name.
    """
    catalogue = _catalogue(_FOLDER)
    if name not in catalogue:
        raise UnknownNameError.of("picture", name, catalogue)
    return catalogue[name]


def load_image(source: Source) -> NDArray[np.uint8]:
    """A picture as an array, from many kinds of sources: uint8 (rows, columns, 3), RGB.

    The array is new and may be written to. Photos are turned upright as their Exif data say;
    transparent parts become white; greys become equal parts of red, green and blue; of animations
    and multi-page files the first picture is taken (of a PIL image its current frame); values
    deeper than 8 bits are scaled to 0…255 and never clipped (`decode` says how). Colour profiles
    are ignored, as they were when the networks were trained.

    Args:
        source: the name of an included picture (see `images`; write ``./cat`` for a file of
            that name), "scene:17" for a drawn one (see `evidence.by_name`), "digit:17"
            for a handwritten digit (see `digits.by_name`), a path, the bytes of a
            picture file, a PIL image, or a uint8 array (rows, columns), (rows, columns, 1),
            (rows, columns, 3) or, with opacity last, (rows, columns, 4).

    Raises:
        UnknownNameError: a string that is neither a picture's name nor looks like a path.
        FileError: a file that is absent, unreadable, damaged, in a format that is not read, or
            above `image_decoding.MAX_PIXELS` or `image_decoding.MAX_BYTES` (found out before
            decoding).
        InvalidValueError: an address on the internet, or an array or object that is not a picture.

    Examples:
        >>> cnnvis.load_image("cat").shape
        (300, 451, 3)
        >>> cnnvis.load_image(np.zeros((20, 30), np.uint8)).shape  # greys become colours
        (20, 30, 3)
    """
    if isinstance(source, str):
        return _from_text(source)
    if isinstance(source, os.PathLike):
        return _from_path(Path(os.fsdecode(source)))
    if isinstance(source, bytes | bytearray | memoryview):
        return image_decoding.from_bytes(bytes(source))
    if isinstance(source, Image.Image):
        return image_decoding.from_pil(source)
    if hasattr(source, "__array__"):  # NumPy arrays and what converts to them
        return _from_array(source)
    raise InvalidValueError(
        "A picture was expected: a name, a path, the bytes of a picture file, a PIL image or a "
        f"uint8 array; {type(source).__name__} came."
    )


def thumbnail(image: Source, size: int = 96) -> bytes:
    """A small JPEG file of a picture, for menus; smaller pictures are not enlarged.

    Args:
        image: what `load_image` accepts.
        size: the longer side in pixels, 1 to 1024.

    Raises:
        InvalidValueError: a size outside that range; and what `load_image` raises.
    """
    checks.whole("size", size, 1, 1024)
    small = Image.fromarray(load_image(image))
    small.thumbnail((size, size), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def load_named(name: str) -> NDArray[np.uint8]:
    """An included or drawn picture by its name: uint8 (rows, columns, 3).

    Unlike in `load_image`, a string is never a path: it may come from a page.

    Raises:
        UnknownNameError: no picture of that name.
        InvalidValueError: a drawn picture's name that is none.
    """
    catalogue = _catalogue(_FOLDER)
    if checked_name(name) in catalogue:
        return _from_package(catalogue[name])
    return (
        digits.by_name(name) if name.startswith(digits.PREFIX) else evidence.by_name(name).picture
    )


def checked_name(name: str) -> str:
    """Check that a string is the name of an included or drawn picture.

    Raises:
        UnknownNameError: no picture of that name.
    """
    catalogue = _catalogue(_FOLDER)
    if name not in catalogue and not name.startswith((evidence.PREFIX, digits.PREFIX)):
        raise UnknownNameError.of("picture", name, catalogue)
    return name


def _from_text(text: str) -> NDArray[np.uint8]:
    catalogue = _catalogue(_FOLDER)
    if text in catalogue or text.startswith((evidence.PREFIX, digits.PREFIX)):
        return load_named(text)
    if _URL.match(text):
        raise InvalidValueError(
            f"{reprlib.repr(text)} is an address, and nothing is fetched from the internet here; "
            "download the picture and give the path or the bytes of the file."
        )
    path = Path(text)
    try:
        path = path.expanduser()
        present = bool(text) and path.exists()
    except (OSError, ValueError, RuntimeError):  # too long, a zero byte, an unknown user's home
        present = False
    if present:
        return _from_path(path)
    if path.suffix or len(path.parts) > 1:
        raise FileError(
            f"The file {reprlib.repr(text)} does not exist. A path or one of the names "
            f"{', '.join(catalogue)} was expected."
        )
    raise UnknownNameError.of("picture or file", text[:80], catalogue)


def _from_path(path: Path) -> NDArray[np.uint8]:
    if reason := policy.current().no_file(path, "a picture"):
        raise FileError(reason)
    return image_decoding.from_path(path)


def _from_package(picture: Picture) -> NDArray[np.uint8]:
    image = image_decoding.from_path(picture.path)
    if image.shape[:2] != (picture.rows, picture.columns):  # the outline would be elsewhere
        raise FileError(
            f"The picture {picture.name!r} was expected to be {picture.columns} × {picture.rows}; "
            f"the installed version of {picture.distribution} carries another one, "
            f"{image.shape[1]} × {image.shape[0]}."
        )
    return image


def _from_array(source: Any) -> NDArray[np.uint8]:
    expected = "A picture as an array is uint8 (rows, columns, 3), values 0…255"
    try:
        array = np.asarray(source)
    except Exception as error:  # tensors on another device, ragged lists: each library its own
        raise InvalidValueError(f"{expected}; {type(source).__name__}: {error}") from error
    actual = f"{array.dtype} {array.shape} came"
    if array.dtype != np.uint8:
        hint = ""
        if array.dtype.kind == "f":
            hint = (
                " A float array is a network's input. To see it as a picture: (array * 255).round()"
                '.astype("uint8") if its values lie within 0…1.'
            )
        elif array.dtype.kind == "b":
            hint = ' To see a mask as a picture: mask.astype("uint8") * 255.'
        elif array.dtype.kind in "iu":
            hint = ' If its values lie within 0…255: array.astype("uint8").'
        raise InvalidValueError(f"{expected}; {actual}.{hint}")
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        hint = ""
        if array.ndim == 4:
            hint = " Of a batch, give one picture: array[0]."
        elif array.ndim == 3 and array.shape[0] in (1, 3, 4):
            hint = " If the channels come first: array.transpose(1, 2, 0)."
        raise InvalidValueError(
            f"{expected}, or (rows, columns), (rows, columns, 1) or (rows, columns, 4); {actual}."
            f"{hint}"
        )
    if 0 in array.shape:
        raise InvalidValueError(f"{expected}, at least 1 × 1; {actual}.")
    if array.ndim == 3 and array.shape[2] == 4:
        return image_decoding.over_white(Image.fromarray(np.ascontiguousarray(array)))
    if array.ndim == 2:
        array = array[:, :, None]
    return np.array(np.broadcast_to(array, (*array.shape[:2], 3)), order="C")


@functools.cache
def _catalogue(folder: Path) -> dict[str, Picture]:
    """All pictures of a folder by name, in their order."""
    pictures = [_read(path) for path in folder.glob("*.toml")]
    return {p.name: p for p in sorted(pictures, key=lambda p: (p.order, p.name))}


def _read(path: Path) -> Picture:
    """The facts in one file; a missing, misspelt or impossible fact is an error."""
    try:
        facts = tomllib.loads(path.read_text("utf-8"))
        facts["right"] = tuple(facts["right"])
        facts["near"] = tuple(facts["near"])
        facts["outline"] = tuple((x, y) for x, y in facts["outline"])
        entry = Picture(name=path.stem, **facts)
        for unit in (*entry.right, *entry.near, entry.answer):
            if not 0 <= unit < 1000:
                raise InvalidValueError(f"unit {unit} is not within 0…999")
        for x, y in entry.outline:
            if not (0 <= x <= entry.columns and 0 <= y <= entry.rows):
                raise InvalidValueError(f"the corner ({x}, {y}) is outside the picture")
        return entry
    except (KeyError, TypeError, ValueError, CnnvisError) as error:
        raise InvalidValueError(f"The picture file {path.name!r} is not right: {error}") from error
