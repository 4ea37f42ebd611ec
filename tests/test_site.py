"""The site of the docs: it builds, its links lead somewhere, and it needs no internet."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_site", ROOT / "scripts" / "build_site.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = script()


def navigation(entries: list[Any]) -> Iterator[str]:
    """The pages that the navigation names."""
    for entry in entries:
        for target in entry.values():
            if isinstance(target, str):
                yield target
            else:
                yield from navigation(target)


@pytest.fixture(scope="module")
def site() -> Path:
    command = [sys.executable, str(ROOT / "scripts" / "build_site.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / SETTINGS["site_dir"]


def test_every_page_of_the_docs_is_in_the_navigation_once() -> None:
    named = list(navigation(SETTINGS["nav"]))
    pages = {str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md")}
    pages = {p for p in pages if "node_modules" not in p}
    assert len(named) == len(set(named))
    assert set(named) == pages


def test_every_page_is_built_with_one_heading_and_text(site: Path) -> None:
    for name in navigation(SETTINGS["nav"]):
        text = (site / name).with_suffix(".html").read_text("utf-8")
        assert len(re.findall(r"<h1[ >]", text)) == 1, name
        article = text.split("<article", 1)[1].split("</article", 1)[0]
        words = re.sub(r"<[^>]+>", " ", article).split()
        assert len(words) > 60, f"{name} has {len(words)} words"


def test_nothing_that_only_a_script_reads_is_in_the_site(site: Path) -> None:
    assert not [p for p in site.rglob("*.json") if p.name not in ("search.json", "sitemap.json")]
    assert not list(site.rglob("node_modules"))


def test_diagrams_and_search_use_scripts_of_the_site_itself(site: Path) -> None:
    architecture = (site / "architecture.html").read_text("utf-8")
    fences = (ROOT / "docs" / "architecture.md").read_text("utf-8").count("```mermaid")
    assert architecture.count('class="mermaid"') == fences > 1
    assert "assets/vendor/mermaid.tiny.js" in architecture
    assert "mermaid.tiny.js" not in (site / "index.html").read_text("utf-8")  # 2.5 MB
    assert "assets/vendor/iframe-worker.js" in (site / "index.html").read_text("utf-8")
    for name in ("mermaid.tiny.js", "iframe-worker.js"):
        assert (site / "assets" / "vendor" / name).stat().st_size > 1000


def test_the_check_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "good.html").write_text('<h2 id="here">x</h2><a href="#here">y</a>')
    with (tmp_path / "good.html").open("a") as page:
        page.write('<a href="good.html#a=read&b=by-a-script">z</a>')
    assert list(BUILD.problems(tmp_path)) == []
    (tmp_path / "bad.html").write_text(
        '<a href="good.html#there">1</a><a href="gone.html">2</a><img src="gone.png">'
        '<script src="https://unpkg.com/x"></script><a href="https://example.org">fine</a>'
        '<link rel="stylesheet" href="//fonts.example/x.css">'
    )
    faults = list(BUILD.problems(tmp_path))
    assert len(faults) == 5
    for words in ("#there has no such anchor", "gone.html does", "gone.png does", "unpkg", "fonts"):
        assert sum(words in line for line in faults) == 1, words


def test_the_film_is_small_and_long_enough() -> None:
    from PIL import Image

    film = ROOT / "docs" / "images" / "explorer.webp"
    assert film.stat().st_size < 1_000_000
    with Image.open(film) as opened:
        assert opened.size == (960, 600)
        assert opened.n_frames > 40
        total = 0
        for number in range(opened.n_frames):
            opened.seek(number)
            opened.load()
            total += opened.info["duration"]
    assert 30_000 < total < 90_000  # ms
