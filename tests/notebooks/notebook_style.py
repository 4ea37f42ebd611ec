"""What every notebook keeps, as functions: notebook → complaints. `test_notebooks.py` says why."""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat

MOST_LINES = 15  # of a code cell
MEDIAN_LINES = 6
MOST_BYTES = 60_000
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
LESSON = re.compile(r"(?!00_)\d\d_(\d+_)?\w+$")
CHAPTERS = ["Predict before you look", "What can go wrong", "Summary", "Exercises", "Sources"]


class Book(NamedTuple):
    """A notebook and where it is."""

    path: Path
    notebook: nbformat.NotebookNode

    @classmethod
    def read(cls, path: Path) -> Book:
        return cls(path, nbformat.read(path, as_version=nbformat.NO_CONVERT))

    @property
    def is_lesson(self) -> bool:
        return bool(LESSON.match(self.path.stem)) and self.path.parent.name != "solutions"

    def code(self) -> Iterator[tuple[int, str]]:
        return ((i, c.source) for i, c in enumerate(self.notebook.cells) if c.cell_type == "code")

    def texts(self) -> Iterator[tuple[int, str]]:
        """The markdown cells, without what is in code fences and `code`."""
        for i, cell in enumerate(self.notebook.cells):
            if cell.cell_type == "markdown":
                yield i, re.sub(r"```.*?```|`[^`\n]*`", "", cell.source, flags=re.DOTALL)

    def headings(self) -> list[tuple[int, str]]:
        """(level, words) of each heading, in order."""
        headings = re.findall(r"^(#+) +(.+)$", "\n".join(text for _, text in self.texts()), re.M)
        return [(len(marks), words.strip()) for marks, words in headings]


def format_is_current(book: Book) -> Iterator[str]:
    """A valid notebook of format 4.5 that any Python 3 kernel runs."""
    try:
        nbformat.validate(book.notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {error.message}"
    if (book.notebook.nbformat, book.notebook.nbformat_minor) < (4, 5):
        yield "its format is older than 4.5"
    if book.notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernel is not python3"


def nothing_is_left_of_a_run(book: Book) -> Iterator[str]:
    """No outputs, counts or widget states: they hide what the code does today, and are large."""
    for i, cell in enumerate(book.notebook.cells):
        if cell.get("outputs") or cell.get("execution_count") is not None:
            yield f"cell {i} has an output or a count"
        for key in set(cell.metadata) - {"slideshow", "tags"}:
            yield f"cell {i} has {key!r} in its metadata"
    if "widgets" in book.notebook.metadata:
        yield "it carries the state of widgets"
    if book.path.stat().st_size > MOST_BYTES:
        yield f"it is larger than {MOST_BYTES} bytes"


def code_cells_are_short(book: Book) -> Iterator[str]:
    """One thought a cell; what is longer belongs into the package."""
    lengths = []
    for i, source in book.code():
        lengths.append(len([line for line in source.splitlines() if line.strip()]))
        if lengths[-1] > MOST_LINES:
            yield f"code cell {i} has {lengths[-1]} lines, more than {MOST_LINES}"
    if lengths and statistics.median(lengths) > MEDIAN_LINES:
        yield f"the median code cell has more than {MEDIAN_LINES} lines"


def code_is_introduced(book: Book) -> Iterator[str]:
    """A sentence before each code cell: with the code hidden, it explains the output."""
    cells = book.notebook.cells
    for i, _ in book.code():
        before = cells[i - 1] if i else None
        if before is None or before.cell_type != "markdown":
            yield f"nothing is said before code cell {i}"
            continue
        last = re.split(r"\n\s*\n", before.source.strip())[-1]
        if last.startswith("#") or len(last.split()) < 4:
            yield f"what stands before code cell {i} is no sentence: {last!r}"


def text_stands_without_the_code(book: Book) -> Iterator[str]:
    """Voilà hides the code, so nothing may speak of cells."""
    for i, text in book.texts():
        if words := re.search(
            r"(?i)\b(code )?cells? (below|above)|next cell|(run|execute) th", text
        ):
            yield f"cell {i} speaks of what a Voilà page does not show: {words[0]!r}"


def code_runs_anywhere(book: Book) -> Iterator[str]:
    """No installing, no shell, no path of one machine, nothing from the internet."""
    for i, cell in enumerate(book.notebook.cells):
        if path := re.search(
            r"(?<![\w:/])/(home|root|tmp|work|Users|mnt)/|\b[A-Z]:\\", cell.source
        ):
            yield f"cell {i} has a path of one machine: {path[0]!r}"
    for i, source in book.code():
        for line in source.splitlines():
            if re.match(r"\s*[!%]", line) or "pip install" in line:
                yield f"code cell {i} has a shell or magic line: {line.strip()!r}"
            if re.search(r"https?://", line):
                yield f"code cell {i} needs the internet: {line.strip()!r}"


def headings_are_in_order(book: Book) -> Iterator[str]:
    """One title, first of all; no level is left out; no heading twice."""
    headings = book.headings()
    levels = [level for level, _ in headings]
    if levels.count(1) != 1 or levels[0] != 1:
        yield f"it has not one title that stands first: levels {levels}"
    if not book.notebook.cells[0].source.startswith("# "):
        yield "it does not begin with its title"
    for (before, _), (level, words) in itertools.pairwise(headings):
        if level > before + 1:
            yield f"a level is left out before {words!r}"
    names = [words for _, words in headings]
    yield from (
        f"the heading {name!r} stands twice" for name in set(names) if names.count(name) > 1
    )


def links_lead_somewhere(book: Book) -> Iterator[str]:
    """Relative links, to files that exist."""
    for i, text in book.texts():
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"https?:", target):
                continue
            file = target.partition("#")[0]
            if file and not (book.path.parent / file).is_file():
                yield f"cell {i} links to {target}, which does not exist"


def pictures_have_words(book: Book) -> Iterator[str]:
    """Alternative text for each picture in the text (those in outputs are checked when it runs)."""
    for i, text in book.texts():
        for words in re.findall(r"!\[([^\]]*)\]", text):
            if len(words.split()) < 3:
                yield f"cell {i} has a picture without words"
        for tag in re.findall(r"<img\b[^>]*>", text):
            if not re.search(r'alt="[^"]{8,}"', tag):
                yield f"cell {i} has a picture without words: {tag}"


def sources_are_given(book: Book) -> Iterator[str]:
    """Each [Author year] is listed under Sources, and each source is used."""
    text = "\n\n".join(text for _, text in book.texts())
    body, _, sources = text.partition("\n## Sources")
    listed = set(re.findall(r"^- \[([^\]]+ \d{4})\]", sources, re.M))
    cited = set(re.findall(r"\[([A-Z][^\[\]]* \d{4})[,\]](?!\()", body))
    yield from (f"[{name}] does not stand under Sources" for name in sorted(cited - listed))
    yield from (
        f"[{name}] stands under Sources and nowhere else" for name in sorted(listed - cited)
    )


def slides_are_marked(book: Book) -> Iterator[str]:
    """Each markdown cell says where it goes when the notebook is shown as slides."""
    for i, cell in enumerate(book.notebook.cells):
        mark = cell.metadata.get("slideshow", {}).get("slide_type")
        if cell.cell_type == "markdown" and mark not in SLIDES:
            yield f"cell {i} has no slide mark: {mark!r}"
    if book.notebook.cells[0].metadata.get("slideshow", {}).get("slide_type") != "slide":
        yield "the title is not a slide"


def lessons_are_whole(book: Book) -> Iterator[str]:
    """What a lesson promises first and gives at its end."""
    if not book.is_lesson:
        return
    title = book.notebook.cells[0].source
    for promise in ("Time", "You should know", "You will learn to"):
        if promise not in title:
            yield f"its first cell does not say {promise!r}"
    chapters = [words for level, words in book.headings() if level == 2]
    if chapters[-len(CHAPTERS) :] != CHAPTERS:
        yield f"it does not end with {', '.join(CHAPTERS)}: {chapters}"
    if not (book.path.parent / "solutions" / book.path.name).is_file():
        yield "it has no solutions"
    exercises = next((t for _, t in book.texts() if t.startswith("## Exercises")), "")
    numbered = re.findall(r"^\d\. .*?(?=^\d\. |\Z)", exercises, re.M | re.S)
    checked = [exercise for exercise in numbered if "Check:" in exercise]
    if len(checked) < 3:
        yield f"{len(checked)} exercises have a number to check oneself against, fewer than 3"


CHECKS: list[Callable[[Book], Iterator[str]]] = [
    format_is_current,
    nothing_is_left_of_a_run,
    code_cells_are_short,
    code_is_introduced,
    text_stands_without_the_code,
    code_runs_anywhere,
    headings_are_in_order,
    links_lead_somewhere,
    pictures_have_words,
    sources_are_given,
    slides_are_marked,
    lessons_are_whole,
]
