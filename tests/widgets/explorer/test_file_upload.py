"""A long file comes in parts, whole or not at all, and leaves nothing behind."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.widgets.explorer.file_upload import FileUpload, file_sha256

DATA = np.random.default_rng(5).bytes(2500)


@pytest.fixture
def upload() -> FileUpload:
    return FileUpload((".keras", ".h5"), 10_000)


def test_parts_are_put_together(upload: FileUpload) -> None:
    upload.begin("C:\\models\\my net.KERAS", 2500)
    assert upload.name == "my net.KERAS"
    assert [upload.take(at, DATA[at : at + 1000]) for at in (0, 1000, 2000)] == [False, False, True]
    assert upload.path is not None
    assert upload.path.suffix == ".keras"
    assert upload.path.read_bytes() == DATA
    assert upload.sha256 == hashlib.sha256(DATA).hexdigest() == file_sha256(upload.path)
    folder = upload.path.parent
    upload.drop()
    assert not folder.exists()
    upload.drop()  # again: nothing is there


@pytest.mark.parametrize(
    ("name", "size", "says"),
    [
        ("net.pt", 100, "net.pt is no Keras file. Expected a file that ends in .keras, .h5"),
        ("keras", 100, "no Keras file"),
        ("net.h5", 0, "not empty ones"),
        ("net.h5", 10_001, r"files of up to 0 MB"),
        ("net.h5", "many", "no size"),
        ("net.h5", True, "not empty"),
    ],
)
def test_what_cannot_be_a_model_is_refused_before_it_is_sent(
    upload: FileUpload, name: object, size: object, says: str
) -> None:
    with pytest.raises(FileError, match=says):
        upload.begin(name, size)
    assert upload.path is None


@pytest.mark.parametrize(
    ("offset", "part"),
    [(0, DATA[:10]), (20, DATA[:10]), (10, b""), (10, DATA[:91]), ("10", DATA[:10]), (None, b"x")],
)
def test_a_part_that_does_not_come_next_ends_it(
    upload: FileUpload, offset: object, part: bytes
) -> None:
    upload.begin("net.h5", 100)
    path = upload.path
    assert isinstance(path, Path)
    upload.take(0, DATA[:10])
    with pytest.raises(FileError, match=r"net.h5 did not arrive whole"):
        upload.take(offset, part)
    assert not path.exists()
    with pytest.raises(FileError):  # nothing was begun
        upload.take(0, DATA[:10])


def test_another_file_takes_the_place_of_one_that_is_not_whole(upload: FileUpload) -> None:
    upload.begin("a.h5", 100)
    first = upload.path
    upload.begin("b.keras", 10)
    assert isinstance(first, Path)
    assert not first.exists()
    assert upload.take(0, DATA[:10])
    assert upload.sha256 == hashlib.sha256(DATA[:10]).hexdigest()
