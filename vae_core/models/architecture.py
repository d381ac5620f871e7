"""A model's layers and shapes, read off its real network: nothing here is typed in for a particular configuration.

The network is built with fresh weights and given one image; hooks note what each layer makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from vae_core.config import ModelConfig
from vae_core.models import Autoencoder, build
from vae_core.models.networks import ResidualBlock


@dataclass(frozen=True)
class Step:
    """What stands between two shapes: a layer in words, and the shape (without the batch) that it gives."""

    layer: str
    shape: tuple[int, ...]
    repeats: int = 1
    """So many such layers follow each other, each with this shape."""


@dataclass(frozen=True)
class Architecture:
    """A network as steps from an image to its code and back."""

    image: tuple[int, ...]
    """(C, H, W)"""
    encoder: tuple[Step, ...]
    code: tuple[int, ...]
    """(latent,), or (C, H, W) of a small map."""
    variational: bool
    decoder: tuple[Step, ...]
    encoder_labels: int
    """Inputs (or planes) that the label adds to the encoder, one for each class; 0 if it is not given."""
    label_step: int
    """The position of the first encoder step that is given the label; without meaning if none is."""
    decoder_labels: int
    """The same for the decoder, whose first step is given the label beside the code."""
    parameters: int
    """All values that the checkpoint stores, learned or fitted."""


@dataclass
class _Recorder:
    steps: list[Step] = field(default_factory=list)
    head: int = 0
    """How many steps came before the encoder's head, where a label enters."""

    def note_head(self, module: nn.Module, inputs: Any) -> None:
        self.head = len(self.steps)

    def note(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        layer, shape = _in_words(module), tuple(output.shape[1:])
        if layer is None:
            return
        last = self.steps[-1] if self.steps else None
        if last is not None and isinstance(module, ResidualBlock) and (last.layer, last.shape) == (layer, shape):
            self.steps[-1] = Step(layer, shape, last.repeats + 1)
        else:
            self.steps.append(Step(layer, shape))


def describe(config: ModelConfig) -> Architecture:
    """The architecture of a configuration; takes a tenth of a second or so.

    Raises:
        ConfigError: if the network cannot be built.
    """
    with torch.random.fork_rng(devices=[]):  # building draws weights, which nobody else should notice
        model = build(config).eval()
    images = torch.zeros(1, *config.image_shape)
    labels = torch.zeros(1, dtype=torch.int64) if config.condition != "none" else None
    codes = torch.zeros(1, config.latent)
    encoder, head, _ = _record(model, lambda: model.encode(images, labels).mean)
    decoder, _, output = _record(model, lambda: model.decode(codes, labels))
    parameters = sum(tensor.numel() for tensor in model.state_dict().values())
    classes = config.classes
    return Architecture(
        image=tuple(config.image_shape),
        encoder=encoder or (Step("linear", (config.latent,)),),
        code=tuple(getattr(model, "code_shape", (config.latent,))),
        variational=model.variational,
        decoder=decoder or (Step("linear", tuple(output.shape[1:])),),
        encoder_labels=classes if config.condition == "both" else 0,
        label_step=head,
        decoder_labels=classes if config.condition != "none" else 0,
        parameters=parameters,
    )


def _record(model: Autoencoder, run: Callable[[], Tensor]) -> tuple[tuple[Step, ...], int, Tensor]:
    """The steps that a pass goes through, how many of them came before the encoder's head, and what it gives."""
    recorder = _Recorder()
    inside = {id(part) for block in model.modules() if isinstance(block, ResidualBlock) for part in block.modules()}
    hooks = [
        module.register_forward_hook(recorder.note)
        for module in model.modules()
        if isinstance(module, ResidualBlock) or (not list(module.children()) and id(module) not in inside)
    ]
    if isinstance(head := getattr(model, "encoder_head", None), nn.Module):
        hooks.append(head.register_forward_pre_hook(recorder.note_head))
    try:
        with torch.inference_mode():
            output = run()
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(recorder.steps), recorder.head, output


def _in_words(module: nn.Module) -> str | None:
    """A layer's name with what distinguishes it; None for activations and normalisations, which keep the shape."""
    if isinstance(module, nn.Linear):
        return "linear"
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        kind = "transposed conv" if isinstance(module, nn.ConvTranspose2d) else "conv"
        stride = f", stride {module.stride[0]}" if max(module.stride) > 1 else ""
        return f"{kind} {'×'.join(map(str, module.kernel_size))}{stride}"
    if isinstance(module, ResidualBlock):
        return "residual block"
    names = {
        nn.Flatten: "flatten",
        nn.Unflatten: "reshape",
        nn.PixelShuffle: "pixel shuffle",
        nn.PixelUnshuffle: "pixel unshuffle",
        nn.Upsample: "upsample",
    }
    return names.get(type(module))
