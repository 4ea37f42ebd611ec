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
