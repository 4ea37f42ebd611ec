"""The harness itself: both servers serve, a widget's two ends talk, and nothing goes unnoticed."""

from __future__ import annotations

import sys

import pytest
from jupyter_servers import expect_in_kernel, in_kernel
from playwright.sync_api import expect
from served_pages import DRAWN, WARNINGS

COUNTER = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    count = traitlets.Int(3).tag(sync=True)
    _esm = '''
    export default { render({ model, el }) {
      const button = document.createElement("button");
      const draw = () => { button.textContent = "count " + model.get("count"); };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", draw);
      draw();
      el.append(button);
    } };
    '''

counter = Counter()
counter
"""


@pytest.mark.parametrize("server", ["voila", "lab"])
def test_a_widget_is_alive_at_both_ends(server, request, screenshot):
    open_page = request.getfixturevalue(f"{server}_page")
    page = open_page([COUNTER])
    button = page.get_by_role("button", name="count")
    expect(button).to_have_text("count 3")
    button.click()
    expect(button).to_have_text("count 4")
    expect_in_kernel(page, "counter.count", 4)
    in_kernel(page, "counter.count = 11")
    expect(button).to_have_text("count 11")
    assert in_kernel(page, "import sys; sys.executable") == repr(sys.executable)
    assert page.viewport_size == {"width": 1280, "height": 800}
    screenshot(page, f"harness-{server}")


def test_a_console_error_an_exception_and_a_request_to_the_internet_are_reported(voila_page):
    page = voila_page(["1 + 1"])
    log = voila_page.log(page)
    assert log.unexpected() == []
    page.evaluate("console.error('spilt milk')")
    page.evaluate("setTimeout(() => { throw new Error('broken jug') })")
    reached = page.evaluate("fetch('http://203.0.113.7/x').then(() => true, () => false)")
    page.wait_for_function("true")  # after the timeout of 0 ms
    assert reached is False
    report = "\n".join(log.unexpected())
    assert "spilt milk" in report
    assert "broken jug" in report
    assert "request off this machine: http://203.0.113.7/x" in report
    log.allowed["milk|jug|203.0.113.7"] = "this test made them"
    assert log.unexpected() == []


def test_what_a_cell_warns_of_and_draws_is_seen(lesson_page):
    page = lesson_page(
        [
            "import warnings; warnings.warn('thin ice')",
            "import matplotlib.pyplot as plt; plt.plot([1, 3, 2]); None",
        ]
    )
    assert "thin ice" in page.locator(WARNINGS).inner_text()
    expect(page.locator(DRAWN)).to_have_count(1)


def test_a_kernel_reaches_nothing_beyond_the_machine(voila_page):
    page = voila_page(["import urllib.request"])
    with pytest.raises(AssertionError, match="URLError"):
        in_kernel(page, "urllib.request.urlopen('http://203.0.113.7/', timeout=5)")


@pytest.mark.parametrize("server", ["voila", "lab"])
def test_a_failing_cell_is_told_with_its_traceback(server, request):
    open_page = request.getfixturevalue(f"{server}_page")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        open_page(["1 / 0"])


def test_kernels_end_with_their_pages(voila_page):
    page = voila_page(["1"])
    assert len(voila_page.server.kernels()) == 1
    page.goto("about:blank")
    voila_page.server.await_no_kernels()
    assert voila_page.server.kernels() == []
