"""`cnnvis app` and `cnnvis lab`: the notebooks as pages through Voilà, or in JupyterLab."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import socket
import tempfile
import threading
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from cnnvis_widgets import policy
from cnnvis_widgets.course import notebooks_folder
from cnnvis_widgets.course.catalogue import INDEX
from cnnvis_widgets.errors import CnnvisError, FileError, InvalidValueError, UnknownNameError
from cnnvis_widgets.serving.class_page import ADDRESS, Facts, Lecturer
from cnnvis_widgets.serving.limits import AMONG_FRIENDS, THEMES, Publishing
from cnnvis_widgets.serving.ready_kernels import waiting_kernels

if TYPE_CHECKING:
    from traitlets.config import Config

FIRST = "explorer"
APP_PORT = 8866
LAB_PORT = 8888
PORTS_TRIED = 50

PREHEAT = True
"""Whether to preheat kernels for the next visitors."""

WAITING = (INDEX, FIRST, "glossary")
"""Other pages with a preheated kernel. Lessons have none: their text is sent before any cell has
run. The comparer and the scoreboard load TensorFlow, which would take too much memory."""

IDLE_SECONDS = 600
"""The time after which a kernel without a connection is ended; a connected one never is."""

CULL_EVERY_SECONDS = 60

PAGE = {
    "strip_sources": True,
    "theme": "light",
    "template": "cnnvis",  # needs no internet
    # Not made for Voilà: it fills the browser's console with errors
    "extension_denylist": "@jupyter-notebook/lab-extension",
}
"""Voilà's settings for pages."""


PREPROCESSORS = ["cnnvis_widgets.course.pages.prepare"]
"""Turn a notebook into a page of the course: links to the glossary and other lessons, the code."""

FILTERS = {"without_paths": "cnnvis_widgets.errors.without_paths"}
"""Filters of the page's template."""

_PACKAGE = Path(__file__).parents[1]


class Server(NamedTuple):
    """Settings of a server.

    Attributes:
        port: None for the first free one.
        host: the name or address to listen at.
        browser: whether to open a browser.
        settings: "Class.name=value", passed on unchanged.
    """

    port: int | None = None
    host: str = "localhost"
    browser: bool = True
    settings: Sequence[str] = ()


def find_notebook(name: str) -> Path:
    """Find a bundled notebook by name, with or without its ending, or any by its path.

    Raises:
        UnknownNameError: no such notebook; the message lists the bundled ones.
        FileError: the path is not that of a notebook.
    """
    path = Path(name).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return path.resolve()
    if path.parent != Path() or (path.suffix and path.suffix != ".ipynb"):
        raise FileError(f"There is no notebook {name!r}: the path of an .ipynb file was expected.")
    folder = notebooks_folder()
    notebook = folder / f"{path.stem if path.suffix == '.ipynb' else name}.ipynb"
    if not notebook.is_file():
        names = sorted(p.stem for p in folder.glob("*.ipynb"))
        raise UnknownNameError.of("notebook", name, names)
    return notebook


def app(
    notebook: str,
    server: Server,
    preheat: bool = PREHEAT,
    publishing: Publishing = AMONG_FRIENDS,
    facts: Facts | None = None,
) -> int:
    """Serve the notebooks of a folder as pages until Ctrl+C.

    Args:
        notebook: the start page; see `find_notebook`.
        server: settings.
        preheat: see `PREHEAT`.
        publishing: the audience.
        facts: returns statistics of the shared engine, for the lecturer's page.
    """
    path = find_notebook(notebook)
    if publishing.public:
        refuse_what_tells_too_much(server.settings)
    port = free_port(server, APP_PORT)
    set_policy(path, publishing)
    quiet_kernels()
    quiet_pings()
    find_template()
    from traitlets.config import Config

    from cnnvis_widgets.serving.progressive_voila import ProgressiveVoila

    lecturer = Lecturer(facts)
    base = f"http://{server.host}:{port}{publishing.base_url}"
    url = f"{base}voila/render/{path.name}"
    print(f"{path.name} is served at {url}   (Ctrl+C ends it)")
    print(f"For the lecturer, how it goes: {base}{ADDRESS}?key={lecturer.key}", flush=True)
    if server.browser:
        _open_when_ready(server.host, port, url)
    ProgressiveVoila.launch_instance(
        argv=voila_arguments(path, port, server, preheat, publishing.base_url),
        config=Config(voila_tables(path, publishing, lecturer)),
    )
    return 0


def set_policy(path: Path, publishing: Publishing) -> None:
    """Set the policy of this process and its children for pages of a notebook."""
    bound_kernels(path.parent, publishing.public)


def bound_kernels(folder: Path, public: bool) -> None:
    """Set the policy of the pages' kernels, which inherit it.

    Args:
        folder: the folder of the notebooks.
        public: whether the pages are for anyone.
    """
    bounds, current = policy.PUBLIC if public else policy.SERVED, policy.current()
    bounds = replace(bounds, folder=str(folder))
    if replace(current, visitors="") == bounds:
        return
    if public:
        visitors = tempfile.mkdtemp(prefix="cnnvis-visitors-")
        atexit.register(shutil.rmtree, visitors, ignore_errors=True)
        bounds = replace(bounds, visitors=visitors)
    os.environ[policy.VARIABLE] = bounds.text()


def refuse_what_tells_too_much(settings: Sequence[str]) -> None:
    """Forbid settings that show tracebacks on a public page.

    Raises:
        InvalidValueError: such a setting.
    """
    for setting in settings:
        name, _, value = setting.lstrip("-").partition("=")
        if name.endswith("show_tracebacks") and value.lower() not in ("false", "0"):
            raise InvalidValueError(f"With --public, {name} stays off: tracebacks name files.")


def voila_arguments(
    path: Path, port: int, server: Server, preheat: bool, base_url: str = "/"
) -> list[str]:
    """Arguments of `voila`; they take precedence over the user's Jupyter configuration."""
    settings = {
        "Voila.open_browser": False,  # Voilà would open the list of files
        "Voila.port": port,
        "Voila.port_retries": 0,
        "Voila.ip": server.host,
        "Voila.base_url": base_url,
        "Voila.log_level": "ERROR",
        **{f"VoilaConfiguration.{name}": value for name, value in PAGE.items()},
        "VoilaConfiguration.preheat_kernel": preheat,
        "MappingKernelManager.cull_idle_timeout": IDLE_SECONDS,
        "MappingKernelManager.cull_interval": CULL_EVERY_SECONDS,
    }
    return [str(path.parent), *_options(settings, server.settings)]


def voila_tables(
    path: Path,
    publishing: Publishing = AMONG_FRIENDS,
    lecturer: Lecturer | None = None,
) -> dict[str, dict[str, object]]:
    """Settings that are tables, which a command line does not accept."""
    pages = [f"{name}.ipynb" for name in WAITING if (path.parent / f"{name}.ipynb").is_file()]
    shared = lecturer is not None and lecturer.facts is not None
    waiting = waiting_kernels(psutil.virtual_memory().total, shared, path.name, pages)
    # Voilà starts the first of each at once; `ReadyKernels` starts the others
    pools = {"default": {"pool_size": 0}} | {name: {"pool_size": 1} for name in waiting}
    return {
        "VoilaExporter": {"preprocessors": PREPROCESSORS, "filters": FILTERS},
        "VoilaKernelManager": {"kernel_pools_config": pools},
        # By default outputs later than 4 s after their cell has run are lost; on a busy machine a
        # page stayed blank
        "VoilaExecutor": {"iopub_timeout": 60},
        "ProgressiveVoila": {
            "publishing": publishing,
            "first_page": path.name,
            "lecturer": lecturer or Lecturer(),
            "waiting": waiting,
        },
        # A page that is closed asks for its kernel's end without a token; Voilà would refuse that,
        # and each visitor leave a TensorFlow of 700 MB behind. What only the page may do asks for
        # a cookie that no other site's request carries (see owners.py).
        "Voila": {"tornado_settings": {"disable_check_xsrf": True}},
    }


def within_a_jupyter_server(config: Config) -> None:
    """Configure a Jupyter server with Voilà's extension for the same pages (Binder).

    Args:
        config: of `get_config()` in a `jupyter_server_config.py`.
    """
    quiet_kernels()
    find_template()
    config.VoilaConfiguration.update({**PAGE, "resources": {"cnnvis_lab": True}})
    config.VoilaConfiguration.prelaunch_hook = refuse_other_looks
    config.VoilaConfiguration.extension_denylist = [PAGE["extension_denylist"]]
    config.VoilaExporter.preprocessors = PREPROCESSORS
    config.VoilaExporter.filters = FILTERS


def refuse_other_looks(handler: Any, notebook: object, cwd: str) -> None:
    """A prelaunch hook that rejects unknown themes and templates in the address.

    Voilà inserts the theme into the page unchecked, and hangs for some templates.
    """
    from tornado.web import HTTPError

    if handler.get_argument("theme", THEMES[0]) not in THEMES:
        raise HTTPError(404)
    if handler.get_argument("template", PAGE["template"]) != PAGE["template"]:
        raise HTTPError(404)


def _options(settings: dict[str, object], user_settings: Sequence[str]) -> list[str]:
    """Options, except those that the user has set, as traitlets accepts each only once."""
    set_by_user = {setting.lstrip("-").partition("=")[0] for setting in user_settings}
    options = [f"--{name}={value}" for name, value in settings.items() if name not in set_by_user]
    return [*options, *(f"--{setting.lstrip('-')}" for setting in user_settings)]


def lab(notebook: str, server: Server) -> int:
    """Open a notebook in JupyterLab, with its folder."""
    path = find_notebook(notebook)
    if path.parent == _PACKAGE / "_notebooks":
        path = copied_here(path.parent) / path.name
    port = free_port(server, LAB_PORT)
    quiet_kernels()
    from jupyterlab.labapp import LabApp

    settings = {
        "ServerApp.root_dir": path.parent,
        "LabApp.default_url": f"/lab/tree/{path.name}",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.ip": server.host,
        "ServerApp.open_browser": server.browser,
    }
    LabApp.launch_instance(argv=_options(settings, server.settings))
    return 0


def copied_here(source: Path) -> Path:
    """Copy the installed notebooks into the current folder, to edit them there.

    Existing files are not changed.
    """
    target = Path.cwd() / "cnnvis-notebooks"
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    print(f"The notebooks are in {target}")
    return target


def quiet_pings() -> None:
    """Silence a warning of Tornado, which misreads Jupyter's milliseconds as seconds.

    The setting that it suggests would close each connection after 30 s: Jupyter waits for the
    answer to a ping from the start, and sends the first ping after 30 s.
    """
    logging.getLogger("tornado.general").addFilter(
        lambda record: "websocket_ping_timeout" not in record.getMessage()
    )


def quiet_kernels() -> None:
    """Silence TensorFlow's start-up messages in kernels, which would appear on the page."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def find_template() -> None:
    """Put our page template first in Jupyter's data directories, where Voilà looks for it."""
    inherited = os.environ.get("JUPYTER_PATH")
    paths = [str(Path(__file__).parent / "voila_template"), *([inherited] if inherited else [])]
    os.environ["JUPYTER_PATH"] = os.pathsep.join(paths)


def free_port(server: Server, default: int) -> int:
    """The requested port, or the first free one.

    Raises:
        CnnvisError: the requested one is taken, or none is free.
    """
    candidates = [server.port] if server.port else range(default, default + PORTS_TRIED)
    reason: object = ""
    for port in candidates:
        if not 0 < port < 65536:  # the C library would take it modulo 65536
            reason = "ports go from 1 to 65535"
            continue
        try:
            family, socket_type, protocol, _, address = socket.getaddrinfo(
                server.host, port, type=socket.SOCK_STREAM
            )[0]
            with socket.socket(family, socket_type, protocol) as probe:
                if os.name == "posix":  # allows a recently used port; elsewhere it would steal one
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
                return port
        except OSError as error:
            reason = error.strerror or error
    raise CnnvisError(f"Port {candidates[0]} at {server.host} cannot be used: {reason}.")


def _open_when_ready(host: str, port: int, url: str, seconds: float = 60) -> threading.Thread:
    """Open the page in a browser as soon as the server listens."""

    def wait() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                socket.create_connection((host, port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                webbrowser.open(url)
                return

    thread = threading.Thread(target=wait, name="cnnvis-browser", daemon=True)
    thread.start()
    return thread
