"""Drawing of the synthetic pictures: shapes, textures, backgrounds, shortcuts.

Pure NumPy. Objects are drawn at three times the resolution and averaged down, which gives smooth
edges and each object's coverage of every pixel.
"""
