"""Who is measured: the script, the environment's pins, and which networks it can take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
NETWORKS = {
    "efficientnet_lite0": "EfficientNet-Lite0, ImageNet weights",
    "vgg16": "VGG-16, random weights",
}


@dataclass(frozen=True)
class Contestant:
    """One library.

    Attributes:
        name: as `--peers` takes it.
        alone: a requirement that is installed without its dependencies, because they ask for more
            than is needed here; the pins beside it name what is.
        cannot: network → why it is not measured.
    """

    name: str
    alone: str = ""
    cannot: tuple[tuple[str, str], ...] = ()

    @property
    def stem(self) -> str:
        """Its name as a Python name."""
        return self.name.replace("-", "_")

    @property
    def script(self) -> Path:
        """What runs in its environment."""
        return HERE / f"measure_{self.stem}.py"

    @property
    def pins(self) -> Path:
        """Its requirements, every one with its version."""
        return HERE / "requirements" / f"{self.stem}.txt"


OURS = Contestant("cnnvis")
PEERS = (
    # Its Linux requirements ask for TensorFlow with several gigabytes of CUDA.
    Contestant("xplique", alone="xplique==2.0.2"),
    Contestant("tf-keras-vis"),
    Contestant("captum"),
    Contestant(
        "innvestigate",
        cannot=(("efficientnet_lite0", "its TensorFlow 2.14 cannot load a Keras 3 network"),),
    ),
)
