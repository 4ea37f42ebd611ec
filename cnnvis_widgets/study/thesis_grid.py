"""The grid of the thesis' chapter 4: five networks × ten photos × three neurons × seven methods.

Erroz Arroyo 2019, section 4.1. Its photos were never published: four come from ImageNet, six from
the internet, and all show one of ImageNet's classes. The ten bundled photos replace them: none is
from ImageNet; four show one of its classes large and clear; the others show something without a
class, or a part of something with one.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.study.grid_requests import METHODS, NEURONS
from cnnvis_widgets.study.specification import OUTPUT

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

FIVE = ("vgg16", "inception_v3", "xception", "resnet50", "mobilenet_v2")
"""The thesis' networks, with ImageNet weights, in the order of its Table 2."""

SIBLINGS = (
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "mini_vgg",
    "mini_inception",
    "mini_xception",
    "mini_resnet",
    "mini_mobilenet",
)
"""Other trained networks that need no internet: three of ImageNet, five of drawn pictures."""

OUTPUTS_ONLY = ("deep_taylor", "lime")
"""Methods that the thesis applied to output neurons only."""

IMAGENET, OTHER = "ImageNet", "other"
STAND_INS = {
    "cat": IMAGENET,
    "coffee": IMAGENET,
    "palace": IMAGENET,
    "admiral": IMAGENET,
    "cameraman": OTHER,
    "rocket": OTHER,
    "motorcycle": OTHER,
    "horse": OTHER,
    "astronaut": OTHER,
    "flower": OTHER,
}
OWN = {
    **{f"imagenet_{n}": IMAGENET for n in range(1, 5)},
    **{f"other_{n}": OTHER for n in range(1, 7)},
}
"""The names of files in a folder of your own photos, without endings."""

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


class Choice(NamedTuple):
    """The networks of a run of the grid.

    Attributes:
        networks: names in the zoo, those of the thesis first.
        missing: name → why its weights are not available, and how to get them.
    """

    networks: tuple[str, ...]
    missing: dict[str, str]


def choose(offline: bool, fetch: bool = False) -> Choice:
    """The networks whose weights are available.

    Args:
        offline: add the other trained networks, and download nothing.
        fetch: download missing weights of the five, unless `offline`.

    Examples:
        >>> "mini_vgg" in choose(offline=True).networks
        True
    """
    from cnnvis_widgets.zoo.loading import architectures

    zoo, networks, missing = architectures(), list[str](), dict[str, str]()
    for name in (*FIVE, *(SIBLINGS if offline else ())):
        reason = zoo[name].available()
        if reason and fetch and not offline:
            try:
                zoo[name].find_weights(None)
                reason = ""
            except FileError as error:
                reason = f"{str(error).splitlines()[0]} {reason}"
        if reason:
            missing[name] = reason
        else:
            networks.append(name)
    return Choice(tuple(networks), missing)


def photos(folder: str | Path | None = None) -> dict[str, Any]:
    """The ten pictures by name, for `Study`.

    Args:
        folder: a folder with your own photos imagenet_1 to imagenet_4 and other_1 to other_6;
            None for the bundled photos.

    Raises:
        FileError: a photo is missing, or exists twice.

    Examples:
        >>> list(photos())[:4]
        ['cat', 'coffee', 'palace', 'admiral']
    """
    if folder is None:
        return {name: name for name in STAND_INS}
    found: dict[str, list[Path]] = {name: [] for name in OWN}
    files = sorted(Path(folder).iterdir()) if Path(folder).is_dir() else []
    for path in files:
        if path.stem in found and path.suffix.lower() in PHOTO_SUFFIXES:
            found[path.stem].append(path)
    if missing := [name for name, paths in found.items() if not paths]:
        raise FileError(
            f"Expected ten photos in {str(folder)!r}: imagenet_1 to imagenet_4 and other_1 to "
            f"other_6, each with one of {', '.join(PHOTO_SUFFIXES)}; missing: {', '.join(missing)}."
        )
    if duplicates := [name for name, paths in found.items() if len(paths) > 1]:
        raise FileError(f"More than one file in {str(folder)!r} is called {', '.join(duplicates)}.")
    return {name: paths[0] for name, paths in found.items()}


def methods() -> dict[str, Any]:
    """The seven methods for `Study`, two of them for output neurons only."""
    only = {name: (OUTPUT,) if name in OUTPUTS_ONLY else None for name in METHODS}
    return {name: (name, {}, neurons) for name, neurons in only.items()}


def thesis_study(
    path: str | Path,
    networks: Iterable[Any] = FIVE,
    folder: str | Path | None = None,
    *,
    seed: int = 0,
    keep: str = "heatmap",
) -> Study:
    """The thesis' grid as a study; `study.run()` computes it.

    Args:
        path: the study's folder.
        networks: see `cnnvis.Study`; by default the thesis' five.
        folder: your own ten photos; see `photos`.
        seed: of the methods' random numbers.
        keep: see `cnnvis.Study`.

    Raises:
        FileError: missing photos.
        InvalidValueError: no network, or settings that differ from those of a study in that folder.

    Examples:
        >>> study = thesis_study("thesis_study", ["mini_vgg"])
        >>> len(list(study.plan()))  # 10 × (3 × 5 + 2)
        170
    """
    from cnnvis_widgets.study.study import Study

    selected = networks if isinstance(networks, dict) else list(networks)
    if not selected:
        raise InvalidValueError("The grid needs at least one network; got none.")
    pictures = photos(folder)
    study = Study(selected, pictures, methods(), list(NEURONS), path, seed=seed, keep=keep)
    groups = STAND_INS if folder is None else OWN
    study.store.settle({"groups": {name: groups[name] for name in pictures}})
    return study
