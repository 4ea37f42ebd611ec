"""The code that an explorer or a page shows, run unchanged elsewhere, gives the same array."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnvis_widgets as cnnvis
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.saved_page import page_map

PATIENCE = 120
RNG = np.random.default_rng(3)
UPLOAD = RNG.integers(0, 256, (50, 70, 3), dtype=np.uint8)
RUN = """
import hashlib, json, os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
digests = {}
for key, code in json.loads(pathlib.Path("scripts.json").read_text()).items():
    names = {"__name__": "__main__"}
    exec(compile(code, key, "exec"), names)
    made = names["explanation"]
    values = made.heatmap() if made.image is None else made.image
    digests[key] = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    pathlib.Path("explanation.png").unlink()  # each script has written it
pathlib.Path("digests.json").write_text(json.dumps(digests))
"""

Choice = Callable[[Explorer], None]


def until(explorer: Explorer, link: str) -> None:
    """Wait until the map of what is chosen is there, complete."""
    end = time.monotonic() + PATIENCE
    while True:
        with explorer._lock:
            state = json.loads(explorer.view.state or "{}")
            idle = not explorer.view.busy and not explorer.header.working
            if idle and state.get("link") == explorer.link and explorer.link != link:
                return
        message = (explorer.view.error, explorer.networks.error, explorer.methods.error)
        assert not any(message), message
        assert time.monotonic() < end, (explorer.link, state.get("link"))
        time.sleep(0.05)


def method(name: str, **parameters: Any) -> Choice:
    def choose(explorer: Explorer) -> None:
        explorer.methods.value = name
        if parameters:
            explorer.parameters.value = {**explorer.parameters.value, **parameters}

    return choose


def hidden(explorer: Explorer) -> None:
    explorer.open_link(
        "network=mini_vgg&layer=block3_conv1&neuron=7&aggregate=max&method=guided_grad_cam"
    )


def at_a_place(explorer: Explorer) -> None:
    explorer.open_link("layer=block2_conv2&neuron=3&position=5,11&method=saliency")


def upload(explorer: Explorer) -> None:
    explorer.open_link("method=grad_cam&neuron=2")
    explorer.pictures.add(UPLOAD, "mine.png")


CHOICES: dict[str, Choice] = {
    "smoothgrad": method("smoothgrad", samples=4, noise=0.3),
    "integrated gradients": method("integrated_gradients", steps=7),
    "occlusion": method("occlusion", patch=17, stride=11),
    "lime": method("lime", samples=30),
    "deep taylor": method("deep_taylor"),
    "a picture that is made": method("activation_maximization", steps=4),
    "another class": lambda explorer: explorer.open_link("method=saliency&neuron=5"),
    "a hidden unit": hidden,
    "a place": at_a_place,
    "an upload": upload,
    "an upload, sampled": method("rise", samples=20),
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[str, str]]]:
    """Case → the code in sight, and the digest of the array in sight."""
    folder = tmp_path_factory.mktemp("models")
    cases: dict[str, tuple[str, str]] = {}
    explorer = Explorer("mini_vgg", "scene:17", method="saliency")
    until(explorer, "")
    cases["first"] = seen(explorer)
    for name, choose in CHOICES.items():
        link = explorer.link
        choose(explorer)
        until(explorer, link)
        cases[name] = seen(explorer)
    explorer.close()
    file = own_model(folder)
    own = Explorer(file, UPLOAD, method="saliency")
    until(own, "")
    cases["a model file and an upload"] = seen(own)
    own.close()
    cases |= from_python()
    yield cases


def seen(explorer: Explorer) -> tuple[str, str]:
    view = explorer.view
    if not view.heatmap:
        return view.code, json.loads(view.state)["sha256"]
    return view.code, hashlib.sha256(view.heatmap).hexdigest()


def own_model(folder: Path) -> Path:
    import keras

    model = keras.Sequential(
        [
            keras.Input((18, 22, 3)),
            keras.layers.Conv2D(4, 3, activation="relu", name="c1"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ],
        name="mine",
    )
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    model.save(folder / "mine.keras")
    return folder / "mine.keras"


def from_python() -> dict[str, tuple[str, str]]:
    """Maps of a page that the explorer does not offer: seeds, targets, masks."""
    network, image = cnnvis.load_network("mini_vgg"), cnnvis.load_image("scene:17")
    mask = np.zeros((8, 8), bool)
    mask[1:5, 2:4] = True
    asked: dict[str, dict[str, Any]] = {
        "a seed": {"method": "smoothgrad", "samples": 3, "seed": 12},
        "a difference of classes": {"method": "saliency", "neuron": cnnvis.Target({3: 1, 5: -1})},
        "a mask": {
            "method": "grad_cam",
            "neuron": cnnvis.Target({2: 0.5}, layer="block4_conv2", mask=mask),
        },
    }
    cases = {}
    for name, options in asked.items():
        kept = page_map(cnnvis.explain(network, image, **options))
        digest = dict(kept.facts)["Array"].rpartition("SHA-256 ")[2]
        cases[name] = (kept.state["code"], digest)
    return cases


def test_the_code_gives_the_array_that_is_shown(
    shown: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    codes = {name: code for name, (code, _) in shown.items()}
    assert len(set(codes.values())) == len(codes)
    assert "aggregate='max'" in codes["a hidden unit"]
    assert "position=(5, 11)" in codes["a place"]
    assert "b64decode" in codes["an upload"]
    assert "mine.keras" in codes["a model file and an upload"]
    assert "samples=30" in codes["lime"]
    assert "seed=12" in codes["a seed"]
    (tmp_path / "scripts.json").write_text(json.dumps(codes))
    done = subprocess.run(
        [sys.executable, "-c", RUN], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    digests = json.loads((tmp_path / "digests.json").read_text())
    assert digests == {name: digest for name, (_, digest) in shown.items()}
