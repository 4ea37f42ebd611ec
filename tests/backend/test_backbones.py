"""The networks of Keras Applications are recognised by their layers, and what they need is told."""

from __future__ import annotations

from typing import Any

import pytest

from cnnvis_widgets.backend.backbones import backbone, guess_preprocessing, preprocessing_warning

FAMILIES = {
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "Xception": "xception",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "ResNet50": "resnet",
    "ResNet50V2": "resnet_v2",
    "InceptionV3": "inception_v3",
    "InceptionResNetV2": "inception_resnet_v2",
    "DenseNet121": "densenet",
    "NASNetMobile": "nasnet",
    "EfficientNetB0": None,
    "MobileNetV3Small": None,
}


def built(family: str, **options: Any) -> Any:
    import keras

    shape = (224, 224, 3) if family.startswith("NASNet") else (96, 96, 3)
    options = {"weights": None, "include_top": False, "input_shape": shape, **options}
    return getattr(keras.applications, family)(**options)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_is_recognised(family: str) -> None:
    recognised = backbone(built(family))
    assert (recognised and recognised.preprocess) == FAMILIES[family]
    assert recognised is None or not recognised.prepares_pixels


def test_a_nested_backbone_is_told_unless_it_is_prepared() -> None:
    import keras

    inner = built("MobileNetV2", alpha=0.35)
    bare = keras.Sequential([keras.Input((96, 96, 3)), inner, keras.layers.Flatten()])
    assert "-1..1" in preprocessing_warning(bare)
    assert 'preprocess="mobilenet_v2"' in preprocessing_warning(bare)
    scale = keras.layers.Rescaling(1 / 127.5, offset=-1)
    scaled = keras.Sequential([keras.Input((96, 96, 3)), scale, inner, keras.layers.Flatten()])
    assert preprocessing_warning(scaled) == ""


def test_a_network_without_preprocessing_says_so_once_and_in_every_explanation() -> None:
    import numpy as np

    from cnnvis_widgets.backend.network import Network
    from cnnvis_widgets.engine.explain import explain

    model = built("MobileNetV2", alpha=0.35, include_top=True, classes=4)
    picture = np.random.default_rng(1).integers(0, 256, (96, 96, 3), np.uint8)
    with pytest.warns(UserWarning, match="MobileNetV2"):
        network = Network(model)
    assert any("-1..1" in note for note in explain(network, picture, method="saliency").notes)
    quiet = Network(model, "mobilenet_v2")
    assert not any("-1..1" in n for n in explain(quiet, picture, method="saliency").notes)


def test_any_other_model_is_left_in_peace() -> None:
    import keras

    own = keras.Sequential([keras.Input((9, 8, 3)), keras.layers.Conv2D(2, 3, name="block1_conv1")])
    assert backbone(own) is None
    assert preprocessing_warning(own) == ""


def test_what_the_layers_say_of_the_input_is_guessed() -> None:
    import keras

    def starting(*first: Any) -> Any:
        return keras.Sequential([keras.Input((8, 9, 3)), *first, keras.layers.Conv2D(2, 3)])

    rescaling = keras.layers.Rescaling
    assert guess_preprocessing(starting()).preprocess == "0..1"
    assert not guess_preprocessing(starting()).certain
    assert guess_preprocessing(starting(rescaling(1 / 255))).preprocess == "0..255"
    assert guess_preprocessing(starting(rescaling([1 / 58, 1 / 57, 1 / 57]))).preprocess == "0..255"
    assert guess_preprocessing(starting(rescaling(2.0, offset=-1))).preprocess == "0..1"
    normalised = keras.layers.Normalization(mean=[120.0] * 3, variance=[60.0] * 3)
    assert guess_preprocessing(starting(normalised)) == (
        "0..255",
        "Its own first layers (Normalization) prepare the pixels.",
        True,
    )
    later = starting(keras.layers.Conv2D(3, 1), rescaling(1 / 255))
    assert not guess_preprocessing(later).certain  # it scales what a convolution has made
    known = guess_preprocessing(built("VGG16"))
    assert (known.preprocess, known.certain) == ("vgg16", True)
    assert guess_preprocessing(built("EfficientNetB0")).preprocess == "0..255"
