"""A study whose folder was spoilt: told in a sentence, computed again where that is possible."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_study import SUBJECTS
from toys import convolutional

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import CnnvisError, FileError


@pytest.fixture(scope="module")
def network() -> Any:
    return convolutional()


def begun(network: Any, path: Path) -> cnnvis.Study:
    return cnnvis.Study({"toy": network}, SUBJECTS[:2], ["saliency", "grad_cam"], path=path)


@pytest.fixture(scope="module")
def whole(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "study"
    assert begun(network, path).run() == 4
    return path


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    without_scores = shutil.ignore_patterns("scores.jsonl")
    return Path(shutil.copytree(whole, tmp_path / "study", ignore=without_scores))


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text("utf-8").splitlines()]


def rewrite(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """The first run's line, changed."""
    first, *others = lines_of(folder)
    text = [json.dumps(line) for line in (change(first) or first, *others)]
    (folder / "runs.jsonl").write_text("\n".join(text) + "\n", "utf-8")


def overwrite(path: Path) -> None:
    np.savez(path, attribution=np.ones((30, 22, 3), np.float32))


SPOILT: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "overwritten": overwrite,
    "one bit": lambda path: path.write_bytes(
        (data := path.read_bytes())[:90] + bytes([data[90] ^ 1]) + data[91:]
    ),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "no map": lambda path: np.savez(path, something=np.zeros(3)),
}


@pytest.mark.parametrize("kind", SPOILT)
@pytest.mark.parametrize("noted", [True, False], ids=["digest", "earlier"])
def test_a_spoilt_map_is_noticed_told_and_computed_again(
    network: Any, whole: Path, folder: Path, kind: str, noted: bool
) -> None:
    if not noted:  # a line that an earlier version wrote
        rewrite(folder, lambda line: line.pop("digest") and None)
        if kind in ("overwritten", "no map"):
            return  # nothing in such a line could tell
    first = lines_of(folder)[0]
    path = folder / first["file"]
    SPOILT[kind](path)
    study = begun(network, folder)
    with pytest.raises(FileError, match=r"could not be read.*computes again|holds no map"):
        study.table(["pointing_game"])
    assert [run.key for run in study.damaged()] == [first["key"]]
    if kind == "a folder":
        path.rmdir()
    with pytest.warns(UserWarning, match="1 of the study's maps are computed again: toy / p0"):
        assert study.run() == 1
    assert path.read_bytes() == (whole / first["file"]).read_bytes()
    assert study.damaged() == {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert study.run() == 0
    assert study.table(["pointing_game"]) == begun(network, whole).table(["pointing_game"])


@pytest.mark.parametrize(
    "file",
    ["../../x.npz", "/etc/passwd", "maps/../../x.npz", "maps/../study.json", "", 7, None, ["a"],
     "maps/link.npz", "else/x.npz", "maps/x.txt", "maps\\..\\x.npz"],
)  # fmt: skip
def test_a_file_outside_of_the_study_is_refused(network: Any, folder: Path, file: Any) -> None:
    outside = folder.parent / "x.npz"
    overwrite(outside)
    (folder / "maps/link.npz").symlink_to(outside)
    rewrite(folder, lambda line: line.update(file=file, digest=""))
    study = begun(network, folder)
    if isinstance(file, str):
        for ask in (study.run, lambda: study.table(["pointing_game"]), study.damaged):
            with pytest.raises(FileError, match="does not lie in it"):
                ask()
    else:
        with pytest.warns(UserWarning, match="line 1 has no fitting file. Left out"):
            assert study.run() == 1


ODD_LINES = [
    b"\xff\xfe\x00", b"3", b"null", b"[1, 2]", b'{"key": []}', b'{"key": 7}', b'"text"', b"{}",
    b"[" * 100_000, b'{"key": "a", "file": "maps/x.npz"}', b'{"key": "a", "unsuited": 3}',
    b"1" * 10_000, b'{"key": "x", "network": "toy", "picture": "p0", "method": "saliency", '
    b'"neuron": "output", "file": "maps/x.npz", "label": "", "unit": "1"}',
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:runs.jsonl of the study")
@pytest.mark.filterwarnings("ignore:scores.jsonl of the study")
@pytest.mark.parametrize("odd", ODD_LINES, ids=lambda odd: repr(odd[:30]))
def test_lines_that_are_none_are_left_out(
    network: Any, whole: Path, folder: Path, odd: bytes
) -> None:
    for name in ("runs.jsonl", "scores.jsonl"):
        path = folder / name
        path.write_bytes(odd + b"\n" + (path.read_bytes() if path.exists() else b"") + odd)
    study = begun(network, folder)
    assert study.run() == 0
    assert study.table(["pointing_game"]) == begun(network, whole).table(["pointing_game"])
    assert cnnvis.Study.open(folder).run() == 0


def test_a_line_in_the_place_of_a_run_is_told_and_computed_again(
    network: Any, folder: Path
) -> None:
    rewrite(folder, lambda line: {"key": line["key"], "seed": 0})
    with pytest.warns(UserWarning, match="line 1 lacks network, picture, method, neuron. Left out"):
        assert begun(network, folder).run() == 1


@pytest.mark.parametrize("kind", ["missing", "empty", "cut", "overwritten"])
def test_a_spoilt_picture_is_told_and_written_anew_by_whoever_has_it(
    network: Any, folder: Path, kind: str
) -> None:
    path = next((folder / "pictures").iterdir())
    before = path.read_bytes()
    SPOILT[kind](path)
    with pytest.raises(FileError, match=r"is missing or damaged .* writes it anew"):
        cnnvis.Study.open(folder)
    assert main(["study", "table", str(folder)]) == 2
    begun(network, folder)
    assert path.read_bytes() == before
    assert len(cnnvis.Study.open(folder).runs()) == 4


ODD_SETTINGS: dict[str, Callable[[dict[str, Any]], object]] = {
    "seed is not a whole number": lambda s: s.pop("seed"),
    "seed is not": lambda s: s.update(seed="0"),
    "keep is not one of": lambda s: s.update(keep="all"),
    "methods is not a table": lambda s: s.update(methods=[]),
    "pictures is not a table": lambda s: s.pop("pictures"),
    "neurons is not a table": lambda s: s.update(neurons={}),
    "a picture has no digest": lambda s: s["pictures"].update(p0=3),
    "the method 'saliency' has no name": lambda s: s["methods"].update(saliency={}),
    "the method 'grad_cam' has no parameters": lambda s: s["methods"].update(
        grad_cam={"method": "grad_cam"}
    ),
    "the neurons 'odd' are not those of a network": lambda s: s["neurons"].update(odd="output"),
    "the neurons '[]' are not": lambda s: s["neurons"].update({"[]": "output"}),
    "a neuron is {}, which is none": lambda s: s["neurons"].update({'["toy", "x"]': {}}),
    "a neuron is 7, which is none": lambda s: s["neurons"].update({'["toy", "x"]': 7}),
    "is not a study of format": lambda s: s.clear(),
}


@pytest.mark.parametrize("message", ODD_SETTINGS)
def test_a_study_json_that_is_none_is_told(
    folder: Path, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "study.json"
    settings = json.loads(path.read_text("utf-8"))
    ODD_SETTINGS[message](settings)
    path.write_text(json.dumps(settings), "utf-8")
    with pytest.raises(CnnvisError) as error:
        cnnvis.Study.open(folder)
    assert message in str(error.value)
    for command in ("run", "table", "report"):
        assert main(["study", command, str(folder)]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"[" * 100_000, b"[]", b"{", b"3"])
def test_a_study_json_that_is_no_json_is_told(folder: Path, content: bytes) -> None:
    (folder / "study.json").write_bytes(content)
    with pytest.raises(FileError, match="study"):
        cnnvis.Study.open(folder)


def test_a_full_disk_in_a_report_leaves_the_last_one(
    network: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = begun(network, folder)
    path = study.report(["pointing_game"])
    before = path.read_text("utf-8")

    def full(*_args: Any, **_settings: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(FileError, match="No space left"):
        study.report(["pointing_game"])
    assert path.read_text("utf-8") == before
