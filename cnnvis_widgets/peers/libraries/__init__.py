"""The libraries that can be compared with: one module each, found by itself."""
