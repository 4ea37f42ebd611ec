"""Which layers a library's rule was put at, read off models made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cnnvis_widgets.peers.rule_reach import changed_layers


def relu(x: Any) -> Any:
    return max(x, 0)


def layer(name: str, **facts: Any) -> SimpleNamespace:
    return SimpleNamespace(name=name, **facts)


def test_activations_and_calls_that_were_replaced() -> None:
    def rule(x: Any) -> Any:
        return x

    given = SimpleNamespace(
        layers=[
            layer("fused", activation=relu),
            layer("pool"),
            layer("other", activation=relu),
            layer("relu"),
            layer("part", layers=[layer("inner", activation=relu), layer("kept", activation=relu)]),
        ]
    )
    theirs = SimpleNamespace(
        layers=[
            layer("fused", activation=rule),
            layer("pool"),
            layer("other", activation=relu),
            layer("relu", call=rule),
            layer("part", layers=[layer("inner", activation=rule), layer("kept", activation=relu)]),
        ]
    )
    assert changed_layers(theirs, given) == ("fused", "relu", "part/inner")
    assert changed_layers(given, given) == ()


def test_an_activation_that_is_a_layer_was_only_copied() -> None:
    class Leaky(SimpleNamespace):
        def get_config(self) -> dict[str, Any]:
            return {}

    one, other = (SimpleNamespace(layers=[layer("fused", activation=Leaky())]) for _ in "ab")
    assert changed_layers(one, other) == ()
