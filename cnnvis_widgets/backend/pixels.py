"""From a picture to a network's input. No TensorFlow here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from cnnvis_widgets.errors import InvalidValueError

DEFAULT_SIZE = 224  # rows and columns, for networks that take any
DARK = 16  # the white of 12 bits in a file of 16, as one of 255
Preprocess = Callable[[np.ndarray], np.ndarray]


class Prepared(NamedTuple):
    """A network's input, and the picture that it was made from.

    Attributes:
        input: float32 (rows, columns, channels), after preprocessing.
        picture: uint8 (rows, columns, 3) at the same size; None where an input was given directly.
    """

    input: np.ndarray
    picture: np.ndarray | None


def prepare(
    image: np.ndarray, shape: tuple[int, int, int], preprocess: Preprocess | None
) -> Prepared:
    """Crop, resize and preprocess a picture; take a float array as it is.

    Args:
        image: a picture, uint8 (rows, columns, 3) or (rows, columns); or the network's input
            itself, a float array of `shape`, which is not changed.
        shape: the network's (rows, columns, channels).
        preprocess: float32 pixels of 0..255 → input; None hands the pixels on.

    Raises:
        InvalidValueError: wrong type or shape, or values that are not finite.
    """
    if not isinstance(image, np.ndarray):
        raise InvalidValueError(
            "Expected a picture as a uint8 array (rows, columns, 3) or the network's input as a "
            f"float array {shape}; got {type(image).__name__}. cnnvis.load_image makes a picture "
            "out of a name, a path, bytes or a PIL image."
        )
    if np.issubdtype(image.dtype, np.floating):
        if image.shape != shape:
            raise InvalidValueError(
                f"A float array is taken as the network's input, of shape {shape}; got "
                f"{image.shape}. A picture of any size is a uint8 array."
            )
        with np.errstate(over="ignore"):  # values too large for float32 are reported as infinite
            values = image.astype(np.float32)
        _finite(values, "The network's input has")
        return Prepared(values, None)
    colour = image.ndim == 3 and image.shape[2] == 3
    if image.dtype != np.uint8 or not (colour or image.ndim == 2) or image.size == 0:
        raise InvalidValueError(
            "Expected a picture as uint8 (rows, columns, 3) or (rows, columns), or the network's "
            f"input as float {shape}; got {image.dtype} {image.shape}."
        )
    picture = fit(image, shape[0], shape[1])
    if shape[2] == 1:
        picture = picture.convert("L").convert("RGB")
    pixels = np.array(picture)
    values = preprocessed(pixels[..., : shape[2]].astype(np.float32), preprocess)
    _finite(values, "preprocess makes of this picture")
    return Prepared(values, pixels)


def range_warning(values: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]) -> str:
    """A warning about an input with values that no picture could give; "" if none.

    Args:
        values: the network's input, float32 (rows, columns, channels).
        bounds: the inputs of a black and of a white picture, of the same shape.
    """
    low, high = bounds
    margin = np.float32(0.5) * (high - low)  # noise and adversarial steps stay within
    if not ((values < low - margin) | (values > high + margin)).any():
        return ""
    return (
        f"The input's values go from {values.min():.4g} to {values.max():.4g}; pictures give this "
        f"network {low.min():.4g} to {high.max():.4g}. A float array is taken as the network's "
        "input as it is: give a picture as uint8, or preprocess the floats first."
    )


def darkness_warning(picture: np.ndarray) -> str:
    """A warning about a picture whose brightest value is hardly above black; "" if none.

    Args:
        picture: uint8 (rows, columns, 3); one that is black everywhere gets no warning.

    Example:
        >>> darkness_warning(np.full((1, 1, 3), 16, np.uint8))[:66]
        'The picture is nearly black: its largest value is 16 of 255. 12-bi'
    """
    largest = int(picture.max())
    if not 0 < largest <= DARK:
        return ""
    return (
        f"The picture is nearly black: its largest value is {largest} of 255. 12-bit pictures "
        "(X-rays, microscopes) in files of 16 bits look so; scale their own largest value to white "
        "before, e.g. (values / values.max() * 255).astype('uint8')."
    )


def _finite(values: np.ndarray, subject: str) -> None:
    if not np.isfinite(values).all():
        raise InvalidValueError(f"{subject} values that are NaN or infinite; expected finite ones.")


def preprocessed(pixels: np.ndarray, preprocess: Preprocess | None) -> np.ndarray:
    """Apply a network's preprocessing to float32 pixels 0..255, and check what it gives back.

    The preprocessing may write into `pixels`.
    """
    if preprocess is None:
        return pixels
    result = np.asarray(preprocess(pixels), np.float32)
    if result.shape != pixels.shape:
        raise InvalidValueError(
            f"preprocess must keep the shape {pixels.shape}; it gave back {result.shape}."
        )
    return result


def fit(image: np.ndarray, rows: int, columns: int) -> Image.Image:
    """The largest centred crop of the network's aspect ratio, resized with a bicubic filter.

    The filter widens when the picture shrinks, so that fine texture does not turn into noise.
    """
    picture = Image.fromarray(image)
    if picture.mode != "RGB":  # converting RGB to RGB would copy
        picture = picture.convert("RGB")
    width, height = picture.size
    # Whole pixels, at least one: 453 / 224 * 224 is less than 453 in floating point.
    if width * rows <= height * columns:
        across, down = width, max(1, width * rows // columns)
    else:
        across, down = max(1, height * columns // rows), height
    left, top = (width - across) // 2, (height - down) // 2
    box = (left, top, left + across, top + down)
    if (across, down) == (columns, rows):  # nothing to resize, and a crop is exact
        return picture if picture.size == (columns, rows) else picture.crop(box)
    return picture.resize((columns, rows), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)


def input_shape(
    model: Any, requested: tuple[int, int, int] | None, picture: Any = None
) -> tuple[int, int, int]:
    """The (rows, columns, channels) of a Keras model's one image input.

    Args:
        model: a Keras model.
        requested: the sizes that the model leaves open; `DEFAULT_SIZE` otherwise.
        picture: the symbolic image input, if the other inputs have fixed values.

    Raises:
        InvalidValueError: unknown, not exactly one image input, or not as requested.
    """
    if requested is not None and (len(requested) != 3 or min(requested) < 1):
        raise InvalidValueError(f"input_shape is (rows, columns, channels); got {requested}.")
    inputs = _inputs(model)
    if picture is not None:
        inputs = [(tuple(picture.shape), str(picture.dtype))]
    if not inputs or (requested is None and inputs[0][0] is None):
        advice = (
            "Give input_shape=(rows, columns, channels)."
            if inputs
            else "Call it once on a batch of pictures."
        )
        raise InvalidValueError(f"The model {model.name!r} has no known input shape. {advice}")
    shapes = ", ".join(str(shape) for shape, _ in inputs)
    shape, dtype = inputs[0]
    shape = (None, *requested) if shape is None else shape  # type: ignore[misc]
    if len(inputs) > 1 or len(shape) != 4 or shape[-1] not in (1, 3):
        raise InvalidValueError(
            "Expected a model with one image input of shape (batch, rows, columns, 1 or 3); "
            f"this one takes {shapes}. Inputs beside the picture are held at a value: "
            "Network(model, inputs={name: value})."
        )
    # A subclassed model only knows the shape of its first call.
    if shape[0] not in (None, 1) and _declares_inputs(model):
        raise InvalidValueError(
            f"The model {model.name!r} has a batch of {shape[0]} pictures built in; pictures are "
            "explained one by one. Expected a batch of any size or of 1: build it with "
            "keras.Input(…) without batch_size, and give it the weights of this one."
        )
    if "float" not in dtype:
        raise InvalidValueError(
            f"The model {model.name!r} takes {dtype}, and no derivative passes a cast to that. "
            "Expected an input of floats: build it with keras.Input(…) of float32."
        )
    sizes = (
        tuple(int(n) for n in requested) if requested else (DEFAULT_SIZE, DEFAULT_SIZE, shape[-1])
    )
    rows, columns, channels = (g if n is None else n for n, g in zip(shape[1:], sizes, strict=True))
    if requested and (rows, columns, channels) != sizes:
        raise InvalidValueError(f"The model takes {shape[1:]}; input_shape says {sizes}.")
    return rows, columns, channels


def _declares_inputs(model: Any) -> bool:
    try:
        return bool(model.inputs)
    except (AttributeError, ValueError, TypeError):
        return False


def _inputs(model: Any) -> list[tuple[tuple[int | None, ...] | None, str]]:
    """Shape (None: not known) and type of each input; nothing of a model that is not built yet."""
    try:
        return [(tuple(x.shape), str(x.dtype)) for x in model.inputs]
    except (AttributeError, ValueError, TypeError):  # subclassed: known once it has been called
        if not model.built:
            return []
    config = model.get_build_config() or {}
    shape = config.get("shapes_dict", config.get("input_shape"))
    if isinstance(shape, dict):
        shape = list(shape.values())
    shapes = shape if isinstance(shape, list) else [shape]
    if not shapes or not all(x is None or isinstance(x, (tuple, list)) for x in shapes):
        shapes = [None]  # a `build` of its own, called without a shape
    return [(None if x is None else tuple(x), "float32") for x in shapes]
