"""Node and the tools in node_modules, as `make` puts them in place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NODE = str(Path(sys.executable).parent / "node")
TOOLS = ROOT / "node_modules" / ".bin"


def tool(name: str, *arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a tool of node_modules.

    Raises:
        FileNotFoundError: `make` has not put it in place yet.
    """
    if not (TOOLS / name).exists():
        raise FileNotFoundError(
            f"node_modules/ lacks {name}: run `make lint` once, which fetches it."
        )
    path = os.pathsep.join([str(Path(NODE).parent), os.environ["PATH"]])
    return subprocess.run(
        [str(TOOLS / name), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
