"""The libraries to compare with, one module each."""
