"""Requests and answers as bytes, for the way to another process and back.

A picture does not travel with the request: the request names it by its digest, and the picture
follows once.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import IntEnum
from importlib.metadata import version
from typing import Any

import numpy as np

from cnnvis_widgets.engine.evidence import Judge
from cnnvis_widgets.engine.fewest import FewestSuperpixels
from cnnvis_widgets.engine.neuron_card import Gallery, OneNeuron
from cnnvis_widgets.engine.questions import Ask, Compute
from cnnvis_widgets.engine.requests import Explain, ExplainAgain, Neurons, Open, Predict, Warm
from cnnvis_widgets.engine.touch import Covered, DeletionCurve, Fields, Superpixels
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import CnnvisError, gist
from cnnvis_widgets.methods import all_methods

VERSION = version("cnnvis-widgets")

NOTHING = pickle.dumps(None, protocol=5)
"""The answer to a request that is asked for what it does."""

TRAVELLING = (
    *(Open, Predict, Neurons, Explain, TrustChecks, RandomTopLayer, Warm, Judge, Ask, Compute),
    *(Fields, Superpixels, Covered, DeletionCurve, FewestSuperpixels, OneNeuron, Gallery),
)
"""What may be answered elsewhere. Others change the library of the process that asks, or need a
folder of it."""


class Level(IntEnum):
    """How urgent a request is: work yields between its steps to what has a smaller number."""

    QUICK = 0
    LONG = 1
    IDLE = 2


@dataclass(frozen=True)
class PictureOf:
    """A picture that travels by itself."""

    digest: str


@dataclass(frozen=True)
class Parcel:
    """A request, ready to be sent.

    Attributes:
        key: equal for requests that have the same answer, given the same weights.
        level: how urgent it is.
        networks: those that it needs, by name.
        data: the request without its pictures.
        pictures: digest → bytes, what it needs besides.
    """

    key: str
    level: Level
    networks: tuple[str, ...]
    data: bytes
    pictures: dict[str, bytes]


def networks_of(request: Any) -> tuple[str, ...]:
    """The names of the networks that a request needs."""
    return request.networks if isinstance(request, Judge) else (request.network,)


def level_of(request: Any) -> Level:
    """How urgent a request is: quick is what takes a few passes."""
    if isinstance(request, Warm | RandomTopLayer | ExplainAgain):
        return Level.IDLE
    if isinstance(request, Judge | DeletionCurve | FewestSuperpixels | Gallery):
        return Level.LONG
    if isinstance(request, Explain | Compute):
        method = all_methods().get(request.method)
        return Level.LONG if method is not None and not method.quick else Level.QUICK
    return Level.QUICK


def pack(request: Any) -> Parcel:
    """A request as a parcel.

    Args:
        request: one of `TRAVELLING`.
    """
    pictures: dict[str, bytes] = {}
    image = getattr(request, "image", None)
    if isinstance(image, np.ndarray):
        digest = picture_digest(image)
        pictures[digest] = pickle.dumps(np.ascontiguousarray(image), protocol=5)
        request = replace(request, image=PictureOf(digest))
    text = f"{VERSION} {_said(request)}"
    key = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    networks = networks_of(request)
    return Parcel(key, level_of(request), networks, pickle.dumps(request, protocol=5), pictures)


def unpack(data: bytes, picture: Callable[[str], bytes]) -> Any:
    """The request in a parcel.

    Args:
        data: the parcel's.
        picture: finds a picture's bytes by its digest.
    """
    request = pickle.loads(data)
    image = getattr(request, "image", None)
    if isinstance(image, PictureOf):
        request = replace(request, image=pickle.loads(picture(image.digest)))
    return request


def picture_digest(image: np.ndarray) -> str:
    """Of a picture's size, type and values."""
    content = hashlib.blake2b(f"{image.shape} {image.dtype.str} ".encode(), digest_size=20)
    content.update(np.ascontiguousarray(image).data)
    return content.hexdigest()


def pack_error(error: Exception) -> bytes:
    """An error for the page that asked; of TensorFlow's only what they say, as a page has none."""
    if not isinstance(error, CnnvisError):
        error = RuntimeError(f"{type(error).__name__}: {gist(error)}")
    return pickle.dumps(error, protocol=5)


def _said(value: Any) -> str:
    """A value in words: the same wherever it was made, and others for any other value.

    A record's own `repr` may leave something out.
    """
    if is_dataclass(value):
        parts = (f"{one.name}={_said(getattr(value, one.name))}" for one in fields(value))
        return f"{type(value).__qualname__}({', '.join(parts)})"
    if isinstance(value, np.ndarray):
        return f"array {picture_digest(value)}"
    if isinstance(value, dict):
        keys = sorted(value, key=repr)
        return "{" + ", ".join(f"{_said(key)}: {_said(value[key])}" for key in keys) + "}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(_said, value))})"
    return repr(value)
