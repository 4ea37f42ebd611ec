"""What a public page's kernel refuses, and that nothing of it holds in a notebook of one's own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnvis_widgets import load_image, load_network, policy, write_sandbox
from cnnvis_widgets.engine.decoders import _with_time_limit
from cnnvis_widgets.engine.worker import Ticket, Worker
from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.widgets import PicturePicker
from cnnvis_widgets.zoo import weights
from cnnvis_widgets.zoo.timed_training import training


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> policy.Policy:
    served = tmp_path / "served"
    served.mkdir()
    bounds = replace(policy.PUBLIC, folder=str(served), uploads=3, uploads_a_minute=2, seconds=0.2)
    monkeypatch.setenv(policy.VARIABLE, bounds.text())
    return bounds


def test_it_is_inherited_as_it_was_set(public: policy.Policy) -> None:
    assert policy.current() == public


def test_nothing_is_bounded_in_a_notebook_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(policy.VARIABLE, raising=False)
    assert policy.current() == policy.Policy()
    assert policy.current().allows(Path("/anywhere"))
    assert write_sandbox.enforce() == ""


def test_files_are_read_from_the_served_folder_alone(public: policy.Policy, tmp_path: Path) -> None:
    inside, outside = Path(public.folder) / "a.png", tmp_path / "b.png"
    for path in (inside, outside):
        Image.new("RGB", (3, 2)).save(path)
    assert load_image(inside).shape == load_image(str(inside)).shape == (2, 3, 3)
    link = Path(public.folder) / "link.png"
    link.symlink_to(outside)
    for path in (outside, link, f"{public.folder}/../b.png"):
        for given in (Path(path), str(path)):
            with pytest.raises(FileError, match="not read from the server's files"):
                load_image(given)
    assert load_image("cat").shape[2] == 3


def test_models_of_the_servers_files_are_not_loaded(public: policy.Policy, tmp_path: Path) -> None:
    for path in (tmp_path / "x.keras", tmp_path / "not there.h5"):
        path.with_suffix(".keras").touch()
        with pytest.raises(FileError, match="a model is not read from the server's files"):
            load_network(path)


def test_weights_are_not_fetched(public: policy.Policy, tmp_path: Path) -> None:
    file = weights.WeightFile("x.h5", "http://127.0.0.1:9/", 10, "0" * 32)
    with pytest.raises(FileError, match="The weights of X are not on this server"):
        weights.fetch(file, "X", folder=tmp_path)


def test_a_request_ends_when_its_time_is_over(public: policy.Policy) -> None:
    def work(ticket: Ticket) -> None:
        for number in range(10_000):
            ticket.step(number, 10_000)
            time.sleep(0.01)

    messages: list[Exception] = []
    begun = time.perf_counter()
    worker = Worker()
    ticket = worker.submit(
        "a", work, done=lambda _: messages.append(ValueError()), failed=messages.append
    )
    assert ticket.finished.wait(20)
    assert 0.2 < time.perf_counter() - begun < 5
    assert isinstance(messages[0], InvalidValueError)
    assert "longer than 0.2 s, the most that this public page gives one request" in str(messages[0])


def test_a_training_ends_when_its_time_is_over(
    public: policy.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidValueError, match="up to 300 seconds"):
        training("mini_vgg", seconds=301)
    bounds = replace(public, training_seconds=0.05)
    monkeypatch.setenv(policy.VARIABLE, bounds.text())
    told = _with_time_limit(lambda done, total: None)
    told(0, 10)
    time.sleep(0.1)
    with pytest.raises(InvalidValueError, match=r"longer than 0\.05 s.* one training"):
        told(1, 10)


def test_a_page_brings_so_many_pictures_and_no_more(
    public: policy.Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(
        "cnnvis_widgets.widgets.explorer.picture_picker.time.monotonic", lambda: now[0]
    )
    picker = PicturePicker(decode=lambda data: np.zeros((2, 3, 3), np.uint8))

    def brought() -> str:
        content = {"kind": "upload", "id": 1, "filename": "x" * 500}
        data = {"method": "custom", "content": content}
        picker._handle_msg({"content": {"data": data}, "buffers": [memoryview(b"abc")]})
        return picker.error

    assert [brought(), brought()] == ["", ""]
    assert "takes 2 pictures a minute" in brought()
    assert len(picker.error) < 250
    now[0] += 61
    assert brought() == ""
    now[0] += 61
    assert "takes 3 pictures; load it again" in brought()
    assert len(picker.uploads) == 3
    picker.close()


WRITES = """
import os, shutil, subprocess, sys, tempfile
from pathlib import Path
import cnnvis_widgets
outside = Path(sys.argv[1])
(outside / "readable").read_text()
own = Path(tempfile.gettempdir())
(own / "mine").write_text("1")
with tempfile.TemporaryDirectory() as folder:
    Path(folder, "x").write_bytes(b"2")
open(os.devnull, "w").close()
attempts = {
    "open": lambda: open(outside / "a", "w"),
    "append": lambda: open(outside / "readable", "a"),
    "update": lambda: open(outside / "readable", "r+"),
    "os.open": lambda: os.open(outside / "a", os.O_CREAT | os.O_WRONLY),
    "mkdir": lambda: (outside / "b").mkdir(),
    "rename": lambda: os.rename(own / "mine", outside / "c"),
    "steal": lambda: os.rename(outside / "readable", own / "stolen"),
    "remove": lambda: (outside / "readable").unlink(),
    "link": lambda: os.symlink(own, outside / "d"),
    "dots": lambda: open(f"{own}/../../e", "w"),
    "through a link": lambda: (os.symlink(outside, own / "way"), open(own / "way" / "f", "w")),
    "truncate": lambda: os.truncate(outside / "readable", 0),
    "np.save": lambda: __import__("numpy").save(outside / "g.npy", [1]),
}
done = []
for name, attempt in attempts.items():
    try:
        attempt()
    except PermissionError as error:
        assert "folder alone" in str(error), error
    else:
        done.append(name)
print(own, done, sorted(p.name for p in outside.iterdir()))
"""


def test_a_public_pages_kernel_writes_to_its_own_folder_alone(tmp_path: Path) -> None:
    outside, visitors = tmp_path / "outside", tmp_path / "visitors"
    for folder in (outside, visitors):
        folder.mkdir()
    (outside / "readable").write_text("as it was")
    bounds = replace(policy.PUBLIC, visitors=str(visitors))
    environment = {**os.environ, policy.VARIABLE: bounds.text(), "VOILA_BASE_URL": "/"}
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WRITES), str(outside)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    own, rest = process.stdout.split(" ", 1)
    assert Path(own).parent == visitors
    assert rest.strip() == "[] ['readable']"
    assert (outside / "readable").read_text() == "as it was"
    assert list(visitors.iterdir()) == []  # the process took its folder away


def test_folders_of_processes_that_were_killed_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (str(ended.pid), str(os.getpid()), "else"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").touch()
    write_sandbox.remove_stale_folders(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([str(os.getpid()), "else"])
