"""Restricts a public page's kernel to writing in its own folder.

No request of a visitor names a file to write. This is the second line of defence: an audit hook
(PEP 578), which cannot be removed, refuses to open, create, rename or remove files elsewhere. It
sees Python's operations, not those of C libraries.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from cnnvis_widgets import policy

VARIABLE = "CNNVIS_OWN_FOLDER"
"""Passes the folder to processes that the kernel starts."""

_OF_A_PAGE = "VOILA_BASE_URL"  # Voilà gives it to kernels, and to nothing else
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    # event → the indices of its path and of the directory that the path is relative to
    "os.mkdir": ((0, 2),),
    "os.rmdir": ((0, 1),),
    "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((0, 2), (1, 3)),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "os.setxattr": ((0, None),),
    "os.mkfifo": ((0, None),),
    "os.mknod": ((0, None),),
}

_OF_LINKS = {"os.mkdir", "os.rmdir", "os.remove", "os.rename", "os.link", "os.symlink"}
"""If the last part of a path is a link, these act on the link and not on its target."""


def enforce() -> str:
    """Create this process' folder and restrict writing to it, if it is a public page's kernel.

    Returns:
        The folder; "" in every other process.
    """
    bounds = policy.current()
    if not bounds.public or _OF_A_PAGE not in os.environ:
        return ""
    folder = os.environ.get(VARIABLE, "")
    if not folder:
        parent = Path(bounds.visitors or tempfile.gettempdir())
        folder = str(parent / f"{os.getpid()}")
        Path(folder).mkdir(0o700, parents=True, exist_ok=True)
        os.environ[VARIABLE] = os.environ["TMPDIR"] = tempfile.tempdir = folder
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _keep_within(os.path.realpath(folder))
    return folder


def _keep_within(folder: str) -> None:
    inside = (folder + os.sep, "/dev/null", "/dev/shm/")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if flags & _WRITING if isinstance(flags, int) else set(mode or "") & set("wax+"):
                check(path, -1, True)
        elif event in _CHANGES:
            for index, start in _CHANGES[event]:
                directory = -1 if start is None else arguments[start]
                check(arguments[index], directory, event not in _OF_LINKS)

    def check(path: object, start: int, follow: bool) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # the descriptor of an open file
        name = Path(f"/proc/self/fd/{start}" if start >= 0 else "", os.fsdecode(path))
        target = (
            os.path.realpath(name) if follow else f"{os.path.realpath(name.parent)}/{name.name}"
        )
        if target != folder and not target.startswith(inside):
            raise PermissionError("On a public page files are written to the page's folder alone.")

    sys.addaudithook(hook)


def remove_stale_folders(visitors: Path) -> None:
    """Remove the folders of kernels that have ended without removing them."""
    import psutil

    for folder in visitors.iterdir():
        if folder.name.isdecimal() and not psutil.pid_exists(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
