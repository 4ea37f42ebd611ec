"""Pictures made by gradient steps: activation maximisation and network inversion."""
