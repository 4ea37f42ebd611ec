"""Where and when it was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime
from pathlib import Path

import psutil

HERE = Path(__file__).parent


def machine() -> dict[str, str]:
    """Processor, cores, memory, load, system, date and commit, in words."""
    return {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "commit": commit(),
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load at the start": f"{psutil.getloadavg()[0]:.1f}",
    }


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def commit() -> str:
    """The commit measured; "+" where the package differs from it."""
    git = ["git", "-C", str(HERE.parent)]
    try:
        name = _run([*git, "rev-parse", "--short", "HEAD"])
        changed = _run([*git, "status", "--porcelain", "--", "cnnvis_widgets"])
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
