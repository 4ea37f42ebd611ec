"""Choose a picture, or bring one's own: by button, by dropping it, or by pasting it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import traitlets

from cnnvis_widgets import policy
from cnnvis_widgets.errors import CnnvisError, FileError, UnsuitableError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import (
    NAME,
    PICTURE,
    TEXT,
    Offered,
    Records,
    data_url,
    still_offered,
)

MAX_BYTES = 8 * 1024 * 1024  # a message over 10 MB ends the connection to the kernel (Tornado)
KEPT_UPLOADS = 4
LONGEST_FILENAME = 120
_THUMBNAIL = 192  # pixels, twice what a card shows, for dense screens


@dataclass(frozen=True)
class Upload:
    """A visitor's own picture.

    Attributes:
        name: its name in the picker, as in `PicturePicker.value`.
        filename: what it was called where it came from.
        image: what `decode` made of it, uint8 (rows, columns, 3).
    """

    name: str
    filename: str
    image: np.ndarray


class PicturePicker(Control, from_page="value"):
    """Thumbnails of pictures to choose from, and an upload.

    The browser makes an upload small before it sends it: a picture over 1024 pixels on the longer
    side is reduced to that (PNG where it is transparent, else JPEG) with its rotation applied; a
    smaller PNG or JPEG file is sent as it is, so that not one value changes. What the browser
    cannot open is sent as it is too, up to 8 MB, so that `decode` can say what is wrong with it.

    Args:
        decode: makes an array, uint8 (rows, columns, 3), of a picture file's bytes, and raises with
            a sentence for the visitor where it cannot; it must apply the EXIF rotation and refuse
            what is too large. `cnnvis_widgets.load_image` does. Without it there is no upload.
        kwargs: the attributes.

    Attributes:
        pictures: records of name, title, alt (what is to be seen, for those who cannot see it), and
            thumbnail (bytes of a small picture file, their base64, or a data URL).
        value: the chosen picture's name, or an upload's ("upload-1"); "" when none is. Falls back
            to "" when `pictures` changes and it is not among them.
        uploaded: the latest upload's array, or `None`.
        opens: called with text, picture and filename where a file holds an explanation that an
            explorer saved; None: such a file is a picture like any other.

    Raises:
        UnknownNameError: `value` is set to a name that is neither a picture's nor an upload's.
    """

    label = traitlets.Unicode("Picture").tag(sync=True)
    pictures = Records("picture", name=NAME, title=TEXT, alt=TEXT, thumbnail=PICTURE).tag(sync=True)
    value = Offered("picture", lambda picker: [*picker.pictures, *picker._uploads]).tag(sync=True)
    uploaded = traitlets.Any(None)
    _uploads = Records("upload", name=NAME, title=TEXT, alt=TEXT, thumbnail=PICTURE).tag(sync=True)
    _takes_uploads = traitlets.Bool(False).tag(sync=True)
    _opens = traitlets.Bool(False).tag(sync=True)
    opens = traitlets.Any(None)

    def __init__(self, decode: Callable[[bytes], np.ndarray] | None = None, **kwargs: Any) -> None:
        self._decode = decode
        self._images: dict[str, np.ndarray] = {}
        self._count = self._brought = 0
        self._times: list[float] = []
        super().__init__(**kwargs)
        self._takes_uploads = decode is not None
        self.on_msg(self._receive)

    @property
    def uploads(self) -> MappingProxyType[str, np.ndarray]:
        """The last four uploads' arrays, uint8 (rows, columns, 3), by name."""
        return MappingProxyType(self._images)

    @traitlets.observe("pictures", "_uploads")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, [*self.pictures, *self._uploads])

    @traitlets.observe("opens")
    def _opens_changed(self, _change: object) -> None:
        self._opens = self.opens is not None

    def _receive(self, _widget: object, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind, decode = content.get("kind"), self._decode
        if kind not in ("upload", "explanation") or decode is None:
            return
        self.error, self.busy = "", True
        filename = str(content.get("filename") or "the picture")[:LONGEST_FILENAME]
        data = bytes(buffers[0]) if buffers else b""
        accepted = False
        try:
            self._check_number()
            if kind == "upload":
                self.add(_decoded(decode, data), filename)
            elif self.opens is not None:
                self.opens(str(content.get("text")), data, filename)
            accepted = True
        except CnnvisError as error:
            self.error = f"{filename} cannot be used. {error}"
        finally:
            self.busy = False
            self.send({"kind": "uploaded", "id": content.get("id"), "accepted": accepted})

    def _check_number(self) -> None:
        """Count an upload, and refuse it where a page has brought its share."""
        bounds, now = policy.current(), time.monotonic()
        self._times = [then for then in self._times if now - then < 60]
        if bounds.uploads_a_minute and len(self._times) >= bounds.uploads_a_minute:
            raise UnsuitableError(
                f"This page takes {bounds.uploads_a_minute} pictures a minute; wait a little."
            )
        if bounds.uploads and self._brought >= bounds.uploads:
            raise UnsuitableError(
                f"This page takes {bounds.uploads} pictures; load it again to bring more."
            )
        self._times.append(now)
        self._brought += 1

    def add(self, image: np.ndarray, filename: str = "an array") -> Upload:
        """Put a picture, uint8 (rows, columns, 3), beside the others as an upload, and choose it.

        Args:
            image: the picture.
            filename: what it was called where it came from.
        """
        self._count += 1
        upload = Upload(f"upload-{self._count}", filename, image)
        title = "your picture" if self._count == 1 else f"your picture {self._count}"
        record = {
            "name": upload.name,
            "title": title,
            "alt": f"{title}, {filename}",
            "thumbnail": _thumbnail(image),
        }
        self._images = {**dict(list(self._images.items())[1 - KEPT_UPLOADS :]), upload.name: image}
        # The chosen one may be the one that is dropped: the new one is chosen in the same breath,
        # so that nobody sees an empty choice in between.
        with self.hold_trait_notifications():
            self.uploaded = image
            self._uploads = [*self._uploads, record][-KEPT_UPLOADS:]
            self.value = upload.name
        return upload


def _decoded(decode: Callable[[bytes], np.ndarray], data: bytes | memoryview) -> np.ndarray:
    if not 0 < len(data) <= MAX_BYTES:
        raise FileError(
            f"A picture file of up to {MAX_BYTES >> 20} MB was expected; got {len(data)} bytes."
        )
    try:
        return np.asarray(decode(bytes(data)))
    except CnnvisError:
        raise
    except Exception as error:  # whatever a damaged file does to a decoder, the page lives on
        raise FileError(f"It could not be read as a picture ({error}).") from error


def _thumbnail(image: np.ndarray) -> object:
    """A JPEG of at most 192 pixels as a data URL, from uint8 (rows, columns, 3)."""
    from PIL import Image  # not needed before somebody uploads something

    small = Image.fromarray(image).convert("RGB")
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85)
    return data_url(file.getvalue())
