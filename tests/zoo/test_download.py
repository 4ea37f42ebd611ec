from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from weight_shelf import BODY, FILE, UNSIGNED, left, put, quiet

from cnnvis_widgets.errors import Cancelled, FileError
from cnnvis_widgets.zoo import download
from cnnvis_widgets.zoo.weights import WeightFile, fetch, obtain

pytestmark = pytest.mark.usefixtures("home")


def test_a_file_is_fetched_with_progress_and_lies_in_the_cache(shelf: Any, home: Path) -> None:
    shelf.manner = "slow"
    seen: list[tuple[int, int]] = []
    threads = set()

    def progress(done: int, total: int) -> None:
        seen.append((done, total))
        threads.add(threading.current_thread())

    path = fetch(FILE, "Tiny", progress)
    assert path == home / "cache" / FILE.name
    assert path.read_bytes() == BODY
    assert left(home) == [f"cache/{FILE.name}"]
    counts = [done for done, _ in seen]
    assert counts == sorted(set(counts))  # never backwards, never twice
    assert len(counts) >= 3
    assert seen[-1] == (len(BODY), len(BODY))
    assert {total for _, total in seen} == {len(BODY)}
    assert threads == {threading.current_thread()}


def test_a_file_that_is_there_is_not_fetched_again(shelf: Any, home: Path) -> None:
    fetch(FILE, "Tiny", quiet)
    fetch(FILE, "Tiny", quiet)
    assert obtain(FILE, "Tiny", "tiny", quiet) == (home / "cache" / FILE.name, "ImageNet")
    assert shelf.asked == [f"/{FILE.name}"]


def test_a_bar_on_stderr_where_nobody_listens(
    shelf: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    fetch(FILE, "Tiny")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "weights of Tiny" in printed.err
    assert "100%" in printed.err
    assert "684k/684k" in printed.err  # 700003 / 1024 = 683.6


def test_a_server_that_tells_no_length(shelf: Any) -> None:
    shelf.manner = "no length"
    seen: list[tuple[int, int]] = []
    fetch(FILE, "Tiny", lambda *counts: seen.append(counts))
    assert seen[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize("change", ["other bytes", "longer", "empty"])
@pytest.mark.parametrize("file", [FILE, UNSIGNED], ids=["md5", "no md5"])
def test_what_is_not_the_published_file_is_deleted(
    shelf: Any, home: Path, change: str, file: WeightFile
) -> None:
    wrong = {"other bytes": BODY[:-1] + b"x", "longer": BODY + b"x", "empty": b""}[change]
    shelf.files[file.name] = wrong
    if change == "other bytes" and not file.md5:  # nothing to tell it by: the size is right
        assert fetch(file, "Tiny", quiet).read_bytes() == wrong
        return
    with pytest.raises(FileError, match="not the published file and was deleted") as raised:
        fetch(file, "Tiny", quiet)
    assert left(home) == []
    assert str(len(wrong)) in str(raised.value)
    assert hashlib.md5(wrong).hexdigest() in str(raised.value)
    if file.md5:
        assert file.md5 in str(raised.value)


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("truncated", "connection broke before the whole file had come"),
        ("stalls", "keeps silent"),
        ("silent", "no answer within 0.7 s"),
    ],
)
def test_transfers_that_fail(
    shelf: Any, home: Path, monkeypatch: pytest.MonkeyPatch, manner: str, words: str
) -> None:
    monkeypatch.setattr(download, "ANSWER_SECONDS", 0.7)
    monkeypatch.setattr(download, "STALL_SECONDS", 1.2)
    shelf.manner = manner
    start = time.monotonic()
    with pytest.raises(FileError, match=words) as raised:
        fetch(FILE, "Tiny", quiet)
    assert time.monotonic() - start < 3
    assert f"http://127.0.0.1:{shelf.server_port}/{FILE.name}" in str(raised.value)
    assert left(home) == []


def test_a_file_that_the_server_does_not_have(shelf: Any, home: Path) -> None:
    shelf.files.clear()
    with pytest.raises(FileError, match="answers 404 Not Found"):
        fetch(FILE, "Tiny", quiet)
    assert left(home) == []


@pytest.mark.parametrize("url", ["nonsense", "ftp:/x", "http://127.0.0.1:notaport"])
def test_a_mirror_that_is_no_address(monkeypatch: pytest.MonkeyPatch, home: Path, url: str) -> None:
    monkeypatch.setenv("CNNVIS_WEIGHTS_URL", url)
    with pytest.raises(FileError, match="could not be fetched"):
        fetch(FILE, "Tiny", quiet)
    assert left(home) == []


def test_raising_in_progress_stops_a_stalled_transfer_at_once(shelf: Any, home: Path) -> None:
    shelf.manner = "stalls"

    def stop(done: int, total: int) -> None:
        raise Cancelled("enough")

    start = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(FILE, "Tiny", stop)
    assert time.monotonic() - start < 2
    assert left(home) == []
    shelf.release.set()
    shelf.manner = ""
    time.sleep(0.3)  # the abandoned thread must not bring half a file back
    assert left(home) == []
    assert fetch(FILE, "Tiny", quiet).read_bytes() == BODY


def test_nothing_goes_on_in_the_background_after_a_stop(
    shelf: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CHUNK", 1000)
    shelf.manner = "slow"

    def stop(done: int, total: int) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fetch(FILE, "Tiny", stop)
    time.sleep(0.25)  # of the 0.64 s that the whole takes
    assert not [t for t in threading.enumerate() if t.name == "cnnvis-fetch"]


def test_two_threads_that_want_the_same_file_share_one_transfer(shelf: Any, home: Path) -> None:
    shelf.manner = "slow"
    paths: list[Path] = []
    threads = [
        threading.Thread(target=lambda: paths.append(fetch(FILE, "Tiny", quiet))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert paths == [home / "cache" / FILE.name] * 4
    assert paths[0].read_bytes() == BODY
    assert shelf.asked == [f"/{FILE.name}"]
    assert left(home) == [f"cache/{FILE.name}"]


def test_a_damaged_file_in_the_cache_is_fetched_anew(shelf: Any, home: Path) -> None:
    put(home / "cache" / FILE.name, BODY[:-1] + b"x")
    assert obtain(FILE, "Tiny", "tiny", quiet).path.read_bytes() == BODY


def test_no_room_on_the_disk_is_told_before_anything_is_fetched(shelf: Any, home: Path) -> None:
    huge = FILE._replace(size=2**60)
    with pytest.raises(FileError, match=r"needs 1099511627776 MB .* are free"):
        fetch(huge, "Tiny", quiet)
    assert shelf.asked == []


def test_a_folder_that_cannot_be_made(shelf: Any, home: Path) -> None:
    put(home / "cache")
    with pytest.raises(FileError, match="cannot be used"):
        fetch(FILE, "Tiny", quiet)


def test_another_folder_to_fetch_into(shelf: Any, home: Path) -> None:
    assert fetch(FILE, "Tiny", quiet, home / "stick") == home / "stick" / FILE.name
    assert left(home) == [f"stick/{FILE.name}"]
