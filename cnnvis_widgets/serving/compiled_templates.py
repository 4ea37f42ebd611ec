"""Pages whose templates are compiled once: Voilà compiles all nineteen anew for every visitor.

That is three tenths of a second on the server's one thread, of the four that a page takes.
"""

from __future__ import annotations

from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from voila import notebook_renderer
from voila.exporter import VoilaExporter


class KeptInMemory(BytecodeCache):
    """The templates' code, by name; a file that was changed is compiled again."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, if its template is known and is what it was."""
        checksum, code = self._kept.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled."""
        assert bucket.code is not None
        self._kept[bucket.key] = bucket.checksum, bucket.code


_CACHE = KeptInMemory()


class Exporter(VoilaExporter):
    """Voilà's own, over templates that are compiled once; its settings are `VoilaExporter`'s."""

    @property
    def environment(self) -> Environment:
        """Jinja's, of this one page."""
        made: Any = super().environment
        made.bytecode_cache = _CACHE
        return made


def keep_compiled() -> None:
    """From now on, all pages of this process are made so: Voilà has no setting for its exporter."""
    notebook_renderer.VoilaExporter = Exporter
