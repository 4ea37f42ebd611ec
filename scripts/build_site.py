"""Build the site of the docs into build/site and check its links: what `make docs` runs.

python scripts/build_site.py           # build, then check
python scripts/build_site.py --check   # check what was built before
python scripts/build_site.py --study grid   # also the pages of the study in the folder grid

Zensical checks links between pages of docs/ only. The check here reads the HTML that a visitor
gets: every link, picture, script and anchor must exist in the site, and nothing that a page loads
may come from the internet.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
STUDY = SITE / "thesis"
VENDOR = ROOT / "docs" / "assets" / "vendor"
# What is loaded by itself, other than a link that a reader may follow.
LOADED = {"script", "img", "source", "iframe", "video", "audio", "link", "object", "embed"}
ADDRESSES = ("src", "href", "srcset", "poster", "data")


class Page(HTMLParser):
    """The addresses and anchors of one HTML page.

    Attributes:
        addresses: (tag, address) of everything that the page links to or loads.
        anchors: the ids in it.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's ids and addresses."""
        attributes = {name: value or "" for name, value in attrs}
        self.anchors |= {attributes[name] for name in ("id", "name") if name in attributes}
        for name in ADDRESSES:
            if attributes.get(name):
                self.addresses.append((tag, attributes[name].split()[0]))


def build() -> None:
    """Build the site, anew.

    Raises:
        SystemExit: the scripts from npm are not here, or Zensical has found something wrong.
    """
    if not (VENDOR / "mermaid.tiny.js").exists():
        sys.exit(f"{VENDOR.relative_to(ROOT)} is empty: `make docs` brings what belongs there.")
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    code = subprocess.run(command, cwd=ROOT).returncode
    if code:
        sys.exit(code)


def add_study(path: str) -> None:
    """The pages of a study, beside those of the docs."""
    sys.path.insert(0, str(ROOT))
    from cnnvis_widgets.study.site import Options, write_site
    from cnnvis_widgets.study.study import Study

    write_site(Study.open(path), STUDY, Options(title="The thesis' comparison"))


def problems(site: Path) -> Iterator[str]:
    """What is wrong with a built site, a line for each: the page, the address and the reason.

    Args:
        site: the folder of the HTML pages.
    """
    pages = {path.resolve(): Page(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, page in sorted(pages.items()):
        name = path.relative_to(site.resolve())
        for tag, address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme in ("data", "mailto"):
                continue
            if parts.scheme or parts.netloc:
                if tag in LOADED:
                    yield f"{name}: <{tag}> loads {address} from the internet"
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if address.startswith("/"):  # only the page of what is not found does so
                continue
            if target.is_dir():
                target /= "index.html"
            if not target.exists():
                yield f"{name}: {address} does not exist"
                continue
            anchors = pages[target].anchors if target in pages else set()
            # With "=" in it, it is no anchor, but what a page's script reads.
            anchor = parts.fragment and "=" not in parts.fragment
            if anchor and target in pages and unquote(parts.fragment) not in anchors:
                yield f"{name}: {address} has no such anchor"


def main() -> int:
    """Build, check, and say what is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="check what was built before")
    parser.add_argument("--study", metavar="PATH", help="also the pages of this study, in thesis/")
    options = parser.parse_args()
    if not options.check:
        build()
        if options.study:
            add_study(options.study)
    faults = list(problems(SITE))
    for line in faults:
        print(line)
    print(f"{len(list(SITE.rglob('*.html')))} pages in {SITE.relative_to(ROOT)}/index.html")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
