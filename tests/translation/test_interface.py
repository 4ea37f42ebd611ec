"""The interface's texts in Spanish: none is missing, and no field of a message is lost."""

from __future__ import annotations

import re

import pytest

from cnnvis_widgets.course.glossary import link, terms
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.translation import catalogues, fields, interface, languages
from scripts.interface_texts import glossary_texts, interface_texts

EACH_FILE = pytest.mark.parametrize("name", interface.FILES)


def test_what_the_registries_say_is_translated() -> None:
    known = interface.texts("es")
    assert [text for text in interface_texts() if text not in known] == []
    words = interface.texts("es", "glossary")
    assert [text for text in glossary_texts() if text not in words] == []


@EACH_FILE
def test_no_message_waits_for_its_translation(name: str) -> None:
    assert len(interface.texts("es", name)) > 100
    assert interface.untranslated("es", name) == []


@EACH_FILE
def test_fields_of_a_message_and_its_translation_agree(name: str) -> None:
    for message, translation in interface.texts("es", name).items():
        assert fields.names(message) == fields.names(translation), message
        assert len(set(fields.names(message))) == len(fields.names(message)), message


def test_a_pattern_is_an_expression_of_the_message() -> None:
    expression, translation, names = fields.pattern("{n} of {text} (all)", "{text}: {n} (todo)")
    assert re.fullmatch(expression, "−0.5 of the map (all)") is not None
    assert re.fullmatch(expression, "none of the map (all)") is None
    assert re.fullmatch(expression, "1 of the map all") is None
    assert (translation, names) == ("{text}: {n} (todo)", ["n", "text"])
    with pytest.raises(InvalidValueError, match=r"\['n'\], and has \['n2'\]"):
        fields.pattern("{n} maps", "{n2} mapas")


def test_the_most_particular_pattern_comes_first() -> None:
    compiled = interface.compiled("es")
    assert all(not fields.names(message) for message in compiled["exact"])
    bare = [len(re.sub(r"\(\.\+\?\)|\(\[.*?\]\?.*?\)\?\)", "", p[0])) for p in compiled["patterns"]]
    assert bare[0] > 100 > bare[-1]


def test_a_language_is_a_key_and_never_a_path() -> None:
    for odd in ("", "EN", "de", "../es", "es/../en", "es\x00", "e" * 10_000, "__init__"):
        assert languages.supported(odd) == "en"
    assert languages.supported("es") == "es"


def test_spanish_words_link_to_the_english_anchors() -> None:
    text = "Las **neuronas** de una capa convolucional, y otras neuronas."
    (linked,), met = link([text], "../", "es")
    assert [term.name for term in met] == ["neuron", "convolution"]
    assert linked.count("<a ") == 2
    assert 'href="../glossary.ipynb#neuron" data-means="La parte más pequeña' in linked
    assert {term.name for term in terms()} >= {"neuron", "convolution"}


def test_what_is_offered_is_there() -> None:
    from cnnvis_widgets.course.catalogue import INDEX, lessons, notebooks_folder

    names = {lesson.name for lesson in lessons()} | {INDEX}
    assert set(languages.OFFERED) == set(catalogues.languages()) == {"es"}
    assert languages.OFFERED["es"] <= names
    offered = {n for n in names if languages.offers(notebooks_folder() / f"{n}.ipynb", "es")}
    assert {INDEX, "explorer", "comparer", "scoreboard", "who_cheats", "glossary"} <= offered
