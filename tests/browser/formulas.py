"""What MathJax must have done in a page."""

from __future__ import annotations

from playwright.sync_api import Page


def formulas_are_set(page: Page) -> int:
    """How many formulas MathJax has set; none is left as text."""
    page.locator("mjx-container").first.wait_for(timeout=20_000)
    page.wait_for_function("!/\\$[^$]*\\\\[a-z]+[^$]*\\$/.test(document.body.innerText)")
    # Set in MathJax's own font, which comes along, not in a substitute.
    fonts = page.evaluate(
        "document.fonts.ready.then((f) => [...f].filter((x) => x.family.startsWith('MJX')"
        " && x.status === 'loaded').length)"
    )
    assert fonts > 0
    return page.locator("mjx-container").count()
