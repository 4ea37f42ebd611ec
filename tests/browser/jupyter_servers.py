"""Real Jupyter servers and the pages they serve, for the tests that drive a browser.

A server is one process for the whole test session, on a free loopback port, with directories of
its own for configuration, data and notebooks: neither the user's settings nor earlier runs matter.
"""

from __future__ import annotations

import ast
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import nbformat
import psutil
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

import cnnvis_widgets

# Everything but this machine is unreachable, for the browser (resolver rule) and for the server and
# its kernels (a proxy that nobody answers at), so that a forgotten CDN shows here and not in a
# lecture hall.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
NO_INTERNET = {
    **dict.fromkeys(
        ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"], "http://127.0.0.1:9"
    ),
    **dict.fromkeys(["no_proxy", "NO_PROXY"], "127.0.0.1,localhost"),
}
LOOPBACK = re.compile(r"^(https?|wss?)://(127\.0\.0\.1|localhost)[:/]|^(data|blob|about):")

# What a page may say or ask for although it is not wanted: pattern -> reason. Nothing of ours.
ALLOWED = {
    r"cdn\.jsdelivr\.net/npm/@fortawesome/": (
        "Voilà's stock page template links an icon font from a CDN; it is refused here, and the "
        "page has to be whole without it."
    ),
}

# A cell that lets a test run Python in the page's kernel, the same way in Voilà and in Lab: Voilà
# lets no code through but messages of widgets.
REMOTE = """
import anywidget as _anywidget

class _Remote(_anywidget.AnyWidget):
    _esm = '''
    export default { initialize({ model }) {
      const waiting = new Map();
      model.on("msg:custom", (m) => { waiting.get(m.id)(m); waiting.delete(m.id); });
      window.cnnvisKernel = (code) => new Promise((resolve) => {
        const id = String(Math.random());
        waiting.set(id, resolve);
        model.send({ id, code });
      });
    } };
    '''
    def __init__(self):
        super().__init__()
        self.on_msg(self._run)
    def _run(self, _, message, buffers):
        import ast, traceback
        space = get_ipython().user_ns
        try:
            *before, last = ast.parse(message["code"]).body or [ast.Pass()]
            value = None
            if not isinstance(last, ast.Expr):
                before, last = [*before, last], None
            exec(compile(ast.Module(before, []), "<test>", "exec"), space)
            if last is not None:
                value = eval(compile(ast.Expression(last.value), "<test>", "eval"), space)
            self.send({"id": message["id"], "value": repr(value)})
        except BaseException:
            self.send({"id": message["id"], "error": traceback.format_exc()})

_remote = _Remote()
"""


def in_kernel(page: Page, code: str) -> str:
    """Run Python in the page's kernel and return the repr of its last expression.

    Raises:
        AssertionError: the code raised; the message is the kernel's traceback.
    """
    answer = page.evaluate("(code) => window.cnnvisKernel(code)", code)
    assert "error" not in answer, answer.get("error")
    return answer["value"]


def awaited(page: Page, code: str, wanted: Callable[[Any], bool]) -> Any:
    """The value of Python's last expression in the page's kernel, once it is as wanted.

    Raises:
        AssertionError: after 5 s it is not.
    """
    value = ast.literal_eval(in_kernel(page, code))
    for _ in range(100):
        if wanted(value):
            break
        page.wait_for_timeout(50)
        value = ast.literal_eval(in_kernel(page, code))
    assert wanted(value), value
    return value


def expect_in_kernel(page: Page, code: str, expected: Any) -> None:
    """Wait until Python's last expression in the page's kernel has a value: a literal.

    Raises:
        AssertionError: after 5 s it has another.
    """
    awaited(page, code, lambda value: value == expected)


def write_notebook(path: Path, cells: Sequence[str] | Path, *, remote: bool = True) -> None:
    """Write a notebook of the given code cells (or a copy of one), the test's own way in last."""
    if isinstance(cells, Path):
        notebook = nbformat.read(cells, as_version=4)
    else:
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text) for text in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
    if remote:
        notebook.cells.append(nbformat.v4.new_code_cell(REMOTE))
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)


@dataclass
class PageLog:
    """What went wrong in one page: errors on its console, exceptions, requests off the machine."""

    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    allowed: dict[str, str] = field(default_factory=lambda: dict(ALLOWED))

    def listen(self, context: BrowserContext, page: Page) -> None:
        """Collect from now on, also from pages and web sockets that `page` opens."""

        def on_console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.errors.append(f"console: {message.text} ({message.location.get('url', '')})")

        def on_request(request: Request) -> None:
            if not LOOPBACK.match(request.url):
                self.outside.append(request.url)

        def on_socket(socket: Any) -> None:
            if not LOOPBACK.match(socket.url):
                self.outside.append(socket.url)

        context.on("request", on_request)
        page.on("console", on_console)
        page.on("websocket", on_socket)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error.stack or error}"))

    def unexpected(self) -> list[str]:
        """All of it that no entry of the allow-list covers."""
        messages = self.errors + [f"request off this machine: {url}" for url in self.outside]
        return [line for line in messages if not any(re.search(p, line) for p in self.allowed)]


# What mends Voilà's pages.
OURS = Path(cnnvis_widgets.__file__).parent / "serving" / "voila_template"
FORKING = Path(__file__).with_name("forking_server.py")
NURSERY = "cnnvis_widgets.serving.kernel_fork_server"
FOLDERS = ("notebooks", "config/labconfig", "runtime", "data/kernels/python3", "user")


class JupyterServer:
    """One server process with a home of its own.

    Args:
        home: an empty directory for its settings, kernels and notebooks.
        command: what Python runs and its options; `{port}` and `{root}` are filled in.
        ready: the path that answers once the server is up.
    """

    def __init__(self, home: Path, command: Sequence[str], ready: str) -> None:
        self.root = home / "notebooks"
        self.log = home / "server.log"
        for folder in FOLDERS:
            (home / folder).mkdir(parents=True, exist_ok=True)
        kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (home / "data/kernels/python3/kernel.json").write_text(
            json.dumps({"argv": kernel, "display_name": "Python 3", "language": "python"})
        )
        # Lab would otherwise ask whether to fetch news, and look for extensions on the internet.
        off = ["apputils-extension:announcements", "extensionmanager-extension"]
        (home / "config/labconfig/page_config.json").write_text(
            json.dumps({"disabledExtensions": {f"@jupyterlab/{name}": True for name in off}})
        )
        self.port = free_port()
        self._ready = ready
        values = {"port": str(self.port), "root": str(self.root)}
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "IPYTHON"))},
            **NO_INTERNET,
            # come first; the environment's own stays behind them
            "JUPYTER_PATH": os.pathsep.join(map(str, [home / "data", OURS])),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTER_DATA_DIR": str(home / "user"),
            "IPYTHONDIR": str(home / "ipython"),
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *(part.format(**values) for part in command)],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self, seconds: float = 180) -> Self:
        """Wait until it answers; when it does not, it is stopped, and its log is in the error."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", self._ready)
                if connection.getresponse().status < 500:
                    return self
            except OSError:
                time.sleep(0.2)
            finally:
                connection.close()
        self.stop()  # nobody else will: the fixture that asked for it has no server to stop
        raise AssertionError(f"The server did not come up in {seconds:g} s:\n{self.tail()}")

    def tail(self, lines: int = 40) -> str:
        """The end of the server's log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def kernels(self) -> list[psutil.Process]:
        """The kernels that run now: started by themselves, or forked from the fork server."""
        family = self._descendants()
        nurseries = {p.pid for p in family if NURSERY in cmdline(p)}
        return [
            p
            for p in family
            if any("ipykernel_launcher" in a for a in cmdline(p)) or parent_of(p) in nurseries
        ]

    def await_no_kernels(self, seconds: float = 15) -> None:
        """Wait for the kernels of closed pages to end.

        Raises:
            AssertionError: some still run, as they would on a public server, one for each visitor.
                They are ended: the next test is not to fail for them.
        """
        end = time.monotonic() + seconds
        while left := self.kernels():
            if time.monotonic() > end:
                end_all(left)
                ages = ", ".join(f"{time.time() - kernel.create_time():.0f} s" for kernel in left)
                raise AssertionError(
                    f"{len(left)} kernels outlive their pages (started {ages} ago)."
                    f"\nThe server's log ends:\n{self.tail()}"
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """End the server and all that it started."""
        family = self._descendants()  # a kernel leads a process group of its own
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(10)
        end_all(family)

    def _descendants(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def voila_server(home: Path) -> JupyterServer:
    """Voilà over a directory of notebooks, as `voila .` serves it, with tracebacks shown."""
    options = [
        str(FORKING),
        "voila.app",
        "{root}",
        "--no-browser",
        "--port={port}",
        "--Voila.ip=127.0.0.1",
    ]
    options += ["--show_tracebacks=True"]
    # Voilà loads the extensions of Lab that it finds; this one does not suit it and fills the
    # console with errors.
    options += ["--VoilaConfiguration.extension_denylist=@jupyter-notebook/lab-extension"]
    # A page that closes asks for its kernel's end; without this, Voilà 0.5 refuses (it never set
    # the cookie that it wants to see), and kernels pile up.
    options += ["--Voila.tornado_settings={{'disable_check_xsrf': True}}"]
    return JupyterServer(home, options, "/voila/tree").wait()


def app_server(home: Path, notebook: str = "explorer", scheduler: str = "") -> JupyterServer:
    """`cnnvis app` for a notebook and its neighbours, with tracebacks shown.

    Args:
        home: as for `JupyterServer`; {root} in `notebook` is its directory of notebooks.
        notebook: a name or a path.
        scheduler: the address of a cluster; "" starts one of its own.
    """
    options = ["-m", "cnnvis_widgets.cli", "app", notebook, "--no-browser", "--no-preheat"]
    options += ["--port={port}", "--host=127.0.0.1"]
    options += ["--option", "VoilaConfiguration.show_tracebacks=True"]
    options += ["--scheduler", scheduler] if scheduler else []
    return JupyterServer(home, options, "/voila/static/voila.js").wait()


def lab_server(home: Path) -> JupyterServer:
    """JupyterLab (and Notebook) over a directory of notebooks, without a token."""
    options = [str(FORKING), "jupyterlab.labapp", "--no-browser", "--allow-root", "--port={port}"]
    options += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"]
    options += ["--ServerApp.root_dir={root}", "--IdentityProvider.token="]
    options += ["--ServerApp.disable_check_xsrf=True"]  # so that a test can end its sessions
    options += ["--LabApp.news_url=", "--LabApp.extension_manager=readonly"]
    for application in ("LabApp", "JupyterNotebookApp"):  # the tests run the cells through it
        options += [f"--{application}.expose_app_in_browser=True"]
    return JupyterServer(home, options, "/api/status").wait()


def find_chromium() -> str | None:
    """The system's Chromium; None leaves the choice to Playwright (its own download)."""
    known = ["/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, known)), None)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cmdline(process: psutil.Process) -> list[str]:
    """A process' command line, empty when it has ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def parent_of(process: psutil.Process) -> int | None:
    """The id of a process' parent, None when it has ended meanwhile."""
    try:
        return process.ppid()
    except psutil.Error:
        return None


def end_all(processes: Sequence[psutil.Process]) -> None:
    """End processes that are still there."""
    for process in _alive(processes):
        process.terminate()
    _, left = psutil.wait_procs(list(_alive(processes)), timeout=5)
    for process in left:
        process.kill()


def _alive(processes: Sequence[psutil.Process]) -> Iterator[psutil.Process]:
    return (p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE)
