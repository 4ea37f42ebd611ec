"""What is read, and what it becomes."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from cnnvis_widgets.errors import CnnvisError, InvalidValueError
from cnnvis_widgets.zoo.images import load_image

# 5 rows, 4 columns, every value different, so that no swapped axis can hide
PIXELS = (np.arange(60, dtype=np.uint8) * 4 + 3).reshape(5, 4, 3)
GREY = PIXELS[:, :, 1]


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    picture.save(stream, kind, **options)
    return stream.getvalue()


def threefold(grey: object) -> np.ndarray:
    return np.dstack([np.asarray(grey)] * 3)


def smooth(rows: int, columns: int) -> np.ndarray:
    """A picture that JPEG and its like keep nearly as it is, brighter to the right and below."""
    y, x = np.mgrid[0:rows, 0:columns]
    return np.dstack([40 + 4 * x, 30 + 5 * y, 200 - 2 * x - 2 * y]).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("BMP", {}),
        ("PPM", {}),
        ("WEBP", {"lossless": True}),
        ("JPEG2000", {}),
    ],
)
def test_lossless_files_come_back_exactly(
    kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    data = encoded(PIXELS, kind, **options)
    (tmp_path / "picture with spaces.bin").write_bytes(data)  # the contents count, not the suffix
    path = tmp_path / "picture with spaces.bin"
    with Image.open(path) as opened:
        for source in (data, bytearray(data), memoryview(data), path, str(path), opened):
            image = load_image(source)
            assert np.array_equal(image, PIXELS)
            assert (image.dtype, image.flags.writeable) == (np.uint8, True)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "MPO"])
def test_lossy_files_come_back_nearly(kind: str) -> None:
    if kind == "AVIF" and not features.check("avif"):
        kind = "JPEG"  # this Pillow cannot write one
    picture = smooth(24, 40)
    image = load_image(encoded(picture, kind, quality=95))
    assert image.shape == (24, 40, 3)
    assert np.abs(image.astype(int) - picture).max() <= 8


def test_grey_and_black_and_white() -> None:
    assert np.array_equal(load_image(encoded(GREY)), threefold(GREY))
    bits = GREY > 100
    for kind in ("PNG", "TIFF", "PPM"):
        data = encoded(Image.fromarray(bits.astype(np.uint8) * 255).convert("1"), kind)
        assert np.array_equal(load_image(data), threefold(bits * 255))


def test_a_palette_and_its_transparent_entry() -> None:
    indices = np.array([[0, 1, 2, 1], [2, 2, 0, 1]], np.uint8)
    image = Image.fromarray(indices).convert("P")
    image.putdata(indices.ravel().tolist())
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    colours = np.array([[10, 20, 30], [40, 50, 60], [70, 80, 90]], np.uint8)
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert np.array_equal(load_image(encoded(image, kind)), colours[indices])
    clear = colours.copy()
    clear[1] = 255
    for kind in ("PNG", "GIF"):
        assert np.array_equal(load_image(encoded(image, kind, transparency=1)), clear[indices])
    partly = encoded(image, "PNG", transparency=bytes([255, 51, 0]))
    # a fifth of 40, 50, 60 and four fifths of white; then nothing but white
    half = np.array([[10, 20, 30], [212, 214, 216], [255, 255, 255]], np.uint8)
    assert np.array_equal(load_image(partly), half[indices])


def test_transparency_is_laid_on_white() -> None:
    rgba = np.array([[[100, 0, 200, 255], [100, 0, 200, 0]], [[0, 0, 0, 128], [9, 9, 9, 51]]])
    expected = [[[100, 0, 200], [255, 255, 255]], [[127, 127, 127], [206, 206, 206]]]
    image = Image.fromarray(rgba.astype(np.uint8))
    for kind, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})):
        assert load_image(encoded(image, kind, **options)).tolist() == expected
    assert load_image(image).tolist() == expected
    assert np.abs(load_image(image.convert("RGBa")).astype(int) - expected).max() <= 2
    grey = np.array([[[100, 255], [100, 0], [0, 128]]], np.uint8)
    for mode in ("LA", "PNG"):
        source: Image.Image | bytes = Image.fromarray(grey)
        assert isinstance(source, Image.Image)
        assert source.mode == "LA"
        source = encoded(source) if mode == "PNG" else source
        assert load_image(source).tolist() == [[[100] * 3, [255] * 3, [127] * 3]]


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_one_transparent_colour(mode: str) -> None:
    bits = np.array([[0, 255, 0, 0]], np.uint8)
    image = Image.fromarray(bits).convert(mode)
    data = encoded(image, transparency=(0, 0, 0) if mode == "RGB" else 0)
    assert load_image(data).tolist() == [[[255] * 3] * 4]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_photos_are_turned_upright(kind: str, orientation: int) -> None:
    upright = smooth(16, 40)
    last_row, last_column = upright.shape[0] - 1, upright.shape[1] - 1
    r, c = np.mgrid[0 : 40 if orientation > 4 else 16, 0 : 16 if orientation > 4 else 40]
    # Exif says where the stored first row and first column belong; the pixel of the upright picture
    # that is stored at row r, column c is then
    row, column = {
        1: (r, c),  # top, left
        2: (r, last_column - c),  # top, right
        3: (last_row - r, last_column - c),  # bottom, right
        4: (last_row - r, c),  # bottom, left
        5: (c, r),  # left, top
        6: (c, last_column - r),  # right, top
        7: (last_row - c, last_column - r),  # right, bottom
        8: (last_row - c, r),  # left, bottom
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    data = encoded(upright[row, column], kind, exif=exif, **options)
    image = load_image(data)
    assert image.shape == upright.shape
    assert np.abs(image.astype(int) - upright).max() <= (8 if kind == "JPEG" else 0)
    with Image.open(io.BytesIO(data)) as opened:
        assert np.array_equal(load_image(opened), image)


def test_damaged_exif_does_not_cost_the_picture() -> None:
    for exif in (b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0nonsense" * 5):
        image = load_image(encoded(smooth(16, 40), "JPEG", exif=exif))
        assert image.shape == (16, 40, 3)
    for value in (0, 9, 77):
        exif = Image.Exif()
        exif[0x0112] = value
        assert np.array_equal(load_image(encoded(PIXELS, exif=exif)), PIXELS)


def test_cmyk() -> None:
    inks = np.zeros((8, 16, 4), np.uint8)
    inks[:, :8] = [0, 255, 255, 0]  # magenta and yellow make red
    inks[:, 8:] = [0, 0, 0, 155]  # some black alone makes grey
    image = Image.frombytes("CMYK", (16, 8), inks.tobytes())
    for source in (image, encoded(image, "TIFF"), encoded(image, "JPEG", quality=95)):
        loaded = load_image(source).astype(int)
        assert np.abs(loaded[:, :7] - [255, 0, 0]).max() <= 6
        assert np.abs(loaded[:, 9:] - 100).max() <= 6


def test_other_colour_spaces() -> None:
    red = Image.new("RGB", (3, 2), (220, 30, 10))
    for mode in ("YCbCr", "HSV", "RGBX"):
        image = load_image(red.convert(mode)).astype(int)
        assert image.shape == (2, 3, 3)
        assert np.abs(image - [220, 30, 10]).max() <= 4
    # CIELAB of sRGB red under D50, from tables: 54.3, 80.8, 69.9; stored L × 2.55, a, b signed
    lab = Image.frombytes("LAB", (3, 2), bytes([138, 81, 70]) * 6)
    assert np.abs(load_image(lab).astype(int) - [255, 0, 0]).max() <= 8
    with pytest.raises(CnnvisError):
        load_image(Image.frombytes("LAB", (0, 0), b""))


SIXTEEN = np.array([[0, 128, 129, 257], [385, 386, 32768, 65535]], np.uint16)
EIGHT = [[0, 0, 1, 1], [1, 2, 128, 255]]  # divided by 257 and rounded, by hand


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_of_grey_are_scaled_not_clipped(kind: str) -> None:
    image = Image.fromarray(SIXTEEN)
    assert image.mode.startswith("I;16")
    assert np.array_equal(load_image(encoded(image, kind)), threefold(EIGHT))
    assert np.array_equal(load_image(image), threefold(EIGHT))


def test_a_dark_sixteen_bit_picture_stays_dark() -> None:
    dark = np.full((2, 3), 200, np.uint16)  # all values would fit into 8 bits
    for kind in ("PNG", "TIFF", "PPM"):
        with pytest.warns(UserWarning, match=r"16 bits.*largest value is 200 of 65535"):
            assert load_image(encoded(Image.fromarray(dark), kind)).max() == 1
    black, white = np.zeros((2, 3), np.uint16), np.full((2, 3), 4096, np.uint16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing to tell of these
        assert load_image(encoded(Image.fromarray(black), "PNG")).max() == 0
        assert load_image(encoded(Image.fromarray(white), "PNG")).max() == 16


def test_big_endian_sixteen_bits() -> None:
    image = Image.frombytes("I;16B", (4, 2), SIXTEEN.astype(">u2").tobytes())
    assert np.array_equal(load_image(image), threefold(EIGHT))


def png(columns: int, rows: int, depth: int, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG file put together by hand, with whatever header it is given."""
    head = (b"IHDR", struct.pack(">IIBBBBB", columns, rows, depth, colour, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, body in (head, *chunks, (b"IEND", b"")):
        crc = struct.pack(">I", zlib.crc32(kind + body))
        data += struct.pack(">I", len(body)) + kind + body + crc
    return data


def test_sixteen_bits_of_colour() -> None:
    rows = [[(0, 257, 65535), (32768, 25700, 255)]]
    raw = b"".join(b"\0" + b"".join(struct.pack(">3H", *p) for p in row) for row in rows)
    image = load_image(png(2, 1, 16, 2, (b"IDAT", zlib.compress(raw))))
    # the upper byte of each: 0x0000 0x0101 0xFFFF, 0x8000 0x6464 0x00FF
    assert image.tolist() == [[[0, 1, 255], [128, 100, 0]]]


def test_the_transparent_grey_of_sixteen_bits() -> None:
    raw = b"\0" + struct.pack(">3H", 0, 30000, 65535)
    chunks = ((b"tRNS", struct.pack(">H", 30000)), (b"IDAT", zlib.compress(raw)))
    assert load_image(png(3, 1, 16, 0, *chunks)).tolist() == [[[0] * 3, [255] * 3, [255] * 3]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.2, 0.5, 1.0], [0, 51, 128, 255]),  # within 0…1: × 255, half to even
        ([0.0, 51.4, 51.6, 100.0], [0, 51, 52, 100]),  # within 0…255: as they are
        ([-1.0, 0.0, 0.6, 1.0], [0, 128, 204, 255]),  # else from the smallest to the largest
        ([1000.0, 2000.0, 3000.0, 6000.0], [0, 51, 102, 255]),
        ([300.0, 300.0, 300.0, 300.0], [0, 0, 0, 0]),
        ([np.nan, 0.2, np.inf, 1.0], [0, 51, 255, 255]),
        ([np.nan, -5.0, -np.inf, 5.0], [0, 0, 0, 255]),
    ],
)
def test_floating_point(values: list[float], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.float32))
    assert image.mode == "F"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for source in (image, encoded(image, "TIFF")):
            assert np.array_equal(load_image(source), threefold([expected]))


def test_floating_point_without_a_number() -> None:
    with pytest.raises(InvalidValueError, match="finite"):
        load_image(Image.fromarray(np.full((2, 3), np.nan, np.float32)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 1, 1, 0], [0, 255, 255, 0]),
        ([0, 7, 100, 255], [0, 7, 100, 255]),
        ([0, 257, 25700, 65535], [0, 1, 100, 255]),
        ([-100, 0, 0, 100], [0, 128, 128, 255]),
        ([0, 100000, 500000, 1000000], [0, 26, 128, 255]),
    ],
)
def test_thirty_two_bit_whole_numbers(values: list[int], expected: list[int]) -> None:
    image = Image.fromarray(np.array([values], np.int32))
    assert image.mode == "I"
    for source in (image, encoded(image, "TIFF")):
        assert np.abs(load_image(source).astype(int) - threefold([expected])).max() <= 1


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_several_pictures_the_first(kind: str) -> None:
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250)]
    frames = [Image.new("RGB", (6, 5), c) for c in colours]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.n_frames == 3
        assert load_image(data)[2, 3].tolist() == [250, 0, 0]
        opened.seek(1)  # the caller has chosen the frame of an opened image
        assert load_image(opened)[2, 3].tolist() == [0, 250, 0]
        assert opened.tell() == 1


def test_a_pil_image_stays_as_it_was() -> None:
    image = Image.fromarray(PIXELS)
    image.getexif()[0x0112] = 6
    load_image(image)
    assert image.size == (4, 5)
    assert np.array_equal(np.asarray(image), PIXELS)
    assert image.getexif()[0x0112] == 6
    loaded = load_image(Image.fromarray(PIXELS))
    loaded[:] = 0
    assert np.array_equal(np.asarray(image), PIXELS)
