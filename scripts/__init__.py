"""Commands for those who build the package: run them as ``python -m scripts.NAME``."""
