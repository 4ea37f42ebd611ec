from __future__ import annotations

import functools
import hashlib
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cnnvis_widgets as cnnvis
from cnnvis_widgets.cli import main
from cnnvis_widgets.zoo import loading, weights
from cnnvis_widgets.zoo.weights import WeightFile

NETWORKS = tuple(loading.architectures())


@pytest.fixture(autouse=True)
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the user's caches nor settings."""
    for name in ("CNNVIS_WEIGHTS", "CNNVIS_WEIGHTS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def cable_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Nothing beyond this machine can be reached; the list says what was tried."""
    tried: list[str] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def refuse(where: Any) -> None:
        tried.append(str(where))
        raise OSError(101, "Network is unreachable")

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            refuse(address)
        connect(self, address)

    def looked_up(host: Any, *rest: Any, **named: Any) -> Any:
        if host not in ("127.0.0.1", "::1", "localhost"):
            refuse(host)
        return look_up(host, *rest, **named)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    return tried


def failing(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that fails as it should."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert "Traceback" not in printed.err
    return printed.err


# --- explain ----------------------------------------------------------------------------------


def test_explain_with_the_network_cable_out(
    cable_out: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.png"
    assert main(["explain", "cat", "--method", "grad_cam", "-o", str(output)]) == 0
    assert cable_out == []
    with Image.open(output) as figure:
        assert figure.format == "PNG"
        assert min(figure.size) > 300
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "EfficientNet-Lite0 (ImageNet)"
    assert re.fullmatch(r"  1\. +38\.\d\d%  Egyptian cat  \(unit 285, logit 9\.0\d\d\)", lines[1])
    assert [line[:4] for line in lines[1:6]] == [f"  {n}." for n in range(1, 6)]
    title = "Grad-CAM · Egyptian cat · EfficientNet-Lite0: activation 9.0"
    assert lines[6].startswith(title)
    assert lines[6].endswith("maps of top_activation")
    assert lines[-1] == f"wrote {output}"


@pytest.mark.parametrize(
    ("words", "neuron"),
    [
        ("Tiger Cat", 282),
        ("282", 282),
        ("block3b_add:7", ("block3b_add", 7)),
        (":282", 282),
    ],
)
def test_the_raw_attribution_is_the_one_of_the_library(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    network: cnnvis.Network,
    words: str,
    neuron: Any,
) -> None:
    output = tmp_path / "out.npy"
    arguments = ["explain", "coffee", "--method", "saliency", "--neuron", words]
    assert main([*arguments, "-o", str(output)]) == 0
    expected = cnnvis.explain(network, "coffee", "saliency", neuron)
    np.testing.assert_array_equal(np.load(output), expected.attribution)
    assert f"Saliency map · {expected.label}" in capsys.readouterr().out


def test_a_drawn_picture_and_a_network_that_cheats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.npy"
    asked = ["explain", "scene:17:background", "--network", "mini_vgg:cheating"]
    words = "blotched crescent"
    assert main([*asked, "--method", "cam", "--neuron", words, "-o", str(output)]) == 0
    network = cnnvis.load_network("mini_vgg", weights="cheating")
    expected = cnnvis.explain(network, "scene:17:background", "cam", network.labels.index(words))
    np.testing.assert_array_equal(np.load(output), expected.attribution)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Mini VGG (cheating) (9600 drawn pictures, snow with one class")
    asked[-1] = "mini_vgg:cheeting"
    assert "'mini_vgg:cheating'" in failing(capsys, *asked, "-o", str(output))


def test_position_aggregate_parameters_and_a_photo_of_one_s_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], network: cnnvis.Network
) -> None:
    photo = tmp_path / "photo.jpg"
    Image.fromarray(cnnvis.load_image("coffee")).save(photo)
    output = tmp_path / "out.npy"
    common = ["explain", str(photo), "-o", str(output), "--neuron", "block3b_add:7"]
    assert main([*common, "--method", "saliency", "--position", "3,11"]) == 0
    neuron = cnnvis.Neuron("block3b_add", 7, position=(3, 11))
    expected = cnnvis.explain(network, photo, "saliency", neuron).attribution
    np.testing.assert_array_equal(np.load(output), expected)
    assert main([*common, "--aggregate", "max", "--set", "layer=block2b_add"]) == 0
    neuron = cnnvis.Neuron("block3b_add", 7, aggregate="max")
    expected = cnnvis.explain(network, photo, "grad_cam", neuron, layer="block2b_add").attribution
    np.testing.assert_array_equal(np.load(output), expected)
    assert "(max)" in capsys.readouterr().out
    common = ["explain", str(photo), "-o", str(output), "--method", "saliency"]
    assert main([*common, "--neuron", "285", "--against", "tiger cat"]) == 0
    expected = cnnvis.explain(network, photo, "saliency", cnnvis.Target({285: 1, 282: -1}))
    np.testing.assert_array_equal(np.load(output), expected.attribution)
    assert "Egyptian cat − tiger cat" in capsys.readouterr().out
    words = failing(capsys, *common, "--neuron", "block3b_add:7", "--against", "282")
    assert "two output units" in words


def test_explain_with_a_model_file_in_another_mode(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from keras import Sequential, layers

    model = Sequential([layers.Input((12, 9, 3)), layers.Conv2D(4, 3, activation="relu")])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(6))
    model.save(tmp_path / "mine.keras")
    output = tmp_path / "out.svg"
    arguments = ["explain", "cat", "--network", str(tmp_path / "mine.keras"), "-o", str(output)]
    assert main([*arguments, "--mode", "side_by_side", "--neuron", "5"]) == 0
    assert "<svg" in output.read_text("utf-8")
    printed = capsys.readouterr().out
    assert printed.startswith("mine\n")
    assert "%" not in printed  # logits only: no probabilities to print
    assert "'cat'. There are: none." in failing(capsys, *arguments, "--neuron", "cat")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing_like_it"], "There is no picture or file 'nothing_like_it'"),
        (["no/such.png"], "does not exist"),
        (["cat", "--network", "vgg61"], "Did you mean 'vgg16'"),
        (["cat", "--network", "absent.keras"], "There is no file 'absent.keras'"),
        (["cat", "--method", "gradcam"], "Did you mean 'grad_cam'"),
        (["cat", "--mode", "jet"], "side_by_side"),
        (["cat", "--set", "layer"], "NAME=VALUE"),
        (["cat", "--set", "layr=x"], "Did you mean 'layer'"),
        (["cat", "-o", "out.docx"], "There is no format 'docx'"),
        (["cat", "-o", "out"], "There is no format ''"),
        (["cat", "-o", "absent/out.png"], "no folder 'absent'"),
        (["cat", "--position", "1,2"], "go with --neuron"),
        (["cat", "--neuron", "a:1", "--position", "left"], "two whole numbers"),
        (["cat", "--network", "resnet50"], "resnet50_weights"),
        (["cat", "--weights", "absent"], "no file or folder 'absent'"),
    ],
)
def test_mistakes_are_told_before_tensorflow_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CNNVIS_WEIGHTS_URL", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # importing it is an ImportError
    if "-o" not in arguments:
        arguments = [*arguments, "-o", "out.png"]
    assert words in failing(capsys, "explain", *arguments)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("neuron", "words"),
    [("tigre cat", "tiger cat"), ("1000", "0 to 999"), ("block9z:1", "block"), ("x:", "class")],
)
def test_neurons_that_do_not_exist(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], neuron: str, words: str
) -> None:
    output = tmp_path / "out.png"
    assert words in failing(capsys, "explain", "cat", "--neuron", neuron, "-o", str(output))
    assert not output.exists()


def test_ctrl_c_and_usage(monkeypatch: pytest.MonkeyPatch, capsys: Any, tmp_path: Path) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load_network", interrupted)
    assert main(["explain", "cat", "-o", str(tmp_path / "out.png")]) == 130
    assert "Traceback" not in capsys.readouterr().err
    with pytest.raises(SystemExit) as raised:
        main(["explain"])
    assert raised.value.code == 2
    with pytest.raises(SystemExit) as raised:
        main(["--version"])
    assert raised.value.code == 0
    assert cnnvis.__version__ in capsys.readouterr().out


# --- models -----------------------------------------------------------------------------------

BODY = bytes(range(256)) * 777


@pytest.fixture
def small_file(monkeypatch: pytest.MonkeyPatch) -> WeightFile:
    """MobileNet V2's file, as if it were small."""
    file = WeightFile("small.h5", "http://127.0.0.1:9/", len(BODY), hashlib.md5(BODY).hexdigest())
    monkeypatch.setattr(type(loading.architectures()["mobilenet_v2"]), "file", file)
    return file


@pytest.fixture
def room(tmp_path: Path, small_file: WeightFile, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A mirror as the advice says: `python -m http.server` in a folder of files."""
    folder = tmp_path / "shared"
    folder.mkdir()
    (folder / small_file.name).write_bytes(BODY)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Quiet: stderr is looked at."""

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    monkeypatch.setenv("CNNVIS_WEIGHTS_URL", f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    server.server_close()


def test_every_network_is_listed_with_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "resnet50_weights_tf_dim_ordering_tf_kernels.h5").write_bytes(b"mine")
    monkeypatch.setenv("CNNVIS_WEIGHTS", str(own))
    assert main(["models", "list"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["network", "weights", "where"]
    assert [line.split()[0] for line in lines] == list(NETWORKS)
    listed = dict(line.split(maxsplit=1) for line in lines)
    assert listed["efficientnet_lite0"].split() == ["bundled", "come", "along"]
    assert str(own) in listed["resnet50"]
    assert "cnnvis models fetch vgg16" in listed["vgg16"]


def test_fetching_from_a_mirror_in_the_room(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "mobilenet_v2"]) == 0
    printed = capsys.readouterr()
    path = tmp_path / "cache" / "small.h5"
    assert printed.out == f"mobilenet_v2: {path}\n"
    assert path.read_bytes() == BODY
    assert "100%" in printed.err
    assert main(["models", "fetch", "mobilenet_v2", "efficientnet_lite0"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        f"mobilenet_v2: {path}",
        "efficientnet_lite0: nothing to fetch; its weights come along",
    ]
    assert "%" not in printed.err  # it was there


def test_fetching_into_a_folder_to_be_carried_elsewhere(room: Path, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    assert main(["models", "fetch", "mobilenet_v2", "--to", str(stick)]) == 0
    assert (stick / "small.h5").read_bytes() == BODY
    assert not (tmp_path / "cache").exists()


def test_a_file_in_keras_cache_need_not_be_fetched(
    small_file: WeightFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "keras" / "models" / small_file.name
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    assert main(["models", "fetch", "mobilenet_v2"]) == 0
    assert capsys.readouterr().out == f"mobilenet_v2: already at {path}\n"


def test_fetching_what_cannot_be_had(
    room: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Did you mean 'vgg16'" in failing(capsys, "models", "fetch", "vgg61")
    (room / "small.h5").write_bytes(BODY[::-1])
    assert "not the published file" in failing(capsys, "models", "fetch", "mobilenet_v2")
    (room / "small.h5").unlink()
    assert "404" in failing(capsys, "models", "fetch", "mobilenet_v2")
    assert not list((tmp_path / "cache").iterdir())


def test_fetching_with_the_network_cable_out(
    cable_out: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    start = time.monotonic()
    text = failing(capsys, "models", "fetch", "all")
    assert time.monotonic() - start < 5
    assert "storage.googleapis.com" in text
    assert "is this machine online?" in text
    assert cable_out  # it was the cable, not something else
    assert all("storage.googleapis.com" in where for where in cable_out)


def test_lists_and_doctor_load_no_tensorflow() -> None:
    code = (
        "import sys; from cnnvis_widgets.cli import main; main(['models', 'list']); "
        "main(['doctor']); print([m for m in ('tensorflow', 'keras', 'voila') if m in sys.modules])"
    )
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.endswith("[]\n")


def test_a_decoder_is_trained_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cable_out: list[str]
) -> None:
    import keras

    keras.utils.set_random_seed(4)  # of some seeds no unit answers these three pictures
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 10, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", name="c"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    model.save(tmp_path / "own.keras")
    pictures, made = tmp_path / "pictures", tmp_path / "decoder.npz"
    pictures.mkdir()
    for i in range(3):
        Image.fromarray(np.full((9, 8, 3), 80 * i, np.uint8)).save(pictures / f"{i}.png")
    words = ["decoder", "train", str(tmp_path / "own.keras"), "c", str(pictures), "-o", str(made)]
    assert main([*words, "--steps", "3", "--batch", "2", "--width", "4"]) == 0
    message = capsys.readouterr().out
    assert re.search(r"own, c: 3 pictures, 3 steps, off by \d+\.\d of 255 grey levels", message)
    assert f"wrote {made} (" in message
    chosen = ["--network", str(tmp_path / "own.keras"), "--method", "upconvnet"]
    out = tmp_path / "out.png"
    assert main(["explain", "cat", *chosen, "--set", f"decoder={made}", "-o", str(out)]) == 0
    assert Image.open(out).size == (10, 12)
    assert "maps of c" in capsys.readouterr().out
    assert main(words) == 2
    assert "is there already" in capsys.readouterr().err
    words[4] = str(tmp_path / "nowhere")
    assert main(words) == 2
    assert "no folder" in capsys.readouterr().err
    assert not cable_out
