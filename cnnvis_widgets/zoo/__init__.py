"""Bundled networks, pictures and labels."""
