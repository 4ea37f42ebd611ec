"""Records date, machine and versions of a study's computations in provenance.jsonl."""

from __future__ import annotations

import json
import os
import platform
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from cnnvis_widgets.study.store import Store

FILE = "provenance.jsonl"
PACKAGES = ("cnnvis-widgets", "tensorflow", "keras", "numpy", "scipy", "scikit-image", "lime")


def record(store: Store, **facts: Any) -> None:
    """Append a record of a computation: date, machine, versions.

    Args:
        store: the study's folder.
        facts: further plain data: `command` or `runs`.

    Raises:
        FileError: the folder cannot be written to.
    """
    date = datetime.now().astimezone().isoformat(timespec="seconds")
    store.append(FILE, {"date": date, **facts, "machine": machine(), "versions": versions()})


def records(store: Store) -> list[dict[str, Any]]:
    """The records; invalid lines are left out."""
    path = store.path / FILE
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
    except OSError:
        return []
    valid = []
    for text in lines:
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("date"), str):
            valid.append(line)
    return valid


def machine() -> dict[str, str]:
    """Processor, cores, memory and system, in words."""
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def processor() -> str:
    """The processor's name, from the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that compute, which are not loaded."""
    by_package = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            by_package[name] = version(name)
        except PackageNotFoundError:
            continue
    return by_package
