"""The traced graph of a network: layers, endings, receptive fields, BatchNorm."""
