"""A Keras network seen from inside. TensorFlow is imported here and nowhere else."""
