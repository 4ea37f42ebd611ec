"""Choose a picture, or upload one by button, drop or paste."""

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

MAX_BYTES = 8 * 1024 * 1024  # a message over 10 MB closes the connection to the kernel (Tornado)
KEPT_UPLOADS = 4
LONGEST_FILENAME = 120
_THUMBNAIL = 192  # pixels, twice what a card shows, for dense screens


@dataclass(frozen=True)
class Upload:
    """A visitor's own picture.

    Attributes:
        name: its name in the picker, as in `PicturePicker.value`.
        filename: its original file name.
        image: the decoded picture, uint8 (rows, columns, 3).
    """

    name: str
    filename: str
    image: np.ndarray


class PicturePicker(Control, from_page="value"):
    """Thumbnails of pictures to choose from, and an upload.

    The browser reduces an upload before it sends it: a picture over 1024 pixels on the longer side
    is reduced to that (PNG if transparent, else JPEG) with its rotation applied; a smaller PNG or
    JPEG file is sent unchanged, so that every value stays. A file that the browser cannot open is
    sent unchanged too, up to 8 MB, so that `decode` can report the error.

    Args:
        decode: turns a picture file's bytes into an array, uint8 (rows, columns, 3), or raises with
            a sentence for the visitor; it must apply the EXIF rotation and reject pictures that
            are too large. `cnnvis_widgets.load_image` does. Without it there is no upload.
        kwargs: the attributes.

    Attributes:
        pictures: records of name, title, alt (alt text), and thumbnail (bytes of a small picture
            file, their base64, or a data URL).
        value: the chosen picture's name, or an upload's ("upload-1"); "" for none. Becomes "" if
            new `pictures` do not have it.
        uploaded: the latest upload's array, or `None`.
        opens: called with text, picture and filename for a file that an explorer saved; None to
            treat it as any other picture.

    Raises:
        UnknownNameError: `value` is neither a picture nor an upload.
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
        """Count an upload.

        Raises:
            UnsuitableError: the page has reached a limit of the policy.
        """
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
        """Add a picture, uint8 (rows, columns, 3), as an upload, and choose it.

        Args:
            image: the picture.
            filename: its original file name.
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
        # The chosen upload may be the one that is removed; changing both at once avoids an empty
        # choice in between.
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
    except Exception as error:  # a damaged file may raise anything in a decoder
        raise FileError(f"It could not be read as a picture ({error}).") from error


def _thumbnail(image: np.ndarray) -> object:
    """A JPEG of at most 192 pixels as a data URL, from uint8 (rows, columns, 3)."""
    from PIL import Image  # only needed for uploads

    small = Image.fromarray(image).convert("RGB")
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85)
    return data_url(file.getvalue())
