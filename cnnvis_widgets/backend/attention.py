"""The attention maps of a network of tokens, for attention rollout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    backward_start,
    compiled,
    forward_in,
    neuron_specs,
    pixels_spec,
)
from cnnvis_widgets.backend.graph.attention import attention_maps
from cnnvis_widgets.backend.graph.structure import Structure, before_target
from cnnvis_widgets.backend.graph.tokens import Layout
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import AttentionResult
from cnnvis_widgets.errors import UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def has_attention(network: Network) -> bool:
    """Whether a softmax of products mixes signals; see `graph/attention.py`."""
    return bool(attention_maps(network.structure))


def attention(
    network: Network, batch: np.ndarray, neurons: list[Neuron | None]
) -> list[AttentionResult]:
    """The attention of every block before a neuron, and the tokens that the neuron reads last.

    Args:
        network: the network.
        batch: float32 (batch, rows, columns, channels).
        neurons: for each input one as `Network.neuron` returns it, all of one layer and aggregate;
            None is the most probable class.

    Raises:
        UnsuitableError: no attention before the neuron; or its tokens differ from block to block,
            or are not in rows and columns.
    """
    layer, aggregate, arguments = network.neuron_arguments(batch, neurons)
    layout = _layout(network.structure, layer)

    def build() -> CompiledFunction:
        def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
            structure = forward_in(network.model, pixels)
            target = structure.target(layer)
            unit, value, seed = backward_start(target, unit, aggregate, position)
            maps = attention_maps(structure, target)
            last_gradient = tf.gradients(target, maps[-1], grad_ys=seed)[0]
            by_head = [_with_heads(tf.cast(map_, tf.float32)) for map_ in maps]
            reads = tf.reduce_any(_with_heads(last_gradient) != 0, axis=(1, 3))
            return unit, value, by_head, reads

        return compiled(body, pixels_spec(network.input_shape), *neuron_specs(aggregate))

    program = network.compiled(("attention", layer, aggregate), build)
    units, values, maps, reads = tf.nest.map_structure(
        lambda tensor: tensor.numpy(), network.run(program, *arguments)
    )
    return [
        AttentionResult(
            int(unit), float(value), tuple(map_[n].copy() for map_ in maps), read, *layout
        )
        for n, (unit, value, read) in enumerate(zip(units, values, reads, strict=True))
    ]


def _with_heads(map_: tf.Tensor) -> tf.Tensor:
    """(batch, heads, tokens, tokens)."""
    return map_ if map_.shape.rank == 4 else map_[:, None]


def _layout(structure: Structure, layer: str | None) -> Layout:
    """Where the patches are among the tokens of all attention before a neuron."""
    target = structure.target(layer)
    maps = attention_maps(structure, target)
    if not maps:
        raise UnsuitableError(
            "Attention rollout needs attention before the neuron, and none is there. grad_cam and "
            "saliency work on any neuron."
        )
    shapes = {tuple(map_.shape[-2:]) for map_ in maps}
    token_count = maps[-1].shape[-1]
    batch = structure.forward.pixels.shape[0]
    one_per_picture = all(map_.shape.rank in (3, 4) and map_.shape[0] == batch for map_ in maps)
    if shapes != {(token_count, token_count)} or token_count is None or not one_per_picture:
        sizes = ", ".join(f"{q} × {k or 'other'}" for q, k in sorted(shapes, key=str))
        raise UnsuitableError(
            "Attention rollout multiplies attention of the same tokens in every block; this "
            f"network's is of {sizes} tokens (windows, stages or merged tokens). grad_cam works "
            "on it."
        )
    path = before_target(target)
    for call in reversed(structure.calls):
        output = call.output
        if output.shape.rank == 3 and output.shape[1] == token_count and output.op in path:
            layout = structure.tokens(call.path)
            if layout is not None:
                return layout
    raise UnsuitableError(
        f"Attention rollout needs tokens in rows and columns; of the {token_count} tokens here "
        "that could not be read off the network. saliency works on any network."
    )
