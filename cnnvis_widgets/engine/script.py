"""Writes a script that computes exactly the same explanation."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import io
import math
import os
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.backend.pixels import Prepared
from cnnvis_widgets.backend.target import Target
from cnnvis_widgets.errors import FileError
from cnnvis_widgets.methods.explanation import Explanation
from cnnvis_widgets.rendering.pictures import png_bytes
from cnnvis_widgets.zoo.images import images, load_image

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


@dataclass(frozen=True)
class Script:
    """What the script needs besides the explanation, without keeping network and picture alive.

    Attributes:
        network: the expression that creates the network; "" for a user's own model.
        load_code: the expression that reads the picture, if it was given by name or path.
        digest: of a picture that was given as an array, to recognise bundled pictures.
        input: float32 (rows, columns, channels), if it was given directly.
    """

    network: str
    load_code: str = ""
    digest: tuple[object, ...] | None = None
    input: np.ndarray | None = None

    @classmethod
    def of(cls, network: Network, image: Any, prepared: Prepared) -> Script:
        """Create it for a picture in any form that `explain` takes."""
        if isinstance(image, str):
            return cls(network.code, f"cnnvis.load_image({image!r})")
        if isinstance(image, os.PathLike):  # "cat" would be a name, "./cat" is a file
            path = os.fsdecode(image)
            name = "./" + path if path in images() else path
            return cls(network.code, f"cnnvis.load_image({name!r})")
        if prepared.picture is None:
            return cls(network.code, input=prepared.input)
        digest = _digest(image) if isinstance(image, np.ndarray) else None
        return cls(network.code, digest=digest)

    def __call__(self, explanation: Explanation) -> str:
        """The script as text."""
        return script(explanation, self)


def script(explanation: Explanation, source: Script) -> str:
    """Write the script.

    A bundled picture, or one that was given by name or path, is loaded; any other is embedded in
    the script as the network saw it, so that the script needs no second file.

    Args:
        explanation: the explanation to compute again.
        source: code for its network and its picture.
    """
    neuron = explanation.neuron
    masked: list[str] = []
    if isinstance(neuron, Target):
        neuron_code, masked = _target(neuron)
    elif neuron.layer is None and neuron.aggregate == "sum" and neuron.position is None:
        neuron_code = f"{neuron.unit},  # {' '.join(explanation.label.split())}"
    else:
        options = "" if neuron.aggregate == "sum" else f", aggregate={neuron.aggregate!r}"
        options += "" if neuron.position is None else f", position={neuron.position!r}"
        neuron_code = f"cnnvis.Neuron({neuron.layer!r}, {neuron.unit}{options}),"
    changed = {
        p.name: explanation.parameters[p.name]
        for p in explanation.method.parameters
        if explanation.parameters[p.name] != p.default
    }
    network_code = source.network or (
        "cnnvis.Network(model)  # your own Keras model, with the options you gave before"
    )
    head, picture = _image(explanation, source)
    lines = [
        *_imports(head, bool(masked)),
        "import cnnvis_widgets as cnnvis",
        "",
        *masked,
        f"network = {network_code}",
        f"image = {picture}",
        "explanation = cnnvis.explain(",
        "    network,",
        "    image,",
        f"    method={explanation.method.name!r},",
        f"    neuron={neuron_code}",
        f"    seed={explanation.seed},",
        *(f"    {name}={value!r}," for name, value in changed.items()),
        ")",
    ]
    if explanation.image is not None:
        lines.append("print(explanation.image.shape)  # uint8 (rows, columns, 3)")
    else:
        lines.append("print(explanation.attribution.shape)  # raw float32, never rescaled")
    lines.append('explanation.save("explanation.png")')
    return "\n".join(lines) + "\n"


def _target(target: Target) -> tuple[str, list[str]]:
    """The expression of a target, and the lines that create its mask."""
    code = f"cnnvis.{target.expression('mask')},"
    if target.mask is None:
        return code, []
    return code, [
        f"packed = base64.b64decode({_base64(target.mask.packed)})",
        "bits = np.unpackbits(np.frombuffer(packed, np.uint8))",
        f"mask = bits[:{math.prod(target.mask.shape)}].reshape({target.mask.shape})",
    ]


def _imports(head: list[str], masked: bool) -> list[str]:
    """The imports of `head` and of a mask: standard library first, then NumPy."""
    imports = {line for line in head if line}
    if masked:
        imports |= {"import base64", "import numpy as np"}
    numpy = sorted(line for line in imports if "numpy" in line)
    standard = sorted(imports - set(numpy))
    return [*standard, *[""] * bool(standard), *numpy, *[""] * bool(numpy)]


def _image(explanation: Explanation, source: Script) -> tuple[list[str], str]:
    if source.load_code:
        return [], source.load_code
    if source.digest is not None and (name := _bundled_pictures().get(source.digest)):
        return [], f'cnnvis.load_image("{name}")'
    if source.input is None:
        assert explanation.picture is not None
        return [
            "import base64",
            "",
        ], f"cnnvis.load_image(base64.b64decode({_base64(png_bytes(explanation.picture))}))"
    buffer = io.BytesIO()
    np.save(buffer, source.input)
    head = ["import base64", "import io", "", "import numpy as np", ""]
    return head, f"np.load(io.BytesIO(base64.b64decode({_base64(buffer.getvalue())})))"


@functools.cache
def _bundled_pictures() -> dict[tuple[object, ...], str]:
    """Digests of the bundled pictures → names."""
    names = {}
    for name in images():
        with contextlib.suppress(FileError):  # its package is not installed
            names[_digest(load_image(name))] = name
    return names


def _digest(image: np.ndarray) -> tuple[object, ...]:
    content = hashlib.blake2b(np.ascontiguousarray(image).tobytes()).digest()
    return image.shape, image.dtype.str, content


def _base64(data: bytes) -> str:
    text = textwrap.fill(base64.b64encode(data).decode(), 96)
    return f'"""\n{text}\n"""'
