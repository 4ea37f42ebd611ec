"""Which layers of a network belong together, for a menu: read from their names and their order."""

from __future__ import annotations

import re
from collections.abc import Iterable

# block2a_expand_conv, conv2_block1_1_relu, stem_conv, block_13_project, expanded_conv_depthwise …
_BLOCK = re.compile(
    r"(conv\d+_block\d+|block_?\d+[a-z]?|stage_?\d+|conv\d+|stem|top|head|expanded_conv)(?=_|$)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(mixed\d*|.*_?concat(enate)?(_\d+)?)$", re.IGNORECASE)
_CLASSIFIER = re.compile(
    r"(global_|avg_pool|max_pool$|flatten|fc\d|dense|top_dropout|dropout|predictions|logits|softmax)"
)


def blocks(names: Iterable[str]) -> list[str]:
    """The block of each layer.

    A name that tells its block is believed. Layers whose names say nothing ("activation_7") belong
    to what surrounds them: a branched block ends with the layer that joins its branches, which
    gives it its name.

    Args:
        names: layers' names in their order, nested ones as "backbone/block1_conv1".

    Returns:
        As many names of blocks.
    """
    block_names: list[str] = []
    open_since = 0  # the first layer whose block has no name yet
    current = ""
    for name in names:
        folder, _, own = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        match = _BLOCK.match(own)
        if _CLASSIFIER.match(own):
            current = prefix + "classifier"
        elif match:
            current = prefix + match.group(1)
        elif _NUMBERED.match(own):
            current = prefix + own
            block_names[open_since:] = [current] * (len(block_names) - open_since)
            block_names.append(current)
            open_since, current = len(block_names), ""
            continue
        elif folder and not current.startswith(prefix):
            current = folder
        block_names.append(current)
        if current:
            open_since = len(block_names)
    return block_names
