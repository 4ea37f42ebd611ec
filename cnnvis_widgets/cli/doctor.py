"""`cnnvis doctor`: checks the installation, without importing what it checks."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cnnvis_widgets.errors import CnnvisError

DISTRIBUTION = "cnnvis-widgets"
SHOWN = ("tensorflow", "keras", "ipywidgets", "anywidget", "voila", "jupyterlab", "notebook")
EXTENSIONS = {"anywidget": "anywidget", "ipywidgets": "@jupyter-widgets/jupyterlab-manager"}

NEEDED_MB = 1000
"""Memory of a kernel with TensorFlow and the default network (710 MB measured), rounded up."""

VGG_MB = 2400
"""Peak memory while VGG-16 is loaded."""


class Check(NamedTuple):
    """A result.

    Attributes:
        what: the name of the checked item.
        state: its state.
        wrong: the problem, or "".
        note: a remark that is not a problem, or "".
    """

    what: str
    state: str
    wrong: str = ""
    note: str = ""


def examine() -> list[Check]:
    """Run all checks."""
    return [
        *_python(),
        *_packages(),
        *_extensions(),
        *_notebooks(),
        *_weights(),
        *_memory(),
    ]


def report(checks: list[Check]) -> str:
    """The checks as a text, problems last."""
    width = max(len(check.what) for check in checks)
    lines = []
    for check in checks:
        mark = "✗" if check.wrong else "·" if check.note else "✓"
        state = f"{check.state}; {check.note}" if check.note else check.state
        lines.append(f"{mark} {check.what:{width}}  {state}")
    problems = [f"✗ {check.what}: {check.wrong}" for check in checks if check.wrong]
    noted = any(check.note for check in checks)
    summary = (
        "Everything works offline, except what has a dot before it." if noted else "All is well."
    )
    return "\n".join([*lines, "", *(problems or [summary])])


def _python() -> Iterator[Check]:
    version = platform.python_version()
    too_old = sys.version_info < (3, 11)
    yield Check(
        "python", f"{version}, {sys.executable}", "3.11 or later is needed" if too_old else ""
    )
    if Path("/proc/cpuinfo").is_file() and platform.machine() in ("x86_64", "AMD64"):
        flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        if flags and " avx " not in f"{flags.group(1)} ":
            yield Check("processor", "without AVX", "TensorFlow's own builds crash on it at import")


def _packages() -> Iterator[Check]:
    requirements = _requirements()
    names = [*SHOWN, *(name for name in sorted(requirements) if name not in SHOWN)]
    for name in names:
        needed = requirements.get(name, "")
        version = installed(name)
        if version is None:
            yield Check(name, "not installed", f"run: pip install '{name}{needed}'")
        elif needed and not _fits(version, needed):
            yield Check(name, version, f"{needed} is needed; run: pip install '{name}{needed}'")
        elif name in SHOWN:
            yield Check(name, version)


def installed(name: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirements() -> dict[str, str]:
    """The requirements in this package's metadata: name → versions."""
    from packaging.requirements import Requirement

    try:
        lines = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:  # run from a folder, not installed
        return {}
    requirements = [Requirement(line) for line in lines]
    return {
        r.name: str(r.specifier)
        for r in requirements
        if r.marker is None or r.marker.evaluate({"extra": ""})
    }


def _fits(version: str, needed: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(needed).contains(version, prereleases=True)


def _extensions() -> Iterator[Check]:
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    for owner, name in EXTENSIONS.items():
        found = [folder for folder in folders if (folder / name / "package.json").is_file()]
        title = f"{owner} for the browser"
        if found:
            yield Check(title, str(found[0] / name))
        else:
            yield Check(
                title,
                f"not in {', '.join(map(str, folders))}",
                f"no widget will show in JupyterLab or Voilà: the labextension {name} is missing; "
                f"run: pip install --force-reinstall {owner}",
            )


def _notebooks() -> Iterator[Check]:
    from cnnvis_widgets.serving.server import FIRST, find_notebook, notebooks_folder

    try:
        folder = notebooks_folder()
        find_notebook(FIRST)
    except CnnvisError as error:
        yield Check("notebooks", "incomplete", str(error))
    else:
        yield Check("notebooks", f"{len(list(folder.glob('*.ipynb')))} in {folder}")


def _weights() -> Iterator[Check]:
    from cnnvis_widgets.cli.models import whereabouts
    from cnnvis_widgets.zoo.loading import architectures

    for network in architectures().values():
        reason = network.available()
        if reason and network.weights in ("fetched", "extra"):  # no fault of the installation
            yield Check(network.name, "not here", note=reason)
        else:
            yield Check(network.name, "not here" if reason else whereabouts(network), reason)


def _memory() -> Iterator[Check]:
    free = free_memory_mb()
    if free is None:
        yield Check("memory", "not known")
    elif free < NEEDED_MB:
        yield Check(
            "memory", f"{free} MB free", f"TensorFlow and a network take about {NEEDED_MB} MB"
        )
    else:
        note = f"loading VGG-16 takes about {VGG_MB} MB" if free < VGG_MB else ""
        yield Check("memory", f"{free} MB free", note=note)
    from cnnvis_widgets.zoo.weights import cache_folder

    folder = next(p for p in (cache_folder(), *cache_folder().parents) if p.exists())
    yield Check("disk", f"{shutil.disk_usage(folder).free // 2**20} MB free in {folder}")


def free_memory_mb() -> int | None:
    """Available memory in 1024² bytes: the machine's, or its container's if less."""
    try:
        import psutil
    except ImportError:
        return None
    free = int(psutil.virtual_memory().available)
    control = Path("/sys/fs/cgroup")
    try:
        limit = (control / "memory.max").read_text().strip()
        used = int((control / "memory.current").read_text())
        if limit != "max":
            free = min(free, int(limit) - used)
    except (OSError, ValueError):  # no container, or an unknown kind
        pass
    return free // 2**20
