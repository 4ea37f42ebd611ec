"""A public page's kernel writes to a folder of its own, and nowhere else.

Nothing that a visitor can ask for names a file to write. This is the second line of defence, if
there is a way all the same: an audit hook (PEP 578), which cannot be removed, refuses to open,
make, rename or remove files elsewhere. It sees what Python does, not what libraries in C do by
themselves.
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
"""Names the folder for processes that the kernel starts."""

_OF_A_PAGE = "VOILA_BASE_URL"  # Voilà gives it to kernels, and to nothing else
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES: dict[str, tuple[tuple[int, int | None], ...]] = {
    # event → which of its arguments is a path, and which the folder that it counts from
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
"""Where the last part of a path is a link, these are about the link and not where it leads."""


def enforce() -> str:
    """Give this process its folder and keep it within, where it is a public page's.

    Returns:
        The folder; "" in every other process.
    """
    bounds = policy.current()
    if not bounds.public or _OF_A_PAGE not in os.environ:
        return ""
    own = os.environ.get(VARIABLE, "")
    if not own:
        place = Path(bounds.visitors or tempfile.gettempdir())
        own = str(place / f"{os.getpid()}")
        Path(own).mkdir(0o700, parents=True, exist_ok=True)
        os.environ[VARIABLE] = os.environ["TMPDIR"] = tempfile.tempdir = own
        atexit.register(shutil.rmtree, own, ignore_errors=True)
    _keep_within(os.path.realpath(own))
    return own


def _keep_within(folder: str) -> None:
    inside = (folder + os.sep, "/dev/null", "/dev/shm/")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            if flags & _WRITING if isinstance(flags, int) else set(mode or "") & set("wax+"):
                check(path, -1, True)
        elif event in _CHANGES:
            for which, start in _CHANGES[event]:
                within = -1 if start is None else arguments[start]
                check(arguments[which], within, event not in _OF_LINKS)

    def check(path: object, start: int, follow: bool) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            return  # a file that is open already
        name = Path(f"/proc/self/fd/{start}" if start >= 0 else "", os.fsdecode(path))
        where = os.path.realpath(name) if follow else f"{os.path.realpath(name.parent)}/{name.name}"
        if where != folder and not where.startswith(inside):
            raise PermissionError("On a public page files are written to the page's folder alone.")

    sys.addaudithook(hook)


def tidy(visitors: Path) -> None:
    """Remove the folders of kernels that have ended without doing so."""
    import psutil

    for folder in visitors.iterdir():
        if folder.name.isdecimal() and not psutil.pid_exists(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
