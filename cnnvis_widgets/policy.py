"""What a page that others open may ask for: set by `cnnvis app`, read in its kernels.

In a notebook of one's own nothing here holds: the default is `Policy()`, no bounds.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CNNVIS_POLICY"
"""The environment variable by which kernels inherit it."""

LINE_BYTES_A_SECOND, LINE_BYTES_AT_ONCE = 2 * 2**20, 48 * 2**20
"""What the server takes of one page's line; a page that sends a long file keeps below it."""


@dataclass(frozen=True)
class Policy:
    """What holds in this process; 0 stands for no bound.

    Attributes:
        served: pages of this kernel are looked at by others: messages to them name no path, and no
            file of the server is asked for by its name.
        public: by anyone: the bounds below hold, and files are read from `folder` alone.
        folder: the folder of the notebooks that are served.
        visitors: a folder in which each visitor's kernel has one of its own to write to.
        megapixels: the largest picture that may be uploaded.
        model_megabytes: the largest model file that may be uploaded.
        uploads: how many one page may bring.
        uploads_a_minute: how many of them within a minute.
        decoding_seconds: for one picture.
        seconds: for one request (an explanation, a prediction …).
        training_seconds: for one training run.
    """

    served: bool = False
    public: bool = False
    folder: str = ""
    visitors: str = ""
    megapixels: float = 0
    model_megabytes: float = 0
    uploads: int = 0
    uploads_a_minute: int = 0
    decoding_seconds: float = 0
    seconds: float = 0
    training_seconds: float = 0

    def allows(self, path: Path) -> bool:
        """Whether a file may be read by its path."""
        if not self.public:
            return True
        return bool(self.folder) and path.resolve().is_relative_to(Path(self.folder).resolve())

    def no_file(self, path: Path, what: str) -> str:
        """Why a file may not be read by its path; "" where it may.

        Args:
            path: the file.
            what: what it was asked for as ("a picture").
        """
        if self.allows(path):
            return ""
        return (
            f"On a public page {what} is not read from the server's files. Upload a picture, or "
            "run the notebook on your own computer."
        )

    def no_model(self) -> str:
        """Why a visitor may bring no model of their own; "" where they may."""
        if not self.public:
            return ""
        return (
            "A public page loads no models of its visitors. Run the notebook on your own computer, "
            "where the explorer takes any Keras file."
        )

    def text(self) -> str:
        """As the environment variable holds it."""
        return json.dumps(asdict(self))


SERVED = Policy(served=True, megapixels=12, model_megabytes=600, decoding_seconds=10)
"""`cnnvis app`: among people who know each other."""

PUBLIC = Policy(
    served=True,
    public=True,
    megapixels=12,
    uploads=60,
    uploads_a_minute=10,
    decoding_seconds=5,
    seconds=120,
    training_seconds=300,
)
"""`cnnvis app --public`: for anyone."""


def current() -> Policy:
    """What holds in this process."""
    return _read(os.environ.get(VARIABLE, ""))


@functools.lru_cache(maxsize=8)
def _read(text: str) -> Policy:
    return Policy(**json.loads(text)) if text else Policy()


def too_long(taken: float, most: float, what: str = "request") -> str:
    """Why work must not go on; "" where it may.

    Args:
        taken: seconds so far.
        most: what it may take; 0 for any.
        what: what the work is.
    """
    if not most or taken <= most:
        return ""
    return (
        f"This took longer than {most:g} s, the most that this public page gives one {what}. "
        "Choose fewer steps or samples, or run the notebook on your own computer, where nothing "
        "ends it."
    )
