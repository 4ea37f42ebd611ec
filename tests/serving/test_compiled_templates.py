"""A page's templates are compiled for the first visitor, and again where a file has changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jinja2.environment
import nbformat
import own_loop
import pytest
from voila import notebook_renderer
from voila.exporter import VoilaExporter

from cnnvis_widgets.serving import compiled_templates


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of templates as they are compiled."""
    names: list[str | None] = []
    compile_ = jinja2.Environment.compile

    def noted(self: Any, source: Any, name: str | None = None, *rest: Any, **more: Any) -> Any:
        names.append(name)
        return compile_(self, source, name, *rest, **more)

    monkeypatch.setattr(jinja2.Environment, "compile", noted)
    monkeypatch.setattr(compiled_templates, "_CACHE", compiled_templates.InMemoryBytecodeCache())
    return names


def page(kind: type[VoilaExporter], folder: Path, text: str) -> str:
    cell = nbformat.v4.new_markdown_cell(text)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    exporter = kind(
        template_paths=[str(folder)], template_name="base", template_file="page.html.j2"
    )

    async def parts() -> str:
        return "".join(
            [text async for text, _ in exporter.generate_from_notebook_node(notebook, {}, {})]
        )

    return own_loop.run(parts())


def test_each_template_is_compiled_once(tmp_path: Path, compiled: list[str | None]) -> None:
    (tmp_path / "page.html.j2").write_text(
        "{%- set seen = [] -%}{% do seen.append(1) %}"
        "{% include 'part.html.j2' %}{{ nb.cells[0].source }} {{ seen }}"
    )
    (tmp_path / "part.html.j2").write_text("part: ")
    plain = page(VoilaExporter, tmp_path, "one")
    compiled.clear()
    assert page(compiled_templates.Exporter, tmp_path, "one") == plain == "part: one [1]"
    assert sorted(map(str, compiled)) == ["page.html.j2", "part.html.j2"]
    assert page(compiled_templates.Exporter, tmp_path, "two") == "part: two [1]"
    assert len(compiled) == 2
    (tmp_path / "part.html.j2").write_text("changed: ")
    os.utime(tmp_path / "part.html.j2", (2e9, 2e9))
    assert page(compiled_templates.Exporter, tmp_path, "two") == "changed: two [1]"
    assert len(compiled) == 3


def test_voila_makes_its_pages_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_renderer, "VoilaExporter", VoilaExporter)
    compiled_templates.cache_compiled_templates()
    assert notebook_renderer.VoilaExporter is compiled_templates.Exporter
