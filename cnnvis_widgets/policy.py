"""Limits for pages that other people open: set by `cnnvis app`, read in its kernels.

In a local notebook there are none: the default is `Policy()`.
"""

from __future__ import annotations

import functools
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CNNVIS_POLICY"
"""The environment variable that passes the policy to kernels."""

SOCKET_BYTES_PER_SECOND, SOCKET_BURST_BYTES = 2 * 2**20, 48 * 2**20
"""Rate limit of a page's WebSocket; pages that upload a large file stay below it."""


@dataclass(frozen=True)
class Policy:
    """The limits of a process; 0 is no limit.

    Attributes:
        served: other people see the kernel's pages: messages contain no paths, and files of the
            server cannot be chosen by name.
        public: anyone may open the pages: files are read from `folder` only.
        folder: the folder of the served notebooks.
        visitors: the folder in which each kernel has its folder for writing.
        megapixels: the largest picture that may be uploaded.
        model_megabytes: the largest model file that may be uploaded.
        uploads: how many files a page may upload.
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

    def no_file(self, path: Path, kind: str) -> str:
        """The error if a file may not be read by its path; "" if it may.

        Args:
            path: of the file.
            kind: what it is ("a picture").
        """
        if self.allows(path):
            return ""
        return (
            f"On a public page {kind} is not read from the server's files. Upload a picture, or "
            "run the notebook on your own computer."
        )

    def no_model(self) -> str:
        """The error if visitors may not upload models; "" if they may."""
        if not self.public:
            return ""
        return (
            "A public page loads no models of its visitors. Run the notebook on your own computer, "
            "where the explorer takes any Keras file."
        )

    def text(self) -> str:
        """The value of the environment variable, JSON."""
        return json.dumps(asdict(self))


SERVED = Policy(served=True, megapixels=12, model_megabytes=600, decoding_seconds=10)
"""`cnnvis app`: for people who know each other."""

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
    """The policy of this process."""
    return _read(os.environ.get(VARIABLE, ""))


@functools.lru_cache(maxsize=8)
def _read(text: str) -> Policy:
    return Policy(**json.loads(text)) if text else Policy()


def too_long(seconds: float, limit: float, work: str = "request") -> str:
    """The error if work exceeds its time limit, or "".

    Args:
        seconds: the time so far.
        limit: the limit in seconds; 0 for none.
        work: what the work is, in words.
    """
    if not limit or seconds <= limit:
        return ""
    return (
        f"This took longer than {limit:g} s, the most that this public page gives one {work}. "
        "Choose fewer steps or samples, or run the notebook on your own computer, where nothing "
        "ends it."
    )
