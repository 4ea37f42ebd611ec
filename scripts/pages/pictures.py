"""docs/pictures.md, from the files in cnnvis_widgets/zoo/pictures."""

from __future__ import annotations

from pathlib import Path

from cnnvis_widgets.zoo import image_decoding
from cnnvis_widgets.zoo.images import Picture, images, picture
from cnnvis_widgets.zoo.labels import imagenet_labels

TARGET = Path(__file__).parents[2] / "docs" / "pictures.md"

TOP = """\
<!-- Made by `python -m scripts.pages pictures` from cnnvis_widgets/zoo/pictures; do not edit. -->

# The pictures that come along

`cnnvis.images()` lists their names, `cnnvis.load_image("cat")` gives the pixels, and
`cnnvis_widgets.zoo.images.picture("cat")` everything below, with `.mask()` for the inside of the
outline and `.credit` for the line to print under the picture. They are installed with scikit-image,
matplotlib and scikit-learn, so none is in this repository and none is fetched.

*Answer* is what the default network, `efficientnet_lite0`, says of the largest centred square of
the picture. An explanation of a wrong answer is often the more interesting one, so some pictures
are here because it is wrong, and some because no class is quite right.
"""

ADD = """\
## Add a picture

Put one file into `cnnvis_widgets/zoo/pictures`; its stem is the picture's name. Copy one that is
there: every fact is needed, and a misspelt one is an error. The outline is a polygon, [x, y] in
pixels from the top left corner, one that does not cross itself. Then run
`python -m scripts.pages pictures` and `pytest tests/zoo/test_images.py`.
"""


def text() -> str:
    """The whole page as Markdown."""
    pictures = [picture(name) for name in images()]
    rows = [
        "| name | shows | right classes | answer | author | licence |",
        "| - | - | - | - | - | - |",
    ]
    rows += [_row(p) for p in pictures]
    sections = [_section(p) for p in pictures]
    return "\n".join([TOP, *rows, "", *sections, _own_pictures(), ADD])


def _row(p: Picture) -> str:
    answer = f"{_label(p.answer)} {p.score:.2f} ({p.verdict})"
    right = ", ".join(map(_label, p.right)) or "none"
    return f"| `{p.name}` | {p.shows} | {right} | {answer} | {p.author} | {p.licence} |"


def _section(p: Picture) -> str:
    near = f" Close, but not right: {', '.join(map(_label, p.near))}." if p.near else ""
    return f"""\
## {p.name}

{p.alt}

- *To ask:* {p.remark}{near}
- *Outline:* {p.outlined}; {len(p.outline)} corners, {p.mask().mean():.0%} of the picture.
- *File:* `{p.module}/{p.file}` of {p.distribution}, {p.columns} × {p.rows} pixels.
- *Licence:* {p.licence}; {p.licence_stated}.
"""


def _own_pictures() -> str:
    formats = ", ".join(image_decoding.FORMATS)
    return f"""\
## Pictures of your own

`load_image` takes a path, the bytes of a file, a PIL image or a uint8 array (rows, columns, 3) and
gives uint8 (rows, columns, 3).

| what comes | what is done |
| - | - |
| {formats} | read; of animations and files of many pages the first picture |
| a photo taken sideways | turned upright as its Exif data say |
| transparency | laid on white |
| grey, black and white, palette, CMYK, LAB, HSV, YCbCr | converted to red, green, blue |
| 16 bits | divided by 257, so that 65535 is 255; colours keep their upper 8 bits |
| 32 bits, floating point | 0…1 × 255; 0…255 as it is; else from the smallest to the largest value |
| colour profiles | ignored, as when the networks were trained |
| more than {image_decoding.MAX_PIXELS // 10**6} megapixels \
or {image_decoding.MAX_BYTES // 2**20} MiB | \
refused before it is decoded |
| SVG, PDF, HEIC, PSD; damaged or empty files; folders; addresses | refused, with what to do |
| float arrays | refused: they are a network's input, not a picture |
"""


def _label(unit: int) -> str:
    return f"{imagenet_labels()[unit]} ({unit})"
