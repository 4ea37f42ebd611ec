"""Write the generated files, or compare them: ``python -m scripts.pages [--check] [NAME …]``."""

from __future__ import annotations

import argparse
import importlib
import operator
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import scripts.pages

NAMES = tuple(page.name for page in pkgutil.iter_modules(scripts.pages.__path__))[1:]


def module(name: str) -> ModuleType:
    """The module that makes a page."""
    return importlib.import_module(f"scripts.pages.{name}")


def is_current(page: ModuleType) -> bool:
    """Whether the file is what its module would write."""
    target: Path = page.TARGET
    same = getattr(page, "same", operator.eq)
    return target.exists() and bool(same(target.read_text("utf-8"), page.text()))


def main(arguments: list[str] | None = None) -> int:
    """Returns 1 where `--check` finds a file that is out of date."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pages", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    given = parser.parse_args(arguments)
    for name in given.names:
        if name not in NAMES:
            parser.error(f"there is no page {name!r}: {', '.join(NAMES)}")
    late = []
    for name in given.names or NAMES:
        page = module(name)
        if given.check:
            late += [] if is_current(page) else [name]
        else:
            page.TARGET.write_text(page.text(), "utf-8")
    for name in late:
        print(f"{module(name).TARGET.name} is out of date: python -m scripts.pages {name}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
