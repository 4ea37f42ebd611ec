"""How the pictures with known evidence are drawn: shapes, textures, grounds, shortcuts.

Everything is NumPy. Objects are computed at three times the resolution and reduced, so that edges
are smooth and each one's share of every pixel is known.
"""
