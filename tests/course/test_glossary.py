"""The glossary: every word is met, explained, and linked where it is used first."""

from __future__ import annotations

import re

import pytest

from cnnvis_widgets.course import lessons
from cnnvis_widgets.course.glossary import link, terms, where_met

TERMS = {term.name: term for term in terms()}


@pytest.mark.parametrize("name", TERMS)
def test_a_term_is_explained_in_two_sentences(name: str) -> None:
    means = TERMS[name].means
    without_brackets = re.sub(r"\([^)]*\)", "", means)
    assert len(re.findall(r"[.](?=\s|$)", without_brackets)) in (1, 2), means
    assert means[0].isupper()
    assert means[-1] in ".)"
    assert not re.search(r"[$`|<>]", means)


def test_terms_are_unlike() -> None:
    forms = [form.lower() for term in terms() for form in (term.name, *term.also)]
    assert len(forms) == len(set(forms))
    anchors = [term.anchor for term in terms()]
    assert len(anchors) == len(set(anchors))
    assert TERMS["fully connected"].anchor == "fully-connected"
    wanted = """neuron layer unit weight bias activation ReLU logit score softmax gradient loss
        convolution kernel stride padding pooling channel training validation over-fitting batch
        epoch heatmap attribution"""
    assert set(wanted.split()) | {"feature map", "receptive field"} <= set(TERMS)


def test_the_first_use_is_linked_and_no_other() -> None:
    texts, met = link(["# Softmax first\n\nThe softmax of a unit.", "Softmax, units and weights."])
    assert [term.name for term in met] == ["softmax", "unit", "weight"]
    assert texts[0].startswith("# Softmax first\n\nThe <a class")
    assert texts[0].count("<a ") == 2
    assert texts[1].startswith("Softmax, units and <a ")
    assert '#weight" data-means="The number that a neuron' in texts[1]
    assert texts[1].endswith(">weights</a>.")


def test_the_longest_word_counts_and_words_over_two_lines() -> None:
    texts, met = link(["Global\naverage pooling, and average pooling. A sub-unit."])
    assert [term.name for term in met] == ["global average pooling", "pooling"]
    assert ">Global\naverage pooling</a>" in texts[0]


@pytest.mark.parametrize(
    "text",
    [
        "`softmax(x)`",
        "```\nsoftmax\n```",
        r"$\text{softmax}(x)$ and $$ softmax $$",
        "[softmax](x.ipynb) and [Softmax et al. 2019, §2]",
        "![a softmax](x.png)",
        '<img alt="softmax">',
        "### Softmax",
        "| **Time** | 5 minutes for softmax; 50 in class |",
        "50 minutes in class",
    ],
)
def test_what_is_no_running_text_gets_no_link(text: str) -> None:
    assert link([text]) == ([text], [])


def test_sources_get_no_links_and_a_page_further_down_another_way() -> None:
    texts, _ = link(["A unit.", "## Sources\n\n- softmax", "softmax"], "../")
    assert 'href="../glossary.ipynb#unit"' in texts[0]
    assert texts[1:] == ["## Sources\n\n- softmax", "softmax"]


def test_links_change_nothing_but_the_words() -> None:
    """Without the tags the texts are the old ones."""
    for lesson in lessons():
        linked, _ = link(lesson.text)
        bare = [
            re.sub(r'<a class="cnnvis-term"[^>]*>(.*?)</a>', r"\1", t, flags=re.S) for t in linked
        ]
        assert tuple(bare) == lesson.text, lesson.name


def test_which_words_are_met_where() -> None:
    met = where_met(lessons())
    assert set(met) == set(TERMS)
    up_to_grad_cam = [ls[0].name for ls in met.values() if ls and ls[0].name <= "03_08_grad_cam"]
    assert len(up_to_grad_cam) >= 40
    here = {term: [lesson.section for lesson in course] for term, course in met.items()}
    assert here["gradient descent"][0] == "2.1"
    assert "2.3" in here["stride"]
    assert "3.8" in here["softmax"]
    assert {"3.4", "3.5"} <= set(here["score"])
    # Words of lessons that are still to come may be met nowhere yet; of those that are there, none.
    written = {lesson.name for lesson in lessons()}
    if {"02_2_neural_networks", "02_4_training"} <= written:
        assert not [term for term, sections in here.items() if not sections]
