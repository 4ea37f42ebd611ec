"""A link as a QR code: what it says, read back by a decoder written from the standard."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.explorer.explorer_bar import ExplorerBar
from cnnvis_widgets.widgets.explorer.qr_code import LONGEST, qr_svg

ADDRESS = "http://10.0.0.7:8866/voila/render/explorer.ipynb?network=mini_vgg&method=grad_cam"
QUIET = 4


def modules(svg: str) -> np.ndarray:
    """The dark modules of an SVG of strokes: bool (rows, columns), the quiet zone included."""
    match = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    assert match
    dark = np.zeros((int(match[2]), int(match[1])), bool)
    path = re.findall(r' d="([^"]+)"', svg)[-1]
    x = y = 0.0
    for kind, numbers in re.findall(r"([Mmh])([^Mmhz]*)", path):
        values = [float(n) for n in re.findall(r"-?[\d.]+", numbers)]
        if kind == "h":
            dark[int(y), int(x) : int(x + values[0])] = True
            x += values[0]
        else:
            x, y = values if kind == "M" else (x + values[0], y + values[1])
    return dark


def test_it_is_a_code_with_its_three_corners_and_a_quiet_zone() -> None:
    dark = modules(qr_svg(ADDRESS))
    size = dark.shape[0] - 2 * QUIET
    assert dark.shape[0] == dark.shape[1]
    assert (size - 17) % 4 == 0
    inner = dark[QUIET:-QUIET, QUIET:-QUIET]
    assert inner.sum() == dark.sum()  # nothing is in the quiet zone
    ring = np.maximum(*np.abs(np.indices((7, 7)) - 3))
    finder = (ring == 3) | (ring <= 1)
    for corner in (inner[:7, :7], inner[:7, -7:], inner[-7:, :7]):
        assert (corner == finder).all()
    assert inner[6, 8:-8].tolist() == [i % 2 == 0 for i in range(size - 16)]  # the timing pattern


def _read(dark: np.ndarray) -> str:
    """The text of a code of one block, as small ones are."""
    size = dark.shape[0]
    version = (size - 17) // 4
    assert version <= 2
    formats = [dark[8, c] for c in (0, 1, 2, 3, 4, 5, 7, 8)]
    mask_bits = np.array([formats[2], formats[3], formats[4]]) ^ np.array([True, False, True])
    mask = int("".join(str(int(b)) for b in mask_bits), 2)
    rows, columns = np.indices((size, size))
    both = rows * columns
    masks = [
        (rows + columns) % 2, rows % 2, columns % 3, (rows + columns) % 3,
        (rows // 2 + columns // 3) % 2, both % 2 + both % 3,
        (both % 2 + both % 3) % 2, ((rows + columns) % 2 + both % 3) % 2,
    ]  # fmt: skip
    plain = dark ^ (masks[mask] == 0)
    fixed = np.zeros((size, size), bool)
    fixed[:9, :9] = fixed[:9, -8:] = fixed[-8:, :9] = True
    fixed[6] = fixed[:, 6] = True
    if version > 1:
        fixed[-9:-4, -9:-4] = True  # the alignment pattern
    bits, upward, column = [], True, size - 1
    while column > 0:
        column -= column == 6
        for row in range(size - 1, -1, -1) if upward else range(size):
            bits += [plain[row, c] for c in (column, column - 1) if not fixed[row, c]]
        upward, column = not upward, column - 2
    text = "".join(str(int(b)) for b in bits)
    assert text[:4] == "0100"  # bytes
    count = int(text[4:12], 2)
    return bytes(int(text[12 + 8 * i : 20 + 8 * i], 2) for i in range(count)).decode()


@pytest.mark.parametrize("address", ["http://a.b/x?y=1", "https://example.org/e?m=a"])
def test_a_decoder_written_from_the_standard_reads_it(address: str) -> None:
    dark = modules(qr_svg(address))[QUIET:-QUIET, QUIET:-QUIET]
    assert _read(dark) == address


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "http://" + "a" * LONGEST])
def test_other_texts_are_refused(address: str) -> None:
    with pytest.raises(InvalidValueError, match="QR code"):
        qr_svg(address)


def test_the_longest_link_still_fits() -> None:
    address = "https://" + "é1" * ((LONGEST - 8) // 2)
    assert qr_svg(address).startswith("<svg")


def test_the_bar_answers_a_page() -> None:
    bar = ExplorerBar()
    sent: list[dict[str, str]] = []
    bar.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    bar._handle_custom_msg({"kind": "qr", "address": ADDRESS}, [])
    assert (sent[0]["kind"], sent[0]["address"]) == ("qr", ADDRESS)
    assert sent[0]["svg"] == qr_svg(ADDRESS)
    bar._handle_custom_msg({"kind": "qr", "address": "file:///etc"}, [])
    assert len(sent) == 1
    assert "http(s)" in bar.error
