from __future__ import annotations

import importlib.util
import itertools
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.zoo import labels
from cnnvis_widgets.zoo.labels import imagenet_labels, read_labels

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "make_imagenet_labels.py"
FILE = Path(labels.__file__).with_name("imagenet_labels.txt")

# looked up in ImageNet's own list of classes, not in the file
KNOWN = {
    0: "tench",
    1: "goldfish",
    134: "crane (bird)",
    246: "Great Dane",
    281: "tabby cat",
    282: "tiger cat",
    285: "Egyptian cat",
    340: "zebra",
    388: "giant panda",
    404: "airliner",
    450: "bobsled",
    517: "crane (machine)",
    638: "maillot (tights)",
    639: "maillot (swimsuit)",
    652: "military uniform",
    657: "missile",
    665: "moped",
    670: "motor scooter",
    698: "palace",
    812: "space shuttle",
    872: "tripod",
    954: "banana",
    967: "espresso",
    985: "daisy",
    999: "toilet tissue",
}


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_imagenet_labels", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_known_units_have_their_names() -> None:
    names = imagenet_labels()
    assert {unit: names[unit] for unit in KNOWN} == KNOWN


def test_a_thousand_different_readable_names() -> None:
    names = imagenet_labels()
    assert isinstance(names, tuple)
    assert len(names) == 1000
    assert len({name.lower() for name in names}) == 1000
    for name in names:
        assert name == name.strip()
        assert 2 <= len(name) <= 40
        assert name.isascii()
        assert "," not in name
        assert "_" not in name


def test_the_units_are_in_the_order_of_imagenet() -> None:
    lines = [line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#")]
    synsets = [line.split()[0] for line in lines]
    # ImageNet numbers its classes by ascending synset, so a swapped or lost line shows here
    assert all(a < b for a, b in itertools.pairwise(synsets))
    assert (synsets[0], synsets[281], synsets[999]) == ("n01440764", "n02123045", "n15075141")


def test_the_file_says_where_it_comes_from() -> None:
    header = "".join(line for line in FILE.read_text("utf-8").splitlines() if line[0] == "#")
    for word in ("make_imagenet_labels.py", "timm", "Apache-2.0", "WordNet"):
        assert word in header


def test_the_script_refuses_another_wheel(script: ModuleType, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "timm.whl", "w") as archive:
        archive.writestr("timm/data/_info/imagenet_synsets.txt", "n1\n")
    with pytest.raises(SystemExit, match="SHA-256"):
        script.labels(tmp_path / "timm.whl")


def test_the_clearer_names_are_the_ones_in_the_file(script: ModuleType) -> None:
    names = imagenet_labels()
    assert {unit: names[unit] for unit in script.CLEARER} == script.CLEARER
    assert FILE.read_text("utf-8").startswith(script.HEADER)


@pytest.mark.parametrize(
    "text",
    [
        "cat\ncup\ndog\n",
        "\ufeffcat\r\ncup\r\ndog\r\n\r\n",
        "0 cat\n1 cup\n2 dog",  # as Teachable Machine writes it
        "0: cat\n1: cup\n2: dog",
        "0\tcat\n1\tcup\n2\tdog",
        '["cat", "cup", "dog"]',
        '{"cat": 0, "dog": 2, "cup": 1}',
        '{"2": "dog", "0": "cat", "1": "cup"}',
        '{"0": ["n02121620", "cat"], "1": ["n07930864", "cup"], "2": ["n02084071", "dog"]}',
    ],
)
def test_names_of_outputs_are_read_from_each_form(text: str) -> None:
    assert read_labels(text.encode(), "names") == ("cat", "cup", "dog")


def test_lines_that_merely_begin_with_numbers_are_whole_names() -> None:
    assert read_labels(b"0 to 9\n3 cats", "names") == ("0 to 9", "3 cats")
    assert read_labels(b"0\n1\n2", "names") == ("0", "1", "2")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe\x00", "names is no text in UTF-8"),
        (b"", "an empty name or none at all"),
        (b"cat\n\ndog", "an empty name"),
        (b"[]", "none at all"),
        (b'["cat", ""]', "an empty name"),
        (b'{"cat": 0', "names does not name the outputs. It is no JSON"),
        (b'{"cat": 0, "dog": 5}', "units 0, 1, 2, … each once"),
        (b"[" * 100_000, "It is no JSON"),
    ],
)
def test_what_names_no_outputs_is_told(data: bytes, says: str) -> None:
    with pytest.raises(FileError, match=says):
        read_labels(data, "names")
