"""Up-convolutional decoders of a layer's activations, their files and their training."""
