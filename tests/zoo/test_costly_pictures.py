"""Pictures that are small as files and dear to decode: refused, or ended in time."""

from __future__ import annotations

import io
import os
import resource
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets import policy
from cnnvis_widgets.engine import listings
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo import decoding_process, image_decoding
from cnnvis_widgets.zoo.image_structure import MAX_SIDE, costly, jpeg_scans


def jpeg(rows: int, columns: int, *, progressive: bool = True) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (rows, columns), np.uint8))
    image.save(file, "JPEG", progressive=progressive, quality=30)
    return file.getvalue()


def with_scans(data: bytes, more: int) -> bytes:
    """The same JPEG file, its last scan repeated (the markers' places found by hand)."""
    places = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xda"]
    last = data[places[-1] : -2]
    return data[:-2] + last * more + data[-2:]


def flat(rows: int, columns: int, scans: int) -> bytes:
    """A progressive JPEG file of one grey, with further scans of a few bytes each."""
    file = io.BytesIO()
    Image.new("L", (columns, rows), 128).save(file, "JPEG", progressive=True)
    return with_scans(file.getvalue(), scans)


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + crc


def test_scans_and_pixels_are_those_that_the_file_was_given() -> None:
    assert jpeg_scans(jpeg(40, 56, progressive=False)) == (1, 40 * 56)
    scans, pixels = jpeg_scans(jpeg(40, 56))
    assert pixels == 40 * 56
    assert scans == sum(1 for _ in _markers(jpeg(40, 56))) > 3
    assert jpeg_scans(with_scans(jpeg(40, 56), 30)) == (scans + 30, 40 * 56)


def _markers(data: bytes) -> list[int]:
    """Starts of scans, by Pillow's own reading of what a marker is (not within coded data)."""
    return [at for at in range(len(data) - 1) if data[at] == 0xFF and data[at + 1] == 0xDA]


def test_a_thumbnail_within_the_metadata_is_no_scan() -> None:
    inner = flat(8, 8, 200)
    outer = jpeg(40, 56, progressive=False)
    segment = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    assert jpeg_scans(outer[:2] + segment + outer[2:]) == (1, 40 * 56)


@pytest.mark.parametrize("scans", [1_000, 10_000])
def test_the_pictures_that_kept_a_core_busy_are_refused_at_once(tmp_path: Path, scans: int) -> None:
    data = flat(7000, 7000, scans)
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    for read in (lambda: image_decoding.from_bytes(data), lambda: image_decoding.from_path(path)):
        start = time.perf_counter()
        with pytest.raises(FileError, match=r"49 megapixels in .* scans"):
            read()
        assert time.perf_counter() - start < 1


def test_a_png_file_of_very_many_chunks_is_refused_at_once() -> None:
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(9 * 8))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    end = chunk(b"IDAT", rows) + chunk(b"IEND")
    assert image_decoding.from_bytes(start + chunk(b"tEXt", b"a\0b") * 50 + end).shape == (8, 8, 3)
    begin = time.perf_counter()
    with pytest.raises(FileError, match="chunks"):
        image_decoding.from_bytes(start + chunk(b"tEXt", b"a\0b") * 600_000 + end)
    assert time.perf_counter() - begin < 1.5


def test_what_people_have_is_not_costly() -> None:
    assert costly(jpeg(300, 400)) == ""
    assert costly(with_scans(jpeg(60, 80), 300)) == ""  # many scans of few pixels
    assert costly(b"") == costly(b"\xff\xd8") == costly(b"\xff\xd8\xff") == ""
    assert costly(b"\x89PNG\r\n\x1a\n" + b"\0" * 30) == ""


def test_very_long_rows_are_refused() -> None:
    file = io.BytesIO()
    Image.new("L", (MAX_SIDE + 1, 1)).save(file, "PNG")
    with pytest.raises(FileError, match="65535 pixels a side"):
        image_decoding.from_bytes(file.getvalue())


def test_the_process_gives_the_same_pixels_and_the_same_sentences() -> None:
    data = jpeg(30, 50)
    assert np.array_equal(decoding_process.decode(data, 10_000, 5), image_decoding.from_bytes(data))
    with pytest.raises(FileError, match="at most 0 megapixels"):
        decoding_process.decode(data, 1000, 5)
    with pytest.raises(FileError, match="PDF"):
        decoding_process.decode(b"%PDF-1.4 and more", 1000, 5)
    with pytest.raises(FileError, match="empty"):
        decoding_process.decode(b"", 1000, 5)


def test_a_decoder_that_goes_on_and_on_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(  # which Python imports before all else
        "import PIL.Image\n"
        "def endless(*_args, **_settings):\n"
        "    while True: pass\n"
        "PIL.Image.open = endless\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    with pytest.raises(FileError, match="more than 1 s"):
        decoding_process.decode(b"endless", 1000, 1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 4
    assert time.perf_counter() - start < 17


def test_memory_is_bounded() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (6000, 6000)).save(file, "PNG")
    with pytest.raises(FileError, match=r"memory|decode"):
        decoding_process.decode(file.getvalue(), 50_000_000, 10, megabytes=300)


def test_uploads_of_a_served_page_take_that_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, float]] = []

    def noted(data: bytes, most: int, seconds: float) -> np.ndarray:
        asked.append((most, seconds))
        return np.zeros((2, 3, 3), np.uint8)

    monkeypatch.setattr(decoding_process, "decode", noted)
    assert listings.decode(jpeg(20, 30)).shape == (20, 30, 3)
    assert asked == []
    monkeypatch.setenv(policy.VARIABLE, policy.PUBLIC.text())
    assert listings.decode(jpeg(20, 30)).shape == (2, 3, 3)
    assert asked == [(12_000_000, 5)]
