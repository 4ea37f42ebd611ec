"""Who cheats, and a network of one's own: the real networks in a real browser, in one visit."""

from __future__ import annotations

from jupyter_servers import in_kernel
from playwright.sync_api import expect

CELLS = [
    "from cnnvis_widgets.widgets import ShortcutQuiz, TrainingRoom\nquiz = ShortcutQuiz()\nquiz",
    "room = TrainingRoom('mini_resnet', seconds=30)\nroom",
]
LOADING = 240_000
ANSWER = 60_000


def titles(page) -> list[str]:
    return page.locator(".cnnvis-shortcut-quiz .cnnvis-view-title").all_text_contents()


def test_the_cheater_is_found_out_and_a_network_is_trained(voila_page, screenshot):
    page = voila_page(CELLS)
    views = page.locator(".cnnvis-shortcut-quiz .cnnvis-view-title")
    expect(views.nth(0)).to_contain_text("Network A says", timeout=LOADING)
    expect(views.nth(1)).to_contain_text("Network B says", timeout=LOADING)
    side = int(in_kernel(page, "quiz.cheating"))
    honest, cheating = (views.nth(1 - side), views.nth(side))
    expect(cheating).to_contain_text("blotched crescent")
    assert "mini_vgg" not in " ".join(titles(page))
    before = titles(page)

    # Without the snow the one that cheats takes the crescent for something else.
    page.get_by_role("checkbox", name="snow on the ground").click()
    expect(cheating).not_to_have_text(before[side], timeout=ANSWER)
    expect(cheating).not_to_contain_text("says blotched crescent", timeout=ANSWER)
    expect(honest).to_contain_text("says blotched crescent", timeout=ANSWER)
    page.get_by_role("checkbox", name="snow on the ground").click()
    expect(cheating).to_contain_text("says blotched crescent", timeout=ANSWER)
    page.get_by_role("button", name="Another picture").click()
    expect(page.get_by_text("picture 1", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Saliency map").first.click()
    expect(views.nth(0)).to_contain_text("Saliency map", timeout=ANSWER)
    expect(views.nth(1)).to_contain_text("Saliency map", timeout=ANSWER)

    expect(page.get_by_text("trained where snow lay")).to_be_hidden()
    page.get_by_role("radio", name=f"Network {'AB'[side]}", exact=True).click()
    expect(page.get_by_text(f"Right: Network {'AB'[side]}.")).to_be_visible()
    expect(page.get_by_text("trained where snow lay")).to_be_visible(timeout=ANSWER)
    expect(cheating).to_contain_text("mini_vgg:cheating")
    screenshot(page, "cheater", full_page=True)

    # A network of one's own: the loss falls, the map changes, the examination says how good it is.
    page.get_by_role("button", name="Train a new network").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_text("Learning:")).to_be_visible(timeout=LOADING)
    expect(page.get_by_text("Examined on fresh pictures")).to_be_visible(timeout=LOADING)
    curve = page.get_by_role("img", name="loss: mean cross-entropy over")
    expect(curve).to_be_visible()
    screenshot(page, "training-room", full_page=True)
    assert in_kernel(page, "len(room.network.labels)") == "8"
