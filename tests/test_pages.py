"""The files that are made from the package are what it would make now."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.pages import __main__ as pages


@pytest.mark.parametrize("name", pages.NAMES)
def test_a_generated_file_is_current(name: str) -> None:
    assert pages.is_current(pages.module(name)), f"python -m scripts.pages {name}"


def test_a_file_that_is_out_of_date_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = SimpleNamespace(TARGET=tmp_path / "page.md", text=lambda: "now\n")
    monkeypatch.setattr(pages, "module", lambda name: page)
    page.TARGET.write_text("before\n")
    assert pages.main(["methods", "--check"]) == 1
    assert capsys.readouterr().out == "page.md is out of date: python -m scripts.pages methods\n"
    assert page.TARGET.read_text() == "before\n"
    assert pages.main(["methods"]) == 0 and page.TARGET.read_text() == "now\n"
    assert pages.main(["methods", "--check"]) == 0


def test_an_unknown_page_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        pages.main(["method"])
    assert "there is no page 'method'" in capsys.readouterr().err
