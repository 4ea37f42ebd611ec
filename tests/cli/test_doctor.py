from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from cnnvis_widgets.cli import doctor, main
from cnnvis_widgets.serving import server as serving
from cnnvis_widgets.zoo import loading, weights


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the user's caches nor settings."""
    monkeypatch.delenv("CNNVIS_WEIGHTS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")


def test_the_doctor_finds_nothing_wrong_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    for name in ("tensorflow", "keras", "ipywidgets", "anywidget", "voila", "jupyterlab"):
        assert re.search(rf"^✓ {name} +{re.escape(importlib.metadata.version(name))}$", text, re.M)
    for name in loading.architectures():
        assert re.search(rf"^[✓·] {name} ", text, re.M)
    assert re.search(r"^· vgg16 +not here; .*cnnvis models fetch vgg16", text, re.M)
    assert re.search(r"^✓ memory +\d+ MB free", text, re.M)
    assert "✗" not in text


def wrong(capsys: pytest.CaptureFixture[str]) -> str:
    """What a doctor's report ends with who has found something."""
    assert main(["doctor"]) == 1
    table, _, end = capsys.readouterr().out.partition("\n\n")
    assert table.count("✗") == end.count("✗")
    return end


def test_the_doctor_tells_what_is_missing_or_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = doctor.installed
    instead = {"voila": None, "lime": None, "anywidget": "0.9.2"}
    monkeypatch.setattr(
        doctor, "installed", lambda name: instead[name] if name in instead else installed(name)
    )
    end = wrong(capsys)
    assert re.search(r"✗ voila: run: pip install 'voila<0\.6,>=", end)
    assert re.search(r"✗ lime: run: pip install 'lime>=", end)
    assert re.search(r"✗ anywidget: >=0\.9\.18 is needed; run: pip install", end)
    assert len(end.splitlines()) == 3


def test_the_doctor_looks_for_what_the_browser_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "anywidget"
    there.mkdir()
    (there / "package.json").write_text("{}")
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda _: [str(tmp_path)])
    end = wrong(capsys)
    assert end.startswith("✗ ipywidgets for the browser: no widget will show")
    assert "pip install --force-reinstall ipywidgets" in end
    assert len(end.splitlines()) == 1


def test_the_doctor_looks_at_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "free_memory_mb", lambda: 700)
    assert "✗ memory: TensorFlow and a network take about 1000 MB" in wrong(capsys)
    monkeypatch.setattr(doctor, "free_memory_mb", lambda: 1700)
    assert main(["doctor"]) == 0
    assert "1700 MB free; loading VGG-16 takes" in capsys.readouterr().out


def test_memory_is_the_machine_s_or_the_container_s(monkeypatch: pytest.MonkeyPatch) -> None:
    Memory = namedtuple("Memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(5000 * 2**20))
    files = {"memory.max": "3145728000\n", "memory.current": "1048576000"}  # 3000 and 1000 MB
    monkeypatch.setattr(Path, "read_text", lambda self: files[self.name])
    assert doctor.free_memory_mb() == 2000
    files["memory.max"] = "max\n"
    assert doctor.free_memory_mb() == 5000


def test_the_doctor_misses_the_notebooks_and_the_default_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "notebooks_folder", lambda: tmp_path)
    default = type(loading.architectures()["efficientnet_lite0"])
    monkeypatch.setattr(default, "available", lambda self, folder=None: "its package is absent")
    end = wrong(capsys)
    assert "✗ notebooks: There is no notebook 'explorer'" in end
    assert "✗ efficientnet_lite0: its package is absent" in end


def test_the_report_is_written_into_a_file_of_any_encoding() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cnnvis_widgets.cli", "doctor"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert b"Traceback" not in done.stderr
    assert b"tensorflow" in done.stdout
