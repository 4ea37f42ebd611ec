"""Finds and downloads the published weights of large networks.

Only `read`, which loads weights into a model, needs TensorFlow.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cnnvis_widgets import policy
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.progress import progress_bar
from cnnvis_widgets.zoo.download import Fetching, transfer

if TYPE_CHECKING:
    import keras

FOLDER_VARIABLE = "CNNVIS_WEIGHTS"
MIRROR_VARIABLE = "CNNVIS_WEIGHTS_URL"
FROM_NAME = "ImageNet (by the file's name and size: no checksum was ever published)"

_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class WeightFile(NamedTuple):
    """A file of weights as its authors published it.

    Attributes:
        name: the file's name.
        address: the URL of its folder, with a slash at the end.
        size: in bytes.
        md5: its checksum; "" if none was published. Then the size is checked, and the checksum of
            the first download is stored in a file beside it, and compared later.
    """

    name: str
    address: str
    size: int
    md5: str = ""

    @property
    def megabytes(self) -> str:
        """The size in words, in 1024² bytes."""
        return f"{max(1, round(self.size / 2**20))} MB"


class LocalWeights(NamedTuple):
    """Weights on this machine.

    Attributes:
        path: the file.
        trained_on: "ImageNet", or another description.
    """

    path: Path
    trained_on: str


class SearchFolder(NamedTuple):
    """A folder in which weights are searched.

    Attributes:
        folder: the folder.
        words: its description, for a message.
        chosen: whether the user chose it: its files are then accepted unchecked.
    """

    folder: Path
    words: str
    chosen: bool


def cache_folder() -> Path:
    """This package's folder in the operating system's cache; fetched files are there."""
    import pooch

    return Path(pooch.os_cache("cnnvis-widgets"))


def search_folders() -> list[SearchFolder]:
    """The folders in which weight files are searched, in this order."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    user_folders = (
        [SearchFolder(Path(chosen).expanduser(), FOLDER_VARIABLE, True)] if chosen else []
    )
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return [
        *user_folders,
        SearchFolder(cache_folder(), "this package's cache", False),
        SearchFolder(keras_home / "models", "Keras' cache", False),
    ]


def find(file: WeightFile) -> Path | None:
    """The file's path, by its name and (outside the user's own folder) its size; fast."""
    for candidate in search_folders():
        path = candidate.folder / file.name
        if _is_file(path) and (candidate.chosen or path.stat().st_size == file.size):
            return path
    return None


def origin(file: WeightFile | None, path: Path) -> str:
    """A description of the weights in a user's file: the published ones, or the user's own."""
    return _published(file, path) or f"weights of your own file {path.name}"


def obtain(file: WeightFile, title: str, name: str, progress: Fetching | None) -> LocalWeights:
    """Find the published file in the search folders, or else download it.

    Args:
        file: the published file.
        title: the network's name in print.
        name: the network's name in the zoo.
        progress: called while the file is fetched; None draws a bar on stderr.

    Raises:
        FileError: missing and not available; the message says how to get it.
    """
    skipped = ""
    for candidate in search_folders():
        path = candidate.folder / file.name
        if not _is_file(path):
            continue
        if candidate.chosen:
            return LocalWeights(path, origin(file, path))
        # A file in a cache that is not the published one is damaged.
        if trained_on := _published(file, path):
            return LocalWeights(path, trained_on)
        skipped += f"{path} is not the published file (damaged?) and was passed over.\n"
    try:
        return LocalWeights(fetch(file, title, progress), "ImageNet")
    except FileError as error:
        advice = how_to_bring(file, title, name)
        raise FileError(f"{error}\n{skipped}{advice}") from error


def how_to_bring(file: WeightFile, title: str, name: str) -> str:
    """The searched folders, and three ways to get the file."""
    searched = [f"{p.folder} ({p.words})" for p in search_folders()]
    if not os.environ.get(FOLDER_VARIABLE):
        searched.insert(0, f"{FOLDER_VARIABLE} (not set)")
    return (
        f"{title} needs the file {file.name} ({file.megabytes}). Looked for it in "
        f"{', '.join(searched)}. Bring it in one of three ways:\n"
        f"  1. On a machine with internet run `cnnvis models fetch {name} --to FOLDER`, and copy "
        f"what is in FOLDER into {cache_folder()} here.\n"
        f"  2. Put the file into a folder of your own and set {FOLDER_VARIABLE} to that folder, or "
        f'call cnnvis.load_network("{name}", weights=folder).\n'
        f"  3. Let a machine in the room serve such a folder (`python -m http.server` in it is "
        f"enough) and set {MIRROR_VARIABLE} to its address.\n"
        'Without the file: weights="random", or the network efficientnet_lite0, whose weights come '
        "along."
    )


def read(model: keras.Model, path: Path) -> None:
    """Load the weights in a file into a model.

    Args:
        model: the network.
        path: a .h5 file of Keras' (of weights, or of a whole model), a .weights.h5 or a .keras.

    Raises:
        FileError: damaged, not a weight file, or of another network; the message names the layer
            and the shapes if known.
    """
    try:
        model.load_weights(path)
    except Exception as error:  # h5py's and Keras' own errors share no base
        hint = ""
        if "found 0 saved layers" in str(error):  # Keras tells its two layouts apart by the name
            hint = " A file that model.save_weights wrote must keep its ending, .weights.h5."
        raise FileError(
            f"{str(path)!r} could not be read as weights of {model.name}; it is damaged, or belongs"
            f" to another network: {error}{hint}"
        ) from error


def fetch(
    file: WeightFile, title: str, progress: Fetching | None = None, folder: Path | None = None
) -> Path:
    """Download a published file, complete and checked, or leave nothing behind.

    Threads of this process that need the same file share one transfer. The address is the published
    one, or the mirror in the environment variable CNNVIS_WEIGHTS_URL, where all files are in one
    folder.

    Args:
        file: what to fetch.
        title: what to call it on the bar.
        progress: called in the caller's thread with (bytes so far, bytes in all); an exception
            raised in it stops the transfer. None draws a bar on stderr.
        folder: the destination; the package's cache by default.

    Returns:
        The path.

    Raises:
        FileError: no connection, no such file, a transfer that broke off or stalled, a wrong size
            or checksum (the file is then deleted), or not enough disk space.
    """
    folder = cache_folder() if folder is None else folder
    path = folder / file.name
    mirror = os.environ.get(MIRROR_VARIABLE)
    url = (mirror.rstrip("/") + "/" if mirror else file.address) + file.name
    with _locks[str(path.resolve())]:
        if path.is_file() and _published(file, path):
            return path
        if policy.current().public:
            raise FileError(f"The weights of {title} are not on this server.")
        _make_room(folder, file)
        bar = progress_bar("B", f"weights of {title}", leave=True, from_first=True)
        with nullcontext(progress) if progress else bar as show:
            transfer(url, path, lambda partial: _check(file, partial), show, file.size)
        if not file.md5:
            _record(path).write_text(f"{_md5(path)}  {file.name}\n", "ascii")
    return path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be read
        return False


def listed(folder: Path) -> str:
    """The contents of a folder, for a message."""
    names = sorted(p.name for p in folder.iterdir())
    if not names:
        return "the folder is empty"
    suffix = f", … ({len(names)} in all)" if len(names) > 8 else ""
    return f"it holds {', '.join(names[:8])}{suffix}"


def _published(file: WeightFile | None, path: Path) -> str:
    """What the published weights were trained on; "" if the file is not the published one."""
    if file is None or path.stat().st_size != file.size:
        return ""
    if checksum := file.md5 or _recorded(path):
        return "ImageNet" if _md5(path) == checksum else ""
    return FROM_NAME if path.name == file.name else ""


def _record(path: Path) -> Path:
    return path.with_name(path.name + ".md5")


def _recorded(path: Path) -> str:
    """The checksum of the first download, from the file beside it (in the format of `md5sum`)."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return _record(path).read_text("ascii").split(" ")[0].strip()
    return ""


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _check(file: WeightFile, path: Path) -> None:
    size, checksum = path.stat().st_size, _md5(path)
    if size != file.size or (file.md5 and checksum != file.md5):
        expected = f", md5 {file.md5}" if file.md5 else ""
        raise FileError(
            f"what came is not the published file and was deleted: expected {file.size} bytes"
            f"{expected}; got {size} bytes, md5 {checksum}"
        )


def _make_room(folder: Path, file: WeightFile) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise FileError(f"The folder {str(folder)!r} cannot be used: {error}.") from error
    if free < file.size:
        raise FileError(
            f"{file.name} needs {file.megabytes} in {str(folder)!r}; {free // 2**20} MB are free."
        )
