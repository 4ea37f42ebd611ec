"""The small networks of the tests, by name: every way in which a ReLU or a block can be put."""

from __future__ import annotations

from typing import Any

from oracles.twins import Twin

SHAPE = (9, 7, 3)


def relu_layers(o: Any, x: Any) -> Any:
    x = o.relu(o.conv(x, 4, name="c1"), name="r1")
    x = o.pool(x, "max", 2, 2, "valid", name="p1")
    x = o.relu(o.conv(x, 5, (2, 3), padding="valid", name="c2"), name="r2")
    return o.dense(o.dense(o.flatten(x, name="f"), 6, name="d1", activation="relu"), 4, name="d2")


def fused(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, 3, strides=2, activation="relu", name="c1")
    x = o.conv(x, 6, (3, 2), activation="relu", name="c2")
    return o.dense(o.global_average(x, name="g"), 5, name="d")


def relu6(o: Any, x: Any) -> Any:
    x = o.relu(o.normalise(o.conv(x, 6, name="c1"), name="n1"), top=6, name="r1")
    y = o.relu(o.normalise(o.depthwise(x, name="w"), name="n2"), "activation", top=6, name="r2")
    y = o.normalise(o.conv(y, 6, 1, name="c2"), name="n3")
    x = o.relu(o.add(x, y, name="a"), "op", top=6, name="r3")
    return o.dense(o.global_average(x, name="g"), 4, name="d")


def clipped(o: Any, x: Any) -> Any:
    x = o.relu(o.conv(x, 5, name="c1"), top=4, name="r1")
    x = o.relu(o.conv(x, 6, name="c2"), top=4, name="r2")
    return o.dense(o.global_average(x, name="g"), 4, name="d")


def every_form(o: Any, x: Any) -> Any:
    x = o.relu(o.conv(x, 4, name="c1"), "activation", name="r1")
    x = o.relu(o.conv(x, 5, name="c2"), "op", name="r2")
    x = o.relu(o.conv(x, 4, name="c3"), "tf", name="r3")
    x = o.relu(o.conv(x, 4, name="c4"), "tf", top=6, name="r4")
    return o.dense(o.global_average(x, name="g"), 3, name="d")


def nested_twice(o: Any, x: Any) -> Any:
    def core(o: Any, x: Any) -> Any:
        return o.relu(o.conv(x, 5, name="c2"), name="r2")

    def body(o: Any, x: Any) -> Any:
        x = o.conv(x, 4, activation="relu", name="c1")
        x = o.nested(x, core, name="core")
        return o.relu(o.conv(x, 4, name="c3"), "op", name="r3")

    x = o.nested(x, body, name="body")
    x = o.pool(x, "average", 2, 2, "valid", name="p")
    return o.dense(o.flatten(x, name="f"), 4, name="d")


def sequences(o: Any, x: Any) -> Any:
    def inner(o: Any, x: Any) -> Any:
        return o.relu(o.conv(x, 5, name="c2"), name="r2")

    def outer(o: Any, x: Any) -> Any:
        x = o.relu(o.conv(x, 4, 2, name="c1"), name="r1")
        x = o.nested(x, inner, name="inner", sequential=True)
        return o.pool(x, "max", 3, 2, "same", name="p")

    x = o.nested(x, outer, name="outer", sequential=True)
    return o.dense(o.flatten(x, name="f"), 4, name="d")


def shared(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, activation="relu", name="c1")
    x = o.conv(x, 4, activation="relu", name="c2")
    x = o.relu(x, name="r")
    x = o.conv(x, 4, activation="relu", name="c2")
    x = o.nested(x, lambda o, x: o.relu(o.conv(x, 4, name="c3"), name="r3"), name="twice")
    x = o.nested(x, lambda o, x: o.relu(o.conv(x, 4, name="c3"), name="r3"), name="twice")
    return o.dense(o.global_average(x, name="g"), 3, name="d")


def residual(o: Any, x: Any) -> Any:
    """Pre-activation blocks (He et al. 2016): the ReLU comes before the convolution."""
    x = o.conv(o.border(x, ((1, 0), (2, 1)), name="z"), 6, padding="valid", name="c1")
    y = o.relu(o.normalise(x, name="n1"), name="r1")
    y = o.conv(y, 6, name="c2")
    x = o.add(x, y, name="a1")
    y = o.relu(o.normalise(x, name="n2"), name="r2")
    x = o.add(x, o.conv(y, 6, 1, name="c3"), name="a2")
    x = o.relu(o.normalise(x, name="n3"), name="r3")
    return o.dense(o.global_average(x, name="g"), 4, name="d")


def branched(o: Any, x: Any) -> Any:
    x = o.conv(x, 4, activation="relu", name="c1")
    a = o.conv(x, 3, 1, activation="relu", name="c2")
    b = o.conv(x, 2, 3, activation="relu", name="c3")
    c = o.conv(o.pool(x, "average", 3, 1, "same", name="p"), 3, 1, activation="relu", name="c4")
    x = o.concatenate(a, b, c, name="mixed")
    x = o.pool(x, "max", 2, 2, "same", name="p2")
    return o.dense(o.flatten(x, name="f"), 5, name="d")


def separable(o: Any, x: Any) -> Any:
    x = o.relu(o.normalise(o.separable(x, 6, name="s1"), name="n1"), name="r1")
    x = o.depthwise(x, (3, 3), strides=2, name="w")
    x = o.relu(o.normalise(o.separable(x, 5, name="s2"), name="n2"), name="r2")
    return o.dense(o.global_average(x, name="g"), 4, name="d")


def twin(name: str) -> Twin:
    """A network of this file, functional or (where it uses tf.nn) subclassed."""
    scale = {"relu6": 4.0, "clipped": 3.0}.get(name, 1.0)
    return Twin(DESCRIPTIONS[name], SHAPE, name=name, scale=scale, subclassed=name == "every_form")


DESCRIPTIONS = {
    f.__name__: f
    for f in (
        relu_layers,
        fused,
        relu6,
        clipped,
        every_form,
        nested_twice,
        sequences,
        shared,
        residual,
        branched,
        separable,
    )
}
