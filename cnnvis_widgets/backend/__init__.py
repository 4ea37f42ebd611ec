"""Access to the layers of a Keras network. Only this package imports TensorFlow."""
