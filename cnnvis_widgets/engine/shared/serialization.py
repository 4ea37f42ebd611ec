"""Requests and answers as bytes that are sent between processes.

A picture is sent once, apart from the requests, which refer to it by its digest.
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
from cnnvis_widgets.engine.touch import DeletionCurve, Fields, Occlude, Superpixels
from cnnvis_widgets.engine.trust import RandomTopLayer, TrustChecks
from cnnvis_widgets.errors import CnnvisError, gist
from cnnvis_widgets.methods import all_methods

VERSION = version("cnnvis-widgets")

NO_ANSWER = pickle.dumps(None, protocol=5)
"""The answer to a request that only has a side effect."""

REMOTE_REQUESTS = (
    *(Open, Predict, Neurons, Explain, TrustChecks, RandomTopLayer, Warm, Judge, Ask, Compute),
    *(Fields, Superpixels, Occlude, DeletionCurve, FewestSuperpixels, OneNeuron, Gallery),
)
"""Requests that another process may answer. The others change the library of the process that
sends them, or need one of its folders."""


class Level(IntEnum):
    """How urgent a request is: between its steps, work yields to smaller numbers."""

    QUICK = 0
    LONG = 1
    IDLE = 2


@dataclass(frozen=True)
class PictureReference:
    """Stands in a request for a picture that is sent separately."""

    digest: str


@dataclass(frozen=True)
class SerializedRequest:
    """A request as bytes, with what the broker needs to schedule it.

    Attributes:
        key: equal for requests that have the same answer, given the same weights.
        level: how urgent it is.
        networks: names of the networks that it needs.
        data: the request without its pictures.
        pictures: digest → bytes of the pictures that it needs.
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
    """How urgent a request is: quick requests take a few passes."""
    if isinstance(request, Warm | RandomTopLayer | ExplainAgain):
        return Level.IDLE
    if isinstance(request, Judge | DeletionCurve | FewestSuperpixels | Gallery):
        return Level.LONG
    if isinstance(request, Explain | Compute):
        method = all_methods().get(request.method)
        return Level.LONG if method is not None and not method.quick else Level.QUICK
    return Level.QUICK


def serialize(request: Any) -> SerializedRequest:
    """Turn a request into bytes.

    Args:
        request: an instance of one of `REMOTE_REQUESTS`.
    """
    pictures: dict[str, bytes] = {}
    image = getattr(request, "image", None)
    if isinstance(image, np.ndarray):
        digest = picture_digest(image)
        pictures[digest] = pickle.dumps(np.ascontiguousarray(image), protocol=5)
        request = replace(request, image=PictureReference(digest))
    text = f"{VERSION} {_canonical_text(request)}"
    key = hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
    networks = networks_of(request)
    return SerializedRequest(
        key, level_of(request), networks, pickle.dumps(request, protocol=5), pictures
    )


def deserialize(data: bytes, picture: Callable[[str], bytes]) -> Any:
    """Restore a request.

    Args:
        data: of a `SerializedRequest`.
        picture: finds a picture's bytes by its digest.
    """
    request = pickle.loads(data)
    image = getattr(request, "image", None)
    if isinstance(image, PictureReference):
        request = replace(request, image=pickle.loads(picture(image.digest)))
    return request


def picture_digest(image: np.ndarray) -> str:
    """A digest of a picture's shape, dtype and values."""
    content = hashlib.blake2b(f"{image.shape} {image.dtype.str} ".encode(), digest_size=20)
    content.update(np.ascontiguousarray(image).data)
    return content.hexdigest()


def serialize_error(error: Exception) -> bytes:
    """An error as bytes; of foreign types only the message, as pages do not load TensorFlow."""
    if not isinstance(error, CnnvisError):
        error = RuntimeError(f"{type(error).__name__}: {gist(error)}")
    return pickle.dumps(error, protocol=5)


def _canonical_text(value: Any) -> str:
    """A text that is equal exactly for equal values, in every process.

    A record's `repr` may omit fields.
    """
    if is_dataclass(value):
        entries = (f"{f.name}={_canonical_text(getattr(value, f.name))}" for f in fields(value))
        return f"{type(value).__qualname__}({', '.join(entries)})"
    if isinstance(value, np.ndarray):
        return f"array {picture_digest(value)}"
    if isinstance(value, dict):
        keys = sorted(value, key=repr)
        return (
            "{"
            + ", ".join(f"{_canonical_text(key)}: {_canonical_text(value[key])}" for key in keys)
            + "}"
        )
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(_canonical_text, value))})"
    return repr(value)
