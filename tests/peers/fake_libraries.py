"""Small libraries with the faces of the real ones, put on the path for a test.

Their derivatives are central differences of the model that they are handed, so that they share
nothing with what they are compared with.
"""

from __future__ import annotations

from pathlib import Path

SLOPES = '''
import numpy as np

def slopes(model, pixels, unit, step=2e-2):
    """Central differences: (1, rows, columns, channels)."""
    derivatives = np.zeros(pixels.size)
    for number in range(pixels.size):
        moved = np.zeros(pixels.size, np.float32)
        moved[number] = step
        moved = moved.reshape(pixels.shape)
        ends = [np.asarray(model(pixels + s * moved, training=False))[0, unit] for s in (1, -1)]
        derivatives[number] = (float(ends[0]) - float(ends[1])) / (2 * step)
    return derivatives.reshape(pixels.shape)
'''
XPLIQUE = '''
"""Right, but for occlusion, which raises."""
import numpy as np
from fake_slopes import slopes

class Explainer:
    def __init__(self, model, batch_size=32, **options):
        self.model, self.options = model, options

class Saliency(Explainer):
    def explain(self, inputs, targets):
        derivatives = slopes(self.model, inputs, int(np.argmax(targets[0])))
        return np.abs(derivatives).max(-1, keepdims=True)

class GradientInput(Explainer):
    def explain(self, inputs, targets):
        assert self.options == {"reducer": None}
        return inputs * slopes(self.model, inputs, int(np.argmax(targets[0])))

class Occlusion(Explainer):
    def explain(self, inputs, targets):
        print("on standard output")
        raise RuntimeError("no patch fits\\nand more lines")
'''
TF_KERAS_VIS = {
    "saliency": '''
"""Explains the probability, whatever it is handed."""
import numpy as np
from fake_slopes import slopes

class Saliency:
    def __init__(self, model, model_modifier=None, clone=True):
        self.model = model

    def __call__(self, score, seed_input, normalize_map=True, **options):
        assert normalize_map is False

        def probabilities(pixels, training):
            values = np.asarray(self.model(pixels, training=training))
            return np.exp(values) / np.exp(values).sum(-1, keepdims=True)

        return np.abs(slopes(probabilities, seed_input, score.unit)).max(-1)
''',
    "utils/scores": """
class CategoricalScore:
    def __init__(self, units):
        (self.unit,) = units
""",
    "utils/model_modifiers": """
def ReplaceToLinear():
    def modify(model):
        import keras
        model.layers[-1].activation = keras.activations.linear
    return modify
""",
}


def install(folder: Path, name: str, version: str, modules: dict[str, str]) -> None:
    """Write a library and what pip would note of it.

    Args:
        folder: on the path.
        name: as it is imported.
        version: as `importlib.metadata` gives it.
        modules: path without ending → text.
    """
    for path, text in modules.items():
        place = folder / name / f"{path}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        for parent in (place.parent, folder / name):
            (parent / "__init__.py").touch()
        place.write_text(text, "utf-8")
    notes = folder / f"{name}-{version}.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n", "utf-8"
    )


def install_all(folder: Path) -> None:
    """xplique 9.1 and tf-keras-vis 9.2."""
    (folder / "fake_slopes.py").write_text(SLOPES, "utf-8")
    install(folder, "xplique", "9.1", {"attributions": XPLIQUE})
    install(folder, "tf_keras_vis", "9.2", TF_KERAS_VIS)
