"""Thumbnails and uploads."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from pickers import PICTURES, changes, decode, file_of, picture, sent, upload
from PIL import Image

from cnnvis_widgets.errors import (
    InvalidValueError,
    UnknownNameError,
)
from cnnvis_widgets.widgets import (
    PicturePicker,
)


@pytest.mark.parametrize("form", ["bytes", "base64", "data URL"])
def test_a_thumbnail_comes_as_bytes_base64_or_data_url(form):
    data = file_of(picture())
    text = base64.b64encode(data).decode()
    given = {"bytes": data, "base64": text, "data URL": f"data:image/png;base64,{text}"}[form]
    picker = PicturePicker(pictures=[{"name": "a", "thumbnail": given}])
    assert picker.pictures[0]["thumbnail"] == f"data:image/png;base64,{text}"


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_a_thumbnail_of_another_format_is_named_as_what_it_is(kind):
    picker = PicturePicker(pictures=[{"name": "a", "thumbnail": file_of(picture(), kind)}])
    assert picker.pictures[0]["thumbnail"].startswith(f"data:image/{kind.lower()};base64,")


def test_a_thumbnail_that_is_no_picture_is_refused():
    with pytest.raises(InvalidValueError, match=r"thumbnail of a picture"):
        PicturePicker(pictures=[{"name": "a", "thumbnail": b"<svg onload=alert(1)>"}])


def test_an_upload_is_decoded_chosen_and_shown(monkeypatch):
    image = picture(300, 200)
    picker = PicturePicker(decode, pictures=PICTURES, value="cat")
    seen = changes(picker)
    messages = sent(picker, monkeypatch)
    upload(picker, file_of(image))
    assert seen == ["upload-1"]
    np.testing.assert_array_equal(picker.uploaded, image)
    np.testing.assert_array_equal(picker.uploads["upload-1"], image)
    [record] = picker._uploads
    assert record["alt"] == "your picture, mine.png"
    assert record["title"] == "your picture"
    head, _, text = record["thumbnail"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(text))).size == (128, 192)
    answers = [m["content"] for m in messages if m["method"] == "custom"]
    assert answers == [{"kind": "uploaded", "id": "u1", "accepted": True}]
    assert not picker.busy
    assert not picker.error


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"GIF89a", "mine.png cannot be used. A PNG was expected."),
        (b"\x89PNG broken", "could not be read as a picture"),
        (b"", "got 0 bytes"),
        (b"\x89PNG" + bytes(8 * 1024 * 1024), "up to 8 MB"),
    ],
)
def test_a_bad_upload_says_why_and_the_old_choice_stays(data, says, monkeypatch):
    picker = PicturePicker(decode, pictures=PICTURES, value="cat")
    messages = sent(picker, monkeypatch)
    upload(picker, data)
    assert says in picker.error
    assert (picker.value, picker.uploaded, dict(picker.uploads)) == ("cat", None, {})
    answers = [m["content"] for m in messages if m["method"] == "custom"]
    assert answers == [{"kind": "uploaded", "id": "u1", "accepted": False}]
    assert not picker.busy
    upload(picker, file_of(picture()), number=2)
    assert picker.error == ""
    assert picker.value == "upload-1"


def test_four_uploads_are_kept_and_a_fifth_pushes_the_oldest_out():
    picker = PicturePicker(decode, pictures=PICTURES)
    seen = changes(picker)
    for i in range(5):
        upload(picker, file_of(picture(3 + i, 4, seed=i)))
    assert list(picker.uploads) == ["upload-2", "upload-3", "upload-4", "upload-5"]
    assert [r["name"] for r in picker._uploads] == list(picker.uploads)
    assert seen == ["upload-1", "upload-2", "upload-3", "upload-4", "upload-5"]
    assert picker.uploads["upload-2"].shape == (4, 4, 3)
    with pytest.raises(UnknownNameError, match=r"upload-1"):
        picker.value = "upload-1"
    picker.pictures = [{"name": "dog"}]
    assert picker.value == "upload-5"


def test_an_upload_that_pushes_out_the_chosen_one_takes_its_place_at_once():
    picker = PicturePicker(decode)
    for _ in range(4):
        upload(picker, file_of(picture()))
    picker.value = "upload-1"
    seen = changes(picker)
    upload(picker, file_of(picture()))
    assert seen == ["upload-5"]


def test_without_a_decoder_nothing_can_be_uploaded():
    picker = PicturePicker(pictures=PICTURES)
    assert not picker._takes_uploads
    upload(picker, file_of(picture()))
    assert picker.uploaded is None
