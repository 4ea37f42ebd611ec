"""The files in the repository that are made from the package: a module each.

A module has a `TARGET`, `text()`, what belongs in it, and may have `same(kept, made)` where a
comparison of the texts is too strict.
"""
