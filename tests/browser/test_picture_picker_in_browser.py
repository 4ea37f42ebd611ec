"""Pictures are picked, uploaded, dropped and pasted in Chromium."""

from __future__ import annotations

import io

import numpy as np
from jupyter_servers import in_kernel
from picker_pages import PICTURES, SETUP, checked, choose_file, jpeg, png, python, radio, transfer
from PIL import Image
from playwright.sync_api import expect


def test_a_picture_is_picked_by_mouse_and_by_keyboard(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    checked(radio(page, "Cat"))
    expect(page.get_by_alt_text("a drawing of a cup")).to_be_visible()
    radio(page, "Sun").click()
    python(page, "list(values)", ["sun"])
    page.keyboard.press("ArrowLeft")
    expect(radio(page, "Dog")).to_be_focused()
    python(page, "values[-1]", "dog")
    page.keyboard.press("Home")
    python(page, "values[-1]", "cat")
    in_kernel(page, "picker.value = 'sea'")
    checked(radio(page, "Sea"))
    assert page.locator(".cnnvis-cards [tabindex='0']").count() == 1
    # By the tab key one comes to the chosen one, then to the upload, and out again.
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Upload a picture")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(radio(page, "Sea")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_large_photo_is_turned_and_made_smaller_before_it_is_sent(voila_page, screenshot):
    page = voila_page([SETUP, PICTURES, "picker"])
    choose_file(page, "holiday.jpg", jpeg(1500, 3000, orientation=6))
    python(page, "list(values)", ["upload-1"])
    python(page, "picker.uploaded.shape", (1024, 512, 3))
    # A quarter turn clockwise: what was left is on top.
    python(page, "picker.uploaded[[100, 900], 256].argmax(1).tolist()", [0, 2])
    python(page, "received[0][0][:3], received[0][1] < 500_000", (b"\xff\xd8\xff", True))
    checked(radio(page, "your picture"))
    expect(page.get_by_alt_text("your picture, holiday.jpg")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("or drop one here, or paste it")
    screenshot(page.locator(".cnnvis"), "picture-picker-upload")


def test_a_small_picture_arrives_without_one_value_changed(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    data = png(30, 20)
    choose_file(page, "small.png", data, "image/png")
    expected = np.asarray(Image.open(io.BytesIO(data)))
    python(page, "picker.uploaded.tobytes()", expected.tobytes())


def test_transparency_survives_being_made_smaller(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    choose_file(page, "glass.png", png(1300, 650, alpha=True), "image/png")
    python(page, "received[0][0], received[0][1] < 4_300_000", (b"\x89PNG", True), seconds=20)


def test_bad_uploads_say_why_and_the_old_choice_stays(voila_page, screenshot):
    page = voila_page([SETUP, PICTURES, "picker"])
    error = page.get_by_role("alert")
    choose_file(page, "broken.jpg", b"\xff\xd8\xff\xe0 this is no picture")
    expect(error).to_have_text(
        "broken.jpg cannot be used. The file is damaged, or no picture at all."
    )
    screenshot(page.locator(".cnnvis"), "picture-picker-error")
    python(page, "len(received), picker.value, list(values)", (1, "cat", []))
    choose_file(page, "film.tiff", bytes(8 * 1024 * 1024 + 1), "image/tiff")
    expect(error).to_contain_text("film.tiff is 8.4 MB and not a picture that this browser can")
    python(page, "len(received), picker.value", (1, "cat"))
    radio(page, "Cup").click()
    expect(error).to_be_hidden()
    expect(page.get_by_role("button", name="Upload a picture")).to_be_enabled()


def test_a_picture_can_be_dropped_and_pasted_on_its_own_picker_only(voila_page):
    page = voila_page(
        [
            SETUP,
            PICTURES,
            "other = PicturePicker(decode, pictures=[{'name': 'x'}])",
            "picker",
            "other",
        ]
    )
    mine = page.locator(".cnnvis").first
    field = mine.locator(".cnnvis-body")
    transfer(page, "dragenter", "image/png", field, b"", "d.png")
    expect(field).to_have_class("cnnvis-body cnnvis-dropping")
    transfer(page, "drop", "image/png", field, png(8, 9), "dropped.png")
    python(page, "picker.uploaded.shape, other.uploaded", ((8, 9, 3), None))
    expect(field).not_to_have_class("cnnvis-dropping")
    transfer(page, "paste", "image/png", radio(page, "Cup"), png(10, 11), "image.png")
    python(page, "picker.uploaded.shape, other.uploaded", ((10, 11, 3), None))
    python(page, "list(values)", ["upload-1", "upload-2"])
    # Pasted to the page, it goes where the pointer rests.
    page.get_by_role("radio", name="x", exact=True).hover()
    transfer(page, "paste", "image/png", page.locator("body"), png(12, 13), "image.png")
    python(page, "picker.uploaded.shape, other.uploaded.shape", ((10, 11, 3), (12, 13, 3)))


CAMERA = """() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [40, 30];
  const context = canvas.getContext("2d");
  const draw = () => {
    context.fillStyle = "rgb(10, 200, 30)";
    context.fillRect(0, 0, 40, 30);
  };
  setInterval(draw, 20);
  const stream = canvas.captureStream(30);
  window.cameras = stream.getTracks();
  navigator.mediaDevices.getUserMedia = async () => stream;
}"""


def test_a_picture_is_taken_by_the_camera(voila_page, screenshot):
    page = voila_page([SETUP, PICTURES, "picker"])
    page.evaluate(CAMERA)
    page.get_by_role("button", name="Camera…").press("Enter")
    shoot = page.get_by_role("button", name="Take the picture")
    expect(shoot).to_be_focused()
    page.wait_for_function("() => document.querySelector('.cnnvis-camera video').videoWidth > 0")
    screenshot(page.locator(".cnnvis"), "picture-picker-camera")
    page.keyboard.press("Enter")
    python(page, "list(values)", ["upload-1"])
    python(page, "picker.uploaded.shape", (30, 40, 3))
    python(page, "bool(abs(picker.uploaded[15, 20].astype(int) - (10, 200, 30)).max() < 12)", True)
    expect(shoot).to_be_hidden()
    assert page.evaluate("() => window.cameras.every((track) => track.readyState === 'ended')")
    expect(page.get_by_role("button", name="Camera…")).to_be_focused()


def test_a_camera_that_is_not_allowed_says_what_to_do(voila_page):
    page = voila_page([SETUP, PICTURES, "picker"])
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        " throw new DOMException('no', 'NotAllowedError'); }; }"
    )
    page.get_by_role("button", name="Camera…").click()
    expect(page.get_by_role("alert")).to_contain_text("does not let this page use the camera")
