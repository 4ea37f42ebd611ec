"""The pictures of a study with their annotations: class, masks, other objects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.pixels import fit
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.contract import Other
from cnnvis_widgets.zoo import images as zoo
from cnnvis_widgets.zoo.evidence import CLASSES, PREFIX, by_name

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.study.store import Store


@dataclass(frozen=True, eq=False)
class Subject:
    """A picture with its annotations.

    Attributes:
        name: its name in the study.
        image: uint8 (rows, columns, 3), or a network's input of floats.
        mask: bool (rows, columns), the evidence of its class; None if unknown.
        others: the other objects in it.
        shortcut: bool (rows, columns), or None.
        unit: the output unit of its class, or None.
        units: the number of outputs of networks with these classes; None for any.
    """

    name: str
    image: np.ndarray
    mask: np.ndarray | None = None
    others: tuple[Other, ...] = ()
    shortcut: np.ndarray | None = None
    unit: int | None = None
    units: int | None = None

    def unit_of(self, network: Network) -> int | None:
        """The output unit of its class; None if the network does not have the class."""
        is_known = self.unit is not None and self.units in (None, network.units)
        return self.unit if is_known else None

    @property
    def digest(self) -> str:
        """A digest of the picture and all annotations."""
        arrays = [self.image, self.mask, self.shortcut, *(o.mask for o in self.others)]
        content = hashlib.blake2b(digest_size=12)
        for array in arrays:
            if array is not None:
                content.update(f"{array.dtype.str}{array.shape}".encode())
                content.update(np.ascontiguousarray(array).tobytes())
        facts = (self.unit, self.units, [o.unit for o in self.others])
        content.update(repr(facts).encode())
        return content.hexdigest()

    def arrays(self) -> dict[str, np.ndarray]:
        """The picture and its annotations as arrays for a .npz file."""
        arrays: dict[str, Any] = {"image": self.image}
        if self.mask is not None:
            arrays["mask"] = self.mask
        if self.shortcut is not None:
            arrays["shortcut"] = self.shortcut
        for number, other in enumerate(self.others):
            arrays[f"other_{number}"] = other.mask
        arrays["other_units"] = np.array([other.unit for other in self.others], np.int64)
        arrays["unit"] = np.array([-1 if n is None else n for n in (self.unit, self.units)])
        return arrays

    @classmethod
    def from_arrays(cls, name: str, arrays: Mapping[str, np.ndarray]) -> Subject:
        """The inverse of `arrays`."""
        units = [None if n < 0 else int(n) for n in arrays["unit"]]
        others = enumerate(arrays["other_units"])
        return cls(
            name,
            arrays["image"],
            arrays.get("mask"),
            tuple(Other(int(unit), arrays[f"other_{number}"]) for number, unit in others),
            arrays.get("shortcut"),
            *units,
        )


def stored(store: Store, name: str, digest: str) -> Subject | None:
    """Load a picture from a study's folder; None if it is missing or its digest differs.

    Args:
        store: the folder.
        name: the picture's name.
        digest: the expected digest.
    """
    try:
        subject = Subject.from_arrays(name, store.load(store.file("pictures", name)))
    except (FileError, LookupError, TypeError, ValueError):
        return None
    return subject if subject.digest == digest else None


def subjects(images: Any) -> list[Subject]:
    """The pictures of a study.

    Args:
        images: one or several of: the name of a bundled picture (its outline is its mask),
            "scene:7" (the drawn picture of that seed; "scene:7:background" on snow), a path, an
            array, a `cnnvis_widgets.zoo.evidence.Scene`, a `Subject`; or a mapping of names to
            these.

    Raises:
        InvalidValueError: no pictures, or two of one name.
    """
    items: Iterable[tuple[str | None, Any]]
    if isinstance(images, Mapping):
        items = [(str(name), image) for name, image in images.items()]
    else:
        is_sequence = isinstance(images, list | tuple) and not hasattr(images, "evidence")
        items = [(None, image) for image in (images if is_sequence else [images])]
    subjects_ = [_subject(name, image, number) for number, (name, image) in enumerate(items)]
    names = [subject.name for subject in subjects_]
    if duplicates := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidValueError(
            f"Each picture needs a name of its own; twice: {', '.join(duplicates)}."
        )
    if not subjects_:
        raise InvalidValueError("A study needs at least one picture; got none.")
    return subjects_


def _subject(name: str | None, image: Any, number: int) -> Subject:
    if isinstance(image, Subject):
        return image
    if isinstance(image, str) and image.startswith(PREFIX):
        return _scene(name or image, by_name(image))
    if hasattr(image, "evidence"):
        return _scene(name or f"scene {number + 1}", image)
    if isinstance(image, str) and image in zoo.images():
        record = zoo.picture(image)
        return Subject(
            name or image, zoo.load_image(image), record.mask(), unit=record.unit, units=1000
        )
    if isinstance(image, str | Path):
        return Subject(name or str(image), zoo.load_image(image))
    if isinstance(image, np.ndarray) and np.issubdtype(image.dtype, np.floating):
        return Subject(name or f"picture {number + 1}", image)
    return Subject(name or f"picture {number + 1}", zoo.load_image(image))


def _scene(name: str, scene: Any) -> Subject:
    return Subject(
        name,
        scene.picture,
        scene.evidence,
        tuple(Other(int(label), mask) for label, mask in scene.distractors if mask.any()),
        scene.shortcut if scene.shortcut.any() else None,
        int(scene.label),
        len(CLASSES),
    )


def fitted(mask: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A mask cropped and resized like its picture: bool (rows, columns)."""
    if mask.shape == tuple(shape[:2]):
        return mask
    picture = fit(mask.astype(np.uint8) * 255, shape[0], shape[1])
    return np.asarray(picture.convert("L"), np.uint8) > 127


def cropped(image: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A picture cropped and resized for a network; an input of floats as it is."""
    if image.dtype != np.uint8:
        return image
    return np.asarray(fit(image, shape[0], shape[1]).convert("RGB"), np.uint8)


def network_view(subject: Subject, network: Network) -> np.ndarray:
    """The network's input as a picture, uint8 (rows, columns, 3), or as floats."""
    prepared = network.prepare(subject.image)
    return prepared.input if prepared.picture is None else prepared.picture
