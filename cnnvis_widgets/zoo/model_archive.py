"""The unpacked size of a model file, read from its tables of contents.

A `.keras` file is a zip archive whose weights are an HDF5 file; both may be compressed, so that a
file of 4 MB unpacks to 8 GB. Their sizes are in the archive's directory and in the datasets'
headers, and are checked before unpacking.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cnnvis_widgets.errors import FileError

MAX_UNPACKED = 4 * 2**30
"""Bytes of a model's weights; the largest network of the zoo has 0.55 GB."""

MAX_ENTRIES = 10_000


def check_model_file(path: Path, name: str = "") -> None:
    """Refuse a model file that would unpack to more than a model has.

    Args:
        path: the file.
        name: what to call it in errors; the last part of its path by default.

    Raises:
        FileError: it would, it has another format, or its tables of contents are damaged.
    """
    name = name or path.name
    if not _known_format(path):
        raise FileError(
            f"{name} could not be loaded as a Keras model: it is neither a .keras archive nor an "
            "HDF5 file (.h5), whatever its name. Save the network with model.save('name.keras')."
        )
    try:
        size = unpacked(path)
    except FileError:
        raise
    except Exception as error:  # h5py and zipfile raise many types for a damaged table
        raise FileError(
            f"{name} could not be loaded as a Keras model: its table of contents is damaged "
            f"({type(error).__name__})."
        ) from error
    if size > MAX_UNPACKED:
        raise FileError(
            f"{name} is refused: it would unpack to {size / 2**30:.0f} GiB, and at most "
            f"{MAX_UNPACKED // 2**30} GiB are loaded."
        )


def _known_format(path: Path) -> bool:
    """Whether a file has the signature of a zip archive or an HDF5 file."""
    import h5py

    with path.open("rb") as file:
        start = file.read(8)
    return start.startswith((b"PK", b"\x89HDF\r\n\x1a\n")) or h5py.is_hdf5(path)


def unpacked(path: Path) -> int:
    """The unpacked size of a .keras or .h5 file in bytes."""
    if not zipfile.is_zipfile(path):
        return _datasets(path)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > MAX_ENTRIES:
            raise FileError(f"{path.name} is refused: it has {len(entries)} entries.")
        total = sum(entry.file_size for entry in entries)
        if total > MAX_UNPACKED:
            return total
        inner = [entry for entry in entries if entry.filename.endswith((".h5", ".hdf5"))]
        for entry in inner:
            with archive.open(entry) as file:
                total = max(total, total - entry.file_size + _datasets(file))
        return total


def _datasets(file: Path | IO[bytes]) -> int:
    import h5py

    with h5py.File(file, "r") as content:
        return sum(_sizes(content))


def _sizes(group: Any) -> Iterator[int]:
    """The size of every dataset; external links are never followed."""
    import h5py

    queue, visited = [group], set()
    while queue:
        current = queue.pop()
        for name in current:
            link = current.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                continue
            item = current[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in visited:
                continue
            visited.add(address)
            if len(visited) > MAX_ENTRIES * 10:
                raise FileError("It has more parts than any model.")
            if isinstance(item, h5py.Dataset):
                yield item.size * item.dtype.itemsize
            elif isinstance(item, h5py.Group):
                queue.append(item)
