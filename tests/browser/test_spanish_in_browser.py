"""Pages in Spanish: no text without a translation; and English pages stay as they are."""

from __future__ import annotations

import re

import pytest
from jupyter_servers import JupyterServer
from playwright.sync_api import Page, expect

from cnnvis_widgets.course.catalogue import notebooks_folder
from cnnvis_widgets.translation.languages import offers

SLOW = 180_000
MISSES = "[...cnnvisLanguage.misses].map(([text, place]) => `${text} @ ${place}`)"


@pytest.fixture
def address(course: JupyterServer) -> str:
    return f"{course.url}/voila/render"


def is_spanish(page: Page) -> None:
    assert page.locator("html").get_attribute("lang") == "es"
    assert page.evaluate(MISSES) == []


RECORD_DRAWN_TEXT = """() => {
  window.drawnText = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    window.drawnText.push(text);
    return fillText.call(this, text, ...place);
  };
}"""
"""What a saved picture says can only be read while it is drawn."""


def test_from_the_home_page_by_links_that_keep_the_language(
    address: str, page: Page, screenshot
) -> None:
    page.goto(f"{address}/00_index.ipynb", wait_until="commit")
    languages = page.get_by_role("navigation", name="Language")
    expect(languages.get_by_role("link", name="English")).to_have_attribute("aria-current", "true")
    spanish = languages.get_by_role("link", name="Español")
    expect(spanish).to_have_attribute("lang", "es")
    spanish.click()
    page.wait_for_url("**/00_index.ipynb?lang=es")
    expect(page.get_by_role("heading", level=1)).to_contain_text("¿Qué ve una red?", timeout=SLOW)
    cards = page.locator(".cnnvis-course-card")
    expect(cards.filter(has_text="2.1 Aprendizaje automático")).to_contain_text("En inglés")
    expect(page.locator('[data-key="explorer"]')).to_contain_text("Explorador")
    expect(page.locator('[data-key="explorer"]')).not_to_contain_text("En inglés")
    is_spanish(page)
    screenshot(page, "index-in-spanish")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Menú").click()
    box = page.get_by_role("link", name="Español").bounding_box()
    assert box is not None
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] < 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Glosario").first.click()
    page.wait_for_url("**/glossary.ipynb?lang=es")
    names = page.locator(".cnnvis-glossary li > b")
    expect(names.first).to_have_text("activación", timeout=SLOW)
    listed = names.all_inner_texts()
    assert page.evaluate("(l) => [...l].sort((a, b) => a.localeCompare(b, 'es'))", listed) == listed
    page.get_by_role("searchbox").fill("sobreajusta")
    expect(page.locator(".cnnvis-glossary li:visible")).to_have_count(1)
    is_spanish(page)


def test_the_explorer_in_spanish(address: str, page: Page, screenshot) -> None:
    page.goto(f"{address}/explorer.ipynb?lang=es", wait_until="commit")
    expect(page.locator(".cnnvis-trust button")).to_have_count(3, timeout=SLOW)
    openers = page.locator(".cnnvis-bar-parts button")
    expect(openers).to_have_count(6)
    for opener in openers.all():
        opener.click()
        expect(page.locator(".cnnvis-panel-open")).to_be_visible()
        page.keyboard.press("Escape")
    for name in ("Partido", "Al lado", "Mapa de calor", "Contornos", "Imagen", "Encima"):
        page.locator(".cnnvis-view").get_by_role("radio", name=name, exact=True).click()
    openers.first.click()
    with page.expect_file_chooser() as opened:
        page.get_by_role("button", name="Abrir un archivo de Keras…").click()
    opened.value.set_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.get_by_text("a.txt no es un archivo de Keras").first).to_be_visible()
    page.keyboard.press("Escape")
    for name in ("Posición", "Recuadro", "Pintar", "Parche", "Superpíxeles"):
        page.get_by_role("radio", name=name).click()
    page.get_by_role("button", name="Buscar los menos").click()
    expect(page.get_by_text("Cómo se buscó")).to_be_visible(timeout=SLOW)
    page.get_by_role("radio", name="Borrado").click()
    expect(page.get_by_text("Área bajo la probabilidad")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Conservar este mapa").click()
    expect(page.get_by_text("Mapas conservados (1 de")).to_be_visible(timeout=SLOW)
    page.evaluate(RECORD_DRAWN_TEXT)
    with page.expect_download():
        page.get_by_role("button", name="Guardar imagen").click()
    drawn = " ".join(page.evaluate("drawnText"))
    assert "Grad-CAM de" in drawn or "activación" in drawn, drawn
    assert not re.search(r"\b(of|the|activation|pixels)\b", drawn), drawn
    page.get_by_role("button", name="Código QR").click()
    expect(page.get_by_role("dialog", name="Enlace como código QR")).to_be_visible()
    page.get_by_role("button", name="Cerrar").click()
    expect(page).to_have_url(re.compile(r"[?&]lang=es"))
    is_spanish(page)
    screenshot(page, "explorer-in-spanish")
    page.goto(f"{address}/explorer.ipynb?lang=es&network=nobody", wait_until="commit")
    expect(page.get_by_text("No se puede seguir el enlace.")).to_be_visible(timeout=SLOW)
    is_spanish(page)


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("who_cheats", ".cnnvis-scene select"),
        ("comparer", ".cnnvis-comparer-grid img[alt*='Mapa de calor de']"),
        ("scoreboard", ".cnnvis-scoreboard"),
        ("rating", ".cnnvis-rater-key"),
    ],
)
def test_the_other_apps_in_spanish(name: str, there: str, address: str, page: Page) -> None:
    page.goto(f"{address}/{name}.ipynb?lang=es", wait_until="commit")
    expect(page.locator(there).first).to_be_visible(timeout=SLOW)
    is_spanish(page)


def test_a_lesson_is_in_spanish_as_soon_as_it_is_whole(address: str, page: Page) -> None:
    whole = offers(notebooks_folder() / "03_08_grad_cam.ipynb", "es")
    page.goto(f"{address}/03_08_grad_cam.ipynb?lang=es", wait_until="commit")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=SLOW)
    assert page.locator("html").get_attribute("lang") == ("es" if whole else "en")
    assert page.title() == "3.8 Grad-CAM"
    links = page.get_by_role("link", name="Español")
    expect(links).to_have_count(1 if whole else 0)
    text = page.locator("#rendered_cells .jp-RenderedMarkdown").nth(1).inner_text()
    assert bool(re.search(r"\b(?:la|una|que)\b", text)) == whole
    page.get_by_role("link", name="Todas las lecciones" if whole else "All lessons").first.click()
    page.wait_for_url("**/00_index.ipynb?lang=es")


@pytest.mark.parametrize("query", ["?lang=en", "?lang=../es"])
def test_in_english_nothing_is_touched(query: str, address: str, page: Page) -> None:
    page.goto(f"{address}/glossary.ipynb{query}", wait_until="commit")
    expect(page.locator(".cnnvis-glossary li > b").first).to_have_text("accuracy", timeout=SLOW)
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.evaluate("globalThis.cnnvisLanguage") is None
    expect(page.get_by_role("link", name="All lessons").first).to_be_visible()
