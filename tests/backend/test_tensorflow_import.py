from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cnnvis_widgets.backend.tensorflow_import import without_chatter

SAID = (
    "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    "I0000 00:00:1795462133.075057    9797 cudart_stub.cc:31] Could not find cuda drivers.\n"
    "2025-11-23 18:00:01.123456: I tensorflow/core/platform/cpu_feature_guard.cc:210] AVX2\n"
    "W0000 00:00:1 9797 gpu_device.cc:1] Cannot dlopen some GPU libraries.\n"
    "E0000 00:00:1 9797 loader.cc:1] something is broken\n"
    "2025-11-23 18:00:01.123456: E tensorflow/x.cc:1] broken too\n"
    "Illegal instruction\n"
)


def test_only_the_chatter_is_held_back(capfd: pytest.CaptureFixture[str]) -> None:
    with without_chatter():
        os.write(2, SAID.encode())
    assert capfd.readouterr().err == "".join(SAID.splitlines(keepends=True)[4:])
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_what_was_said_before_an_exception_comes_through(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), without_chatter():
        os.write(2, b"E0000 no such library\n")
        raise ImportError
    assert capfd.readouterr().err == "E0000 no such library\n"


def test_tensorflow_is_imported_in_silence() -> None:
    code = "from cnnvis_widgets.backend.tensorflow_import import import_tensorflow; "
    code += "import_tensorflow(); import sys; "
    code += "print('tensorflow' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout == "True\n"
    assert process.stderr == ""


GROUPED = """
import numpy as np
from keras import Input, Sequential, layers
import cnnvis_widgets as cnnvis
convolutions = [layers.Conv2D(4, 3), layers.Conv2D(8, 3, groups=2, activation="relu")]
model = Sequential(
    [Input((12, 10, 3)), *convolutions, layers.GlobalAveragePooling2D(), layers.Dense(3)]
)
network = cnnvis.Network(model, name="grouped")
try:
    print(len(network.predict(np.zeros((12, 10, 3), np.uint8))))
except cnnvis.CnnvisError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("onednn", "first", "expected"),
    [
        (None, "import cnnvis_widgets", "3\n"),
        (
            "0",  # as it is by default on a processor without AVX-512
            "import tensorflow",
            "The network 'grouped' could not be run on an input of shape (12, 10, 3): Fused conv "
            "implementation does not support grouped convolutions for now. TensorFlow was started "
            "without oneDNN, which can. Set the environment variable TF_ENABLE_ONEDNN_OPTS=1 "
            "before TensorFlow is imported, or import cnnvis_widgets first.\n",
        ),
    ],
)
def test_grouped_convolutions_on_any_processor(
    onednn: str | None, first: str, expected: str
) -> None:
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    env.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if onednn is not None:
        env["TF_ENABLE_ONEDNN_OPTS"] = onednn
    process = subprocess.run(
        [sys.executable, "-c", first + GROUPED], capture_output=True, text=True, check=True, env=env
    )
    assert process.stdout == expected
