"""What is refused: too large, damaged, cut off, or no picture at all."""

from __future__ import annotations

import io
import os
import struct
import time
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError
from cnnvis_widgets.zoo import image_decoding
from cnnvis_widgets.zoo.images import load_image

PIXELS = (np.arange(60, dtype=np.uint8) * 4 + 3).reshape(5, 4, 3)


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    picture.save(stream, kind, **options)
    return stream.getvalue()


def smooth(rows: int, columns: int) -> np.ndarray:
    """A picture that JPEG and its like keep nearly as it is, brighter to the right and below."""
    y, x = np.mgrid[0:rows, 0:columns]
    return np.dstack([40 + 4 * x, 30 + 5 * y, 200 - 2 * x - 2 * y]).astype(np.uint8)


def png(columns: int, rows: int, depth: int, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file put together by hand, with whatever header it is given."""
    head = (b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in (head, *chunks, (b"IEND", b"")):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        data += struct.pack(">I", len(body)) + kind + body + crc
    return data


def test_a_decompression_bomb_is_refused_from_its_header() -> None:
    bomb = png(60_000, 60_000, 8, 2, (b"IDAT", zlib.compress(bytes(10_000))))
    limit = Image.MAX_IMAGE_PIXELS
    load_image(encoded(PIXELS))  # imports what Pillow needs
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(FileError, match="too large"):
        load_image(bomb)
    seconds = time.perf_counter() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 1
    assert peak < 5e6
    assert limit == Image.MAX_IMAGE_PIXELS


def header_only(kind: str, columns: int, rows: int) -> bytes:
    """The beginning of a file that claims a size and has no pixels to show for it."""
    if kind == "PNG":
        return png(columns, rows, 8, 2, (b"IDAT", zlib.compress(bytes(99))))
    if kind == "GIF":
        screen = struct.pack("<HHBBB", columns, rows, 0, 0, 0)
        return (
            b"GIF89a" + screen + struct.pack("<cHHHHBB", b",", 0, 0, columns, rows, 0, 2) + b"\0;"
        )
    if kind == "JPEG":
        data = bytearray(encoded(PIXELS, "JPEG"))
        struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, rows, columns)
        return bytes(data)
    if kind == "JPEG2000":
        data = bytearray(encoded(PIXELS, "JPEG2000"))
        struct.pack_into(">II", data, data.index(b"ihdr") + 4, rows, columns)
        struct.pack_into(">II", data, data.index(b"\xff\x51") + 6, columns, rows)
        return bytes(data)
    if kind == "BMP":
        head = struct.pack("<IiiHHIIiiII", 40, columns, rows, 1, 24, 0, 0, 0, 0, 0, 0)
        return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head
    if kind == "PPM":
        return f"P6 {columns} {rows} 255\n".encode()
    if kind == "WEBP":  # an animation whose only frame is small
        canvas = (columns - 1).to_bytes(3, "little") + (rows - 1).to_bytes(3, "little")
        still = encoded(PIXELS, "WEBP", lossless=True)[12:]
        frame = bytes(6) + b"\3\0\0" + b"\4\0\0" + bytes(4) + still
        body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + canvas
        body += b"ANIM" + struct.pack("<I", 6) + bytes(6)
        body += b"ANMF" + struct.pack("<I", len(frame)) + frame
        return b"RIFF" + struct.pack("<I", len(body)) + body
    assert kind == "TIFF"
    tags = {256: columns, 257: rows, 258: 8, 259: 1, 262: 1, 273: 200, 277: 1, 278: rows, 279: 9}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + bytes(99)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "PPM", "JPEG", "JPEG2000", "WEBP", "TIFF"])
@pytest.mark.parametrize("size", [(16_000, 16_000), (10_000, 10_000), (7_200, 7_000)])
def test_large_pictures_of_every_format_are_refused(
    kind: str, size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(header_only(kind, *size))
    start = time.perf_counter()
    for source in (path, path.read_bytes()):
        with warnings.catch_warnings():  # Pillow warns above 89 megapixels
            warnings.simplefilter("ignore")
            with pytest.raises(FileError, match=r"(?s)too large|damaged") as caught:
                load_image(source)
    assert time.perf_counter() - start < 2
    if kind != "WEBP":  # libwebp finds its canvas and its frame at odds before the size is known
        assert "too large" in str(caught.value)
        assert "50 megapixels" in str(caught.value)


def test_the_limit_itself_is_allowed() -> None:
    data = encoded(Image.new("1", (10_000, 5_000)))
    assert load_image(data).shape == (5_000, 10_000, 3)
    with pytest.raises(FileError, match="10001 × 5000"):
        load_image(png(10_001, 5_000, 1, 0, (b"IDAT", zlib.compress(b""))))
    with pytest.raises(InvalidValueError, match="10001 × 5000"):
        load_image(Image.new("1", (10_001, 5_000)))


def test_pillows_warning_as_an_error_is_still_our_error() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FileError, match="too large"):
            load_image(png(10_000, 10_000, 8, 2))


def test_large_files_are_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "large.png").open("wb") as stream:
        stream.write(encoded(PIXELS))
        stream.truncate(image_decoding.MAX_BYTES + 1)  # sparse: takes no room on the disk
    with pytest.raises(FileError, match="256 MiB"):
        load_image(tmp_path / "large.png")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000"])
def test_cut_off_files_are_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 50, 3)).astype(np.uint8)
    whole = encoded(noise, kind)
    for length in (1, 3, 8, 20, 40, len(whole) // 3, len(whole) // 2, len(whole) * 9 // 10):
        with pytest.raises(FileError) as caught:
            load_image(whole[:length])
        assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000"])
def test_damaged_files_never_raise_anything_else(kind: str) -> None:
    generator = np.random.default_rng(1)
    whole = np.frombuffer(encoded(smooth(30, 20), kind), np.uint8)
    for _ in range(150):
        damaged = whole.copy()
        places = generator.integers(0, len(whole), generator.integers(1, 12))
        damaged[places] = generator.integers(0, 256, len(places))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = load_image(damaged.tobytes())
            except CnnvisError:
                continue
        assert image.dtype == np.uint8
        assert image.shape[2] == 3


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"hello, I am a text", "not a picture"),
        (bytes(500), "not a picture"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"  <SVG width='3'/>", "SVG"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n", "PNG file, but is damaged"),
        (b"\xff\xd8\xff\xe0nothing", "damaged"),
    ],
)
def test_what_is_not_a_picture_is_told_apart(data: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=message):
        load_image(data)
    (tmp_path / "upload.jpg").write_bytes(data)
    with pytest.raises(FileError, match=f"(?s)upload.jpg.*{message}"):
        load_image(tmp_path / "upload.jpg")


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for missing in (tmp_path / "no.png", str(tmp_path / "no.png"), "no.png", Path("nowhere")):
        with pytest.raises(FileError, match="does not exist"):
            load_image(missing)
    for folder in (tmp_path, str(tmp_path), "."):
        with pytest.raises(FileError, match="folder"):
            load_image(folder)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="ordinary"):
        load_image(tmp_path / "pipe")
    for strange in (Path("x\0y"), Path("c" * 5000)):
        with pytest.raises(FileError):
            load_image(strange)


def test_an_opened_image_of_a_damaged_file_is_refused() -> None:
    whole = encoded(np.random.default_rng(0).integers(0, 256, (60, 50, 3)).astype(np.uint8))
    with Image.open(io.BytesIO(whole[: len(whole) // 2])) as opened, pytest.raises(FileError):
        load_image(opened)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    with pytest.raises(InvalidValueError, match="0 × 3"):
        load_image(Image.new("RGB", (0, 3)))
