"""The explorer and its parts."""
