"""Contestants as processes that take turns."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import psutil
from contestants import Contestant


class ContestantFailed(Exception):
    """A contestant whose process ended; the last line it left says why."""


class Running:
    """A contestant's process, warmed up.

    Args:
        contestant: which one.
        python: of its environment.
        network: which network.
        folder: where the task's files are, or, for the first contestant, will be.
        wishes: what will be asked for besides: "slow", what takes many passes; "batch", many
            pictures at once.
    """

    def __init__(
        self,
        contestant: Contestant,
        python: Path,
        network: str,
        folder: Path,
        wishes: Sequence[str] = (),
    ) -> None:
        self.contestant = contestant
        self.rounds: list[dict[str, float]] = []
        self.slow_rounds: list[dict[str, float]] = []
        self.batch_rounds: list[dict[str, float]] = []
        self.log = folder / f"{contestant.stem}.log"
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        arguments = [network, str(folder), repr(time.time()), *wishes]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [str(python), str(contestant.script), *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=folder,
                text=True,
            )
        self.report = self._answer()

    def round(self, kind: str = "") -> None:
        """Do every work (or every one of a kind that was wished) once and keep the seconds."""
        self._input.write(f"{kind} round\n".lstrip())
        self._input.flush()
        kept = {"": self.rounds, "slow": self.slow_rounds, "batch": self.batch_rounds}[kind]
        kept.append(self._answer())

    def memory(self) -> int:
        """Bytes of RAM that the process holds now."""
        return psutil.Process(self.process.pid).memory_info().rss

    def stop(self) -> None:
        """End the process."""
        self._input.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def _input(self) -> IO[str]:
        assert self.process.stdin is not None
        return self.process.stdin

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            if code < 0:  # its last line has nothing to do with that
                raise ContestantFailed(f"its process was ended by signal {-code}")
            lines = [text for text in self.log.read_text(errors="replace").splitlines() if text]
            raise ContestantFailed(lines[-1] if lines else f"its process ended with code {code}")
        return json.loads(line)


def take_turns(running: Sequence[Running], rounds: int, kind: str = "") -> None:
    """A B C A B C …: the contestants one after the other, and in each its works."""
    for _ in range(rounds):
        for one in running:
            one.round(kind)
