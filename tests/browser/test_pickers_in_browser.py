"""All pickers in one page, in Voilà and in JupyterLab."""

from __future__ import annotations

from jupyter_servers import expect_in_kernel, in_kernel
from picker_pages import ALL, METHODS, SETUP, checked, python, radio
from playwright.sync_api import expect


def test_all_stand_twice_on_a_narrow_page_and_leave_nothing_behind(voila_page, screenshot):
    made = "\n".join(f"{text}\nall_of_them.append(picker)" for text in ALL.values())
    page = voila_page(
        [SETUP, f"all_of_them = []\n{made}", "for w in all_of_them * 2: display(w)"],
        viewport={"width": 320, "height": 800},
    )
    roots = page.locator(".cnnvis")
    expect(roots).to_have_count(14)
    ids = page.evaluate("[...document.querySelectorAll('.cnnvis [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)) > 0
    wide = page.evaluate(
        "[...document.querySelectorAll('.cnnvis')].filter((e) => e.scrollWidth > e.clientWidth)"
        ".map((e) => e.className)"
    )
    assert wide == []
    unnamed = page.evaluate(
        "[...document.querySelectorAll('.cnnvis :is(img, input, select, [role=radiogroup],"
        " [role=listbox], [role=tree])')].filter((e) => !(e.alt || e.ariaLabel || e.type === 'file'"
        " || e.closest('label')?.textContent)).map((e) => e.outerHTML)"
    )
    assert unnamed == []
    screenshot(page, "controls-narrow")
    # One choice shows in both views, and a view that is taken away ends without a complaint.
    radio(page, "Dog").first.click()
    for i in range(2):
        checked(radio(page, "Dog").nth(i))
    in_kernel(page, "[w.close() for w in all_of_them]")
    expect(roots).to_have_count(0)


def test_disabled_they_are_shown_and_cannot_be_used(voila_page):
    made = "\n".join(f"{text}\nmade.append((picker, values))" for text in ALL.values())
    page = voila_page([SETUP, f"made = []\n{made}", "for w, _ in made: display(w)"])
    in_kernel(page, "for w, _ in made: w.disabled, w.error = True, 'No.'")
    errors = page.get_by_role("alert").filter(has_text="No.")
    expect(errors).to_have_count(len(ALL))
    fields = page.locator("fieldset.cnnvis-field")
    assert fields.evaluate_all("(all) => all.map((e) => e.disabled)") == [True] * len(ALL)
    items = page.locator(".cnnvis :is([role=radio], [role=option], [role=treeitem])")
    items.evaluate_all("(all) => all.forEach((e) => e.click())")
    page.wait_for_timeout(200)
    assert in_kernel(page, "[list(values) for _, values in made]") == str([[]] * len(ALL))
    in_kernel(page, "for w, _ in made: w.disabled, w.error, w.label = False, '', 'Mine'")
    expect(page.get_by_role("group", name="Mine")).to_have_count(len(ALL))
    expect(errors).to_have_count(0)
    radio(page, "Cup").click()
    python(page, "list(made[0][1])", ["cup"])


def test_values_go_each_way_once(voila_page):
    page = voila_page([SETUP, METHODS, "sent = []\npicker.observe(sent.append, 'error')", "picker"])
    in_kernel(
        page,
        "take = picker.set_state\npicker.set_state = lambda s: (sent.append(s), take(s))",
    )
    in_kernel(page, "picker.value = 'grad_cam'")
    checked(radio(page, "Grad-CAM"))
    expect_in_kernel(page, "sent", [])  # what Python set does not come back from the page
    radio(page, "Saliency").click()
    python(page, "list(values)", ["grad_cam", "saliency"])
    page.wait_for_timeout(300)
    python(page, "sent", [{"value": "saliency"}])


def test_in_jupyterlab_keys_stay_within_the_control(lab_page):
    page = lab_page([SETUP, METHODS, "picker"])
    cells = page.locator(".jp-Notebook .jp-Cell")
    count = cells.count()
    radio(page, "Saliency").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    for key in "ddbax":
        page.keyboard.press(key)
    python(page, "picker.value", "grad_cam")
    assert cells.count() == count
    checked(radio(page, "Grad-CAM"))
