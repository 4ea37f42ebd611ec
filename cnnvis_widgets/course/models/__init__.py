"""Small NumPy models that lessons teach with: networks, optimizers, loss surfaces, toy data."""
