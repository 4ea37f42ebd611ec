"""A library keeps the caller's networks apart, and only as long as they are wanted."""

from __future__ import annotations

import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.engine.requests import Library
from cnnvis_widgets.errors import UnknownNameError


def test_two_networks_of_one_name_stay_two() -> None:
    library, one, two = Library(), object(), object()
    first, second = library.add("mine", one), library.add("mine", two)  # type: ignore[arg-type]
    assert first != second
    assert library.network(first) is one
    assert library.network(second) is two
    assert library.add("mine", one) == first  # type: ignore[arg-type]


def test_a_network_is_forgotten_when_the_last_holder_releases_it() -> None:
    library, one = Library(), object()
    name = library.add("mine", one)  # type: ignore[arg-type]
    assert library.add("mine", one) == name  # type: ignore[arg-type]
    library.release(name)
    assert library.network(name) is one
    library.release(name)
    with pytest.raises(UnknownNameError):
        library.network(name)


def test_an_explanation_keeps_neither_the_picture_nor_the_network(twins: Any) -> None:
    network = twins("fused")[1]
    large = np.random.default_rng(0).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    watch = weakref.ref(large)
    explanation = explain(network, large, method="saliency")
    del large
    gc.collect()
    assert watch() is None
    kept = pickle.dumps(explanation)
    assert len(kept) < 20 * (explanation.attribution.nbytes + explanation.picture.nbytes)
    back = pickle.loads(kept)
    np.testing.assert_array_equal(back.attribution, explanation.attribution)
    np.testing.assert_array_equal(back.heatmap(), explanation.heatmap())
    assert back.code() == explanation.code()
    assert back.coverage == explanation.coverage


def test_an_entry_of_the_list_of_methods_is_a_method(twins: Any) -> None:
    import cnnvis_widgets as cnnvis

    network = twins("fused")[1]
    picture = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    entry = next(m for m in cnnvis.methods() if m["name"] == "saliency")
    one, two = (explain(network, picture, method=m, neuron=1) for m in (entry, "saliency"))
    np.testing.assert_array_equal(one.attribution, two.attribution)
