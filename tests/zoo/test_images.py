from __future__ import annotations

import dataclasses
import hashlib
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import cnnvis_widgets
from cnnvis_widgets.errors import FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.zoo import images as module
from cnnvis_widgets.zoo.images import Picture, images, load_image, picture, thumbnail
from cnnvis_widgets.zoo.labels import imagenet_labels

ROOT = Path(__file__).parents[2]
NAMES = (
    "cat", "coffee", "cameraman", "rocket", "motorcycle",
    "horse", "astronaut", "admiral", "palace", "flower",
)  # fmt: skip


def test_the_ten_pictures_are_listed_the_cat_first() -> None:
    assert images() == NAMES


def test_the_public_names_are_these_functions() -> None:
    assert cnnvis_widgets.images is images
    assert cnnvis_widgets.load_image is load_image


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_is_there(name: str) -> None:
    p = picture(name)
    assert p.name == name
    for field in ("title", "shows", "alt", "author", "licence", "licence_stated", "remark"):
        text = getattr(p, field)
        assert text == " ".join(text.split())
        assert len(text) >= 3
    assert p.alt.endswith(".")
    assert p.alt.count(". ") <= 1  # one or two sentences
    assert len(p.outline) >= 15
    assert set(p.right).isdisjoint(p.near)
    assert p.right or p.near or p.verdict == "wrong"
    assert p.unit == (p.right[0] if p.right else None)
    assert 0 < p.score < 1
    assert all(part in p.credit for part in (p.title, p.author, p.licence))


def test_the_answers_are_the_ones_the_design_names() -> None:
    names = imagenet_labels()
    assert {n: names[picture(n).answer] for n in NAMES} == {
        "cat": "Egyptian cat",
        "coffee": "espresso",
        "cameraman": "tripod",
        "rocket": "missile",
        "motorcycle": "moped",
        "horse": "Great Dane",
        "astronaut": "bobsled",
        "admiral": "military uniform",
        "palace": "palace",
        "flower": "daisy",
    }
    assert [n for n in NAMES if picture(n).verdict == "wrong"] == ["horse", "astronaut"]
    assert [n for n in NAMES if picture(n).verdict == "near"] == ["rocket", "motorcycle", "flower"]


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_the_one_that_the_outline_was_drawn_on(name: str) -> None:
    p = picture(name)
    assert hashlib.sha256(p.path.read_bytes()).hexdigest() == p.sha256
    image = load_image(name)
    assert image.shape == (p.rows, p.columns, 3)
    assert image.dtype == np.uint8
    assert image.flags.writeable


def test_the_pictures_are_the_ones_that_scikit_image_and_scikit_learn_load() -> None:
    import skimage.data
    from sklearn.datasets import load_sample_image

    assert np.array_equal(load_image("cat"), skimage.data.chelsea())
    assert np.array_equal(load_image("motorcycle"), skimage.data.stereo_motorcycle()[0])
    assert np.array_equal(load_image("astronaut"), skimage.data.astronaut())
    grey = load_image("cameraman")
    assert np.array_equal(grey, np.dstack([skimage.data.camera()] * 3))
    assert np.array_equal(load_image("flower"), load_sample_image("flower.jpg"))
    silhouette = load_image("horse")
    assert silhouette[0, 0].tolist() == [255, 255, 255]
    assert silhouette[120, 200].tolist() == [0, 0, 0]


def _winding(points: np.ndarray, outline: np.ndarray) -> np.ndarray:
    """How often the outline runs around each point: the sum of the angles it sweeps, in turns.

    Not a number where the point is on the outline, and so sees an edge under half a turn.
    """
    z = (outline[:, 0] + 1j * outline[:, 1])[None, :] - (points[:, 0] + 1j * points[:, 1])[:, None]
    angles = np.angle(np.roll(z, -1, axis=1) / z)
    turns = angles.sum(axis=1) / (2 * np.pi)
    return np.where((np.pi - np.abs(angles)).min(axis=1) < 1e-9, np.nan, turns)


@pytest.mark.parametrize("name", NAMES)
def test_masks_agree_with_the_winding_number(name: str) -> None:
    p = picture(name)
    mask = p.mask()
    assert mask.shape == (p.rows, p.columns)
    assert mask.dtype == np.bool_
    generator = np.random.default_rng(0)
    columns = generator.integers(0, p.columns, 4000)
    rows = generator.integers(0, p.rows, 4000)
    # pixels along the outline as well, where a mistake of half a pixel would show
    near = np.array(p.outline).round().astype(int)
    columns = np.r_[columns, near[:, 0].clip(0, p.columns - 1)]
    rows = np.r_[rows, near[:, 1].clip(0, p.rows - 1)]
    turns = _winding(np.c_[columns + 0.5, rows + 0.5], np.array(p.outline, float))
    clear = ~np.isnan(turns)
    assert clear.mean() > 0.99
    rows, columns, turns = rows[clear], columns[clear], turns[clear]
    assert np.abs(turns - turns.round()).max() < 1e-6
    assert set(np.abs(turns.round())) <= {0, 1}  # more would be an outline that crosses itself
    assert np.array_equal(mask[rows, columns], turns.round() != 0)


def test_a_mask_known_on_paper() -> None:
    # a 5 × 4 picture with a triangle whose right angle is at the lower left: x ≥ 1, y ≥ x − 0.4
    p = dataclasses.replace(
        picture("cat"), rows=4, columns=5, outline=((1.0, 0.6), (4.4, 4.0), (1.0, 4.0))
    )
    assert p.mask().astype(int).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
    ]


def test_masks_cover_the_objects() -> None:
    horse = picture("horse").mask()
    black = load_image("horse")[:, :, 0] < 128
    assert (horse & black).sum() / (horse | black).sum() > 0.95
    petals = load_image("flower").astype(int)
    orange = petals[:, :, 0] - petals[:, :, 2] > 60
    mask = picture("flower").mask()
    assert orange[mask].mean() > 0.95
    assert orange[:360][~mask[:360]].mean() < 0.02
    assert {n: round(float(picture(n).mask().mean()), 1) for n in ("cat", "admiral", "rocket")} == {
        "cat": 0.7,
        "admiral": 0.6,
        "rocket": 0.0,
    }
    for name in NAMES:
        assert 0.01 < picture(name).mask().mean() < 0.8


def test_a_picture_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        picture("cat").title = "dog"  # type: ignore[misc]


def test_a_new_file_is_a_new_picture(tmp_path: Path) -> None:
    cat = (module._FOLDER / "cat.toml").read_text("utf-8")
    (tmp_path / "kitten.toml").write_text(cat.replace("order = 1", "order = 5"), "utf-8")
    (tmp_path / "adult.toml").write_text(cat, "utf-8")
    assert list(module._catalogue(tmp_path)) == ["adult", "kitten"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title =", "titel =", "titel"),
        ("near = []\n", "", "near"),
        ("right = [281", "right = [1281", "1281"),
        ("outline = [", "outline = [[999, 3],", "999"),
        ("order = 1", "order = = 1", "kitten.toml"),
    ],
)
def test_a_wrong_picture_file_says_what_is_wrong(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    cat = (module._FOLDER / "cat.toml").read_text("utf-8")
    assert old in cat
    (tmp_path / "kitten.toml").write_text(cat.replace(old, new), "utf-8")
    with pytest.raises(InvalidValueError, match=message):
        module._read(tmp_path / "kitten.toml")


def test_a_package_that_is_absent_or_different_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = dataclasses.replace(picture("cat"), module="no_such_package", distribution="nosuch")
    with pytest.raises(FileError, match="pip install nosuch"):
        _ = absent.path
    with pytest.raises(FileError, match="does not carry it"):
        _ = dataclasses.replace(picture("cat"), file="data/gone.png").path
    (tmp_path / "other_package").mkdir()
    (tmp_path / "other_package" / "__init__.py").touch()
    Image.new("RGB", (3, 2)).save(tmp_path / "other_package" / "cat.png")
    monkeypatch.syspath_prepend(tmp_path)
    replaced = dataclasses.replace(picture("cat"), module="other_package", file="cat.png")
    with pytest.raises(FileError, match=r"451 × 300.* 3 × 2"):
        module._from_package(replaced)


@pytest.mark.parametrize("name", ["cta", "Cat", "motorcicle", "", "x\0y", "c" * 5000])
def test_a_misspelt_name_is_told_the_names(name: str) -> None:
    with pytest.raises(UnknownNameError, match="cat, coffee, cameraman") as caught:
        load_image(name)
    assert len(str(caught.value)) < 400
    if name == "motorcicle":
        assert "Did you mean 'motorcycle'" in str(caught.value)
    with pytest.raises(UnknownNameError):
        picture(name)


@pytest.mark.parametrize(
    "address", ["https://example.org/cat.png", "HTTP://a/b", "data:image/png;base64,iVBO", "s3://b"]
)
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(InvalidValueError, match="nothing is fetched"):
        load_image(address)


def test_a_name_stands_before_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (3, 2), (9, 8, 7)).save(tmp_path / "cat", "PNG")
    monkeypatch.chdir(tmp_path)
    assert load_image("cat").shape == (300, 451, 3)
    for source in ("./cat", Path("cat")):
        assert load_image(source).tolist() == [[[9, 8, 7]] * 3] * 2
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_image("~/cat").shape == (2, 3, 3)


@pytest.mark.parametrize("source", [5, None, [[1, 2], [3, 4]], {"a": 1}, object()])
def test_other_objects_are_refused(source: object) -> None:
    with pytest.raises(InvalidValueError, match="a name, a path, the bytes"):
        load_image(source)  # type: ignore[arg-type]


PIXELS = np.arange(60, dtype=np.uint8).reshape(5, 4, 3)


def test_a_colour_array_is_copied() -> None:
    for array in (PIXELS, PIXELS[::-1], np.asfortranarray(PIXELS)):
        loaded = load_image(array)
        assert np.array_equal(loaded, array)
        assert not np.shares_memory(loaded, array)
        assert loaded.flags.writeable
        assert loaded.flags.c_contiguous
    frozen = PIXELS.copy()
    frozen.flags.writeable = False
    assert load_image(frozen).flags.writeable


def test_grey_arrays_become_three_equal_channels() -> None:
    grey = PIXELS[:, :, 1]
    expected = [[[int(v)] * 3 for v in row] for row in grey]
    for array in (grey, grey[:, :, None]):
        loaded = load_image(array)
        assert loaded.tolist() == expected
        loaded[0, 0, 0] = 77  # a broadcast view would change its neighbours too
        assert loaded[0, 0, 1] == expected[0][0][1]


def test_opacity_is_laid_on_white() -> None:
    rgba = np.zeros((1, 4, 4), np.uint8)
    rgba[0] = [[100, 0, 200, 255], [100, 0, 200, 0], [100, 0, 200, 128], [100, 0, 200, 51]]
    # 128/255 of the colour and 127/255 of white; then one and four fifths
    assert load_image(rgba).tolist() == [
        [[100, 0, 200], [255, 255, 255], [177, 127, 227], [224, 204, 244]]
    ]
    assert np.array_equal(load_image(rgba[:, ::-1]), load_image(rgba)[:, ::-1])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 4, 3), np.float32), "float32.*network's input"),
        (np.zeros((5, 4), bool), "bool.*mask"),
        (np.zeros((5, 4, 3), np.int64), "int64"),
        (np.zeros((5, 4, 3), np.uint16), "uint16"),
        (np.zeros((5, 4, 2), np.uint8), r"\(5, 4, 2\)"),
        (np.zeros((3, 5, 4, 3), np.uint8), r"array\[0\]"),
        (np.zeros((3, 5, 6), np.uint8), "transpose"),
        (np.zeros(7, np.uint8), r"\(7,\)"),
        (np.zeros((), np.uint8), r"\(\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros((5, 0), np.uint8), r"\(5, 0\)"),
        (np.array(["a"]), "<U1"),
        (np.array([None, {}]), "object"),
    ],
)
def test_arrays_that_are_not_pictures_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidValueError, match=f"(?s)uint8.*{message}"):
        load_image(array)


def test_what_converts_itself_to_an_array_is_an_array() -> None:
    class Tensor:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            return PIXELS

    class Elsewhere:
        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            raise TypeError("the tensor is on another device")

    assert np.array_equal(load_image(Tensor()), PIXELS)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="another device"):
        load_image(Elsewhere())  # type: ignore[arg-type]


def test_thumbnails_are_small_and_keep_the_proportions() -> None:
    data = thumbnail("motorcycle")  # 741 × 500
    with Image.open(io.BytesIO(data)) as small:
        assert small.format == "JPEG"
        assert small.size == (96, 65)
        mean = np.asarray(small, float).mean(axis=(0, 1))
    assert np.abs(mean - load_image("motorcycle").mean(axis=(0, 1))).max() < 3
    assert len(data) < 8000
    for size, shape, expected in [
        (40, (20, 30), (30, 20)),
        (10, (30, 20), (7, 10)),
        (1, (9, 5), (1, 1)),
    ]:
        with Image.open(io.BytesIO(thumbnail(np.zeros((*shape, 3), np.uint8), size))) as small:
            assert small.size == expected


@pytest.mark.parametrize("size", [0, -3, 1025, 2.5, "96", True, None])
def test_a_thumbnail_of_no_sensible_size_is_refused(size: object) -> None:
    with pytest.raises(InvalidValueError, match="1 to 1024"):
        thumbnail("cat", size)  # type: ignore[arg-type]


def test_reading_the_pictures_loads_no_heavy_package() -> None:
    code = (
        "import sys\n"
        "from cnnvis_widgets.zoo.images import images, load_image, picture, thumbnail\n"
        "for name in images(): load_image(name); picture(name).mask(); thumbnail(name)\n"
        "print([m for m in ('tensorflow', 'keras', 'matplotlib', 'skimage', 'sklearn', 'scipy')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_page_is_made_from_the_facts() -> None:
    page = (ROOT / "docs" / "pictures.md").read_text("utf-8")
    for name in NAMES:
        p: Picture = picture(name)
        assert p.licence in page
        assert p.author in page
