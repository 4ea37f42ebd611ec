from __future__ import annotations

import io
import resource
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from cnnvis_widgets import load_network
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo import model_archive
from cnnvis_widgets.zoo.model_archive import check_model_file, unpacked


def weights(*shapes: tuple[int, ...], **settings: object) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        for number, shape in enumerate(shapes):
            content.create_dataset(f"layers/{number}/vars/0", shape, np.float32, **settings)
    return file.getvalue()


def archive(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name.replace("__", "."), data)
    return path


def test_what_a_file_holds_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    inner = weights((30, 20), (7,))
    path = archive(tmp_path / "a.keras", model__weights__h5=inner, config__json=b"{}")
    assert unpacked(path) == len(inner) + 2  # stored in full, and small
    (tmp_path / "b.h5").write_bytes(weights((300, 200), (7,), chunks=True, compression="gzip"))
    assert unpacked(tmp_path / "b.h5") == 4 * (300 * 200 + 7)


def test_8_gb_in_a_small_archive_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "zeros.keras"
    archive(path, model__weights__h5=bytes(2**22), assets=bytes(2**22))
    data = bytearray(path.read_bytes())
    at = -1
    for _ in range(2):  # the directory's records: each size is told to be 4 GiB - 2
        at = data.index(b"PK\x01\x02", at + 1)
        data[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(data)
    assert len(data) < 20_000
    _refused(path)


def test_8_gb_of_compressed_datasets_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    inner = weights((2**16, 2**15), chunks=(2**12, 2**12), compression="gzip")
    assert len(inner) < 100_000
    _refused(archive(tmp_path / "inner.keras", model__weights__h5=inner, config__json=b"{}"))
    (tmp_path / "plain.h5").write_bytes(inner)
    _refused(tmp_path / "plain.h5")


def _refused(path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with pytest.raises(FileError, match=rf"{path.name} is refused: it would unpack to \d+ GiB"):
        check_model_file(path)
    assert time.perf_counter() - start < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB


@pytest.mark.parametrize("name", ["a.keras", "a.h5"])
def test_a_model_like_that_is_not_loaded(tmp_path: Path, name: str) -> None:
    inner = weights((2**16, 2**15), chunks=(2**12, 2**12), compression="gzip")
    path = tmp_path / name
    if path.suffix == ".keras":
        archive(path, model__weights__h5=inner, config__json=b"{}", metadata__json=b"{}")
    else:
        path.write_bytes(inner)
    with pytest.raises(FileError, match="would unpack to 8 GiB"):
        load_network(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x89HDF\r\n\x1a\n", b"x" * 999])
def test_damaged_files_are_our_own_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.keras"
    path.write_bytes(content)
    with pytest.raises(FileError, match="could not be loaded as a Keras model"):
        check_model_file(path)


def test_very_many_entries_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_archive, "MAX_ENTRIES", 5)
    with pytest.raises(FileError, match="6 entries"):
        check_model_file(archive(tmp_path / "x.keras", **{f"e{i}": b"" for i in range(6)}))


def test_a_link_to_itself_or_to_another_file_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "loop.h5"
    with h5py.File(path, "w") as content:
        content.create_dataset("a", (10,), np.float64)
        content["again"] = content["/"]
        content["twice"] = content["a"]
        content["out"] = h5py.ExternalLink("/etc/passwd", "/")
    assert unpacked(path) == 80
