"""Groups a network's layers into blocks for a menu, by their names and order."""

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

    A layer whose name contains a block belongs to that block. Other layers ("activation_7") belong
    to the surrounding block: a branched block ends with, and is named after, the layer that joins
    its branches.

    Args:
        names: layers' names in their order, nested ones as "backbone/block1_conv1".

    Returns:
        The block's name for each layer.
    """
    block_names: list[str] = []
    open_since = 0  # the first layer whose block has no name yet
    current = ""
    for name in names:
        folder, _, base_name = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        match = _BLOCK.match(base_name)
        if _CLASSIFIER.match(base_name):
            current = prefix + "classifier"
        elif match:
            current = prefix + match.group(1)
        elif _NUMBERED.match(base_name):
            current = prefix + base_name
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
