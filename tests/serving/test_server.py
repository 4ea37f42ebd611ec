from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from cnnvis_widgets.cli import main
from cnnvis_widgets.errors import CnnvisError, FileError, UnknownNameError
from cnnvis_widgets.serving import server as serving
from cnnvis_widgets.serving.server import Server


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cell = nbformat.v4.new_code_cell("print('shown', 6 * 7)  # a remark in the code")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
    path = tmp_path / "served" / "page.ipynb"
    path.parent.mkdir()
    nbformat.write(page, path)
    nbformat.write(page, path.with_name("other.ipynb"))
    return path


@pytest.mark.parametrize("preheat", [True, False])
def test_app_serves_pages_without_their_code(notebook: Path, tmp_path: Path, preheat: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "cnnvis_widgets.cli", "app", str(notebook), "--no-browser"]
    command += [f"--port={port}", "--host=127.0.0.1", "--option", "Voila.log_level=INFO"]
    command += ["--preheat"] if preheat else ["--no-preheat", "--engine=in-process"]
    log = tmp_path / "log"
    with log.open("wb") as file:
        server = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=tmp_path)
    try:
        pages = [_page(server, port, name) for name in ("page.ipynb", "other.ipynb")]
        end = time.monotonic() + 60
        while preheat and "Using pre-heated kernel" not in log.read_text("utf-8"):
            assert time.monotonic() < end  # the first visitor may come before it is warm
            pages.append(_page(server, port, "page.ipynb"))
        children = psutil.Process(server.pid).children(recursive=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
    for page in pages:
        assert "shown 42" in page
        assert "a remark in the code" not in page
        assert "JupyterLab Light" in page
    text = log.read_text("utf-8")
    first = text.splitlines()[0]
    assert first.startswith(f"page.ipynb is served at http://127.0.0.1:{port}/voila/render/page.")
    assert "Culling kernels with idle durations > 600 seconds at 60 second intervals" in text
    assert "not recognized" not in text
    assert "Deprecat" not in text
    assert ("Using pre-heated kernel" in text) == preheat
    assert children  # the kernels of the two pages
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []


def _page(server: subprocess.Popen[bytes], port: int, name: str) -> str:
    end = time.monotonic() + 120
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", f"/voila/render/{name}")
            return connection.getresponse().read().decode()
        except ConnectionError:
            assert server.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        finally:
            connection.close()


def test_ports_that_are_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        here = Server(host="127.0.0.1")
        assert serving.free_port(here, port) > port
        with pytest.raises(CnnvisError, match=f"Port {port} at 127.0.0.1 cannot be used"):
            serving.free_port(here._replace(port=port), 1)
    assert serving.free_port(here._replace(port=port), 1) == port
    with pytest.raises(CnnvisError, match="65535"):
        serving.free_port(here._replace(port=70000), 1)
    with pytest.raises(CnnvisError, match="cannot be used"):
        serving.free_port(Server(host="192.0.2.1"), 8866)


def test_notebooks_by_name_or_path(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "notebooks_folder", lambda: notebook.parent)
    assert serving.find_notebook("page") == notebook
    assert serving.find_notebook("page.ipynb") == notebook
    assert serving.find_notebook(str(notebook)) == notebook
    with pytest.raises(UnknownNameError, match="Did you mean 'page'"):
        serving.find_notebook("pag")
    with pytest.raises(FileError, match=r"an \.ipynb file was expected"):
        serving.find_notebook("no/such.ipynb")
    with pytest.raises(FileError, match=r"an \.ipynb file was expected"):
        serving.find_notebook("script.py")
    assert main(["app", "pgae", "--no-browser"]) == 2
    assert "Did you mean 'page'" in capsys.readouterr().err
    assert main(["lab", "nothing"]) == 2
    assert "There are: other, page" in capsys.readouterr().err


def test_the_notebooks_lie_in_the_wheel_or_beside_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "cnnvis_widgets"
    monkeypatch.setattr("cnnvis_widgets.course.catalogue._PACKAGE", package)
    (tmp_path / "notebooks").mkdir()  # somebody else's, in site-packages
    with pytest.raises(FileError, match="Install the package again"):
        serving.notebooks_folder()
    (tmp_path / "pyproject.toml").touch()
    assert serving.notebooks_folder() == tmp_path / "notebooks"
    (package / "_notebooks").mkdir(parents=True)
    assert serving.notebooks_folder() == package / "_notebooks"


def test_lab_opens_a_copy_of_installed_notebooks_and_keeps_what_was_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = tmp_path / "cnnvis_widgets" / "_notebooks"
    (installed / "solutions").mkdir(parents=True)
    for name in ("explorer.ipynb", "solutions/one.ipynb"):
        (installed / name).write_text("as it came")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(serving, "_PACKAGE", installed.parent)
    monkeypatch.setattr("cnnvis_widgets.course.catalogue._PACKAGE", installed.parent)
    asked: list[list[str]] = []
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", lambda argv: asked.append(argv))
    for _ in range(2):
        assert main(["lab", "--no-browser", "--option", "ServerApp.token=x"]) == 0
        (here / "cnnvis-notebooks" / "explorer.ipynb").write_text("changed")
    copy = here / "cnnvis-notebooks"
    assert (copy / "explorer.ipynb").read_text() == "changed"
    assert (copy / "solutions" / "one.ipynb").read_text() == "as it came"
    assert f"--ServerApp.root_dir={copy}" in asked[1]
    assert "--LabApp.default_url=/lab/tree/explorer.ipynb" in asked[1]
    assert "--ServerApp.open_browser=False" in asked[1]
    assert asked[1][-1] == "--ServerApp.token=x"
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"]


def test_the_browser_opens_once_something_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(serving.webbrowser, "open", opened.append)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        waiting = serving._open_when_ready("127.0.0.1", port, "http://x/", seconds=10)
        time.sleep(0.3)
        assert opened == []
        server.listen()
        waiting.join(10)
    assert opened == ["http://x/"]
