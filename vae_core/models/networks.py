"""Encoders and decoders: plain stacks of layers, the same ones for deterministic and variational models.

A decoder runs in the browser if it uses only what ``vae_core.export.browser`` knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vae_core.config import ConfigError, ModelConfig

SMALLEST_SIDE = 8  # a feature map is halved until its sides are at most this
LARGEST_SIDE = 16  # more would make the fully connected layers too large
MAP_SIDES = 4  # the convolutional network stops here


@dataclass(frozen=True)
class Stacks:
    """The four stacks of an autoencoder; a label enters between a stem and a head, and with the code."""

    encoder_stem: nn.Sequential
    encoder_head: nn.Sequential
    decoder: nn.Sequential
    code_shape: tuple[int, ...]
    """(latent,) or, for a map, (channels, height, width)."""


def append_label(features: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Append a one-hot label to features (N, F), or as constant planes to a map (N, C, H, W).

    Args:
        features: (N, F) or (N, C, H, W).
        labels: (N,) integers in [0, classes).
        classes: the number of labels.
    """
    one_hot = F.one_hot(labels, classes).to(features.dtype)
    planes = one_hot.reshape(*one_hot.shape, *[1] * (features.ndim - 2)).expand(-1, -1, *features.shape[2:])
    return torch.cat([features, planes], dim=1)


def halvings(height: int, width: int, at_most: int = SMALLEST_SIDE) -> int:
    """How often a feature map is halved: twice, then until its longer side is at most ``at_most``.

    Raises:
        ConfigError: if the sides cannot be halved that often, or stay too large.
    """
    count = 0
    while (count < 2 or max(height, width) > at_most) and height % 2 == 0 and width % 2 == 0:
        height, width, count = height // 2, width // 2, count + 1
    if count < 2 or max(height, width) > LARGEST_SIDE:
        full = (height * 2**count, width * 2**count)
        raise ConfigError(
            f"this network cannot take images of {full[0]}x{full[1]}: they halve {count} times, to "
            f"{height}x{width}; choose a size such as 28, 32, 64 or 128, or the network mlp"
        )
    return count


class ResidualBlock(nn.Module):
    """x + f(x) with two 3x3 convolutions, each after its activation (He et al. 2016, "Identity mappings").

    The last convolution begins at 0, the block as the identity, so that wide networks stand high learning rates (Zhang,
    Dauphin & Ma 2019, "Fixup initialization", section 3).
    """

    def __init__(self, channels: int, normalisation: str) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(2):
            if normalisation == "batch":
                layers.append(nn.BatchNorm2d(channels))
            layers += [nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)]
        self.layers = nn.Sequential(*layers)
        for parameter in layers[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, C, H, W) of the same shape."""
        return features + self.layers(features)


def shuffle(config: ModelConfig, statistics: int) -> Stacks:
    """Nothing but the shuffles runs at full resolution, which makes it fast for its quality.

    Pixel-unshuffle, convolutions that halve, two dense layers; mirrored with pixel shuffles (Shi et al. 2016).
    """
    return _shuffle_pair(config, statistics, blocks=0)


def residual(config: ModelConfig, statistics: int) -> Stacks:
    """The network shuffle with residual blocks at each size below the full one: slower, better when trained long."""
    return _shuffle_pair(config, statistics, config.blocks)


def _shuffle_pair(config: ModelConfig, statistics: int, blocks: int) -> Stacks:
    channels, height, width = config.image_shape
    stages = halvings(height, width) - 1
    growth = [2 ** min(stage, 2) for stage in range(stages + 1)]
    inwards = [(config.encoder_width or config.width) * factor for factor in growth]
    widths = [config.width * factor for factor in growth]
    down: list[nn.Module] = [nn.PixelUnshuffle(2), nn.Conv2d(4 * channels, inwards[0], 3, padding=1), nn.SiLU()]
    down += _residual_blocks(inwards[0], blocks, config)
    for before, after in pairwise(inwards):
        down += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.SiLU()]
        down += _residual_blocks(after, blocks, config)
    up: list[nn.Module] = []
    for before, after in pairwise(widths[::-1]):
        up += _residual_blocks(before, blocks, config)
        up += [nn.Conv2d(before, 4 * after, 3, padding=1), nn.PixelShuffle(2), nn.SiLU()]
    up += _residual_blocks(widths[0], blocks, config)
    up += [nn.Conv2d(widths[0], 4 * channels, 3, padding=1), nn.PixelShuffle(2)]
    last = inwards[-1]
    if config.encoder_squeeze:
        down += [nn.Conv2d(last, config.encoder_squeeze, 1), nn.SiLU()]
        last = config.encoder_squeeze
    small = (height >> (stages + 1), width >> (stages + 1))
    return _with_dense(config, statistics, down, up, (last, *small), (widths[-1], *small))


def _residual_blocks(channels: int, blocks: int, config: ModelConfig) -> list[nn.Module]:
    """So many residual blocks, and the activation that follows the last sum."""
    if not blocks:
        return []
    return [*(ResidualBlock(channels, config.normalisation) for _ in range(blocks)), nn.SiLU()]


def strided(config: ModelConfig, statistics: int) -> Stacks:
    """Strided convolutions, mirrored by transposed ones: the textbook convolutional autoencoder."""
    height, width = config.image_shape[1:]
    stages = halvings(height, width)
    down, up, widest = _strided_pair(config, stages)
    small = (widest, height >> stages, width >> stages)
    return _with_dense(config, statistics, down, up, small, small)


def dcec(config: ModelConfig, statistics: int) -> Stacks:
    """The autoencoder of deep convolutional embedded clustering (Guo, Liu, Zhu & Yin 2017, "Deep clustering with
    convolutional autoencoders", section 4.2): three strided convolutions, a dense layer to the code, and the mirror.

    Raises:
        ConfigError: if an image is smaller than 12 pixels.
    """
    channels, *sides = config.image_shape
    if min(sides) < 12:
        raise ConfigError(f"the network dcec cannot take images of {sides[0]}x{sides[1]}; its least size is 12")
    widths = [channels, config.width, 2 * config.width, 4 * config.width]
    down: list[nn.Module] = []
    up: list[nn.Module] = []
    for before, after, (kernel, padding) in zip(widths[:-1], widths[1:], ((5, 2), (5, 2), (3, 0)), strict=True):
        smaller = [(side + 2 * padding - kernel) // 2 + 1 for side in sides]
        missing = [side - (2 * (small - 1) + kernel - 2 * padding) for side, small in zip(sides, smaller, strict=True)]
        down += [nn.Conv2d(before, after, kernel, stride=2, padding=padding), nn.ReLU()]
        mirrored = nn.ConvTranspose2d(after, before, kernel, 2, padding, output_padding=(missing[0], missing[1]))
        up = [mirrored, nn.ReLU(), *up]
        sides = smaller
    small = (widths[-1], sides[0], sides[1])
    flat = widths[-1] * sides[0] * sides[1]
    encoder_labels, decoder_labels = _label_inputs(config)
    return Stacks(
        nn.Sequential(*down, nn.Flatten()),
        nn.Sequential(nn.Linear(flat + encoder_labels, statistics * config.latent)),
        nn.Sequential(nn.Linear(config.latent + decoder_labels, flat), nn.ReLU(), nn.Unflatten(1, small), *up[:-1]),
        (config.latent,),
    )


def mlp(config: ModelConfig, statistics: int) -> Stacks:
    """Fully connected layers only; takes images of any size."""
    pixels = config.image_shape[0] * config.image_shape[1] * config.image_shape[2]
    encoder_labels, decoder_labels = _label_inputs(config)
    hidden = [config.hidden] * config.depth
    return Stacks(
        nn.Sequential(nn.Flatten()),
        nn.Sequential(*_dense([pixels + encoder_labels, *hidden]), nn.Linear(hidden[-1], statistics * config.latent)),
        nn.Sequential(
            *_dense([config.latent + decoder_labels, *hidden]),
            nn.Linear(hidden[-1], pixels),
            nn.Unflatten(1, config.image_shape),
        ),
        (config.latent,),
    )


def convolutional(config: ModelConfig, statistics: int) -> Stacks:
    """No fully connected layer: the code is a small map, down to 1x1 for codes of few dimensions."""
    height, width = config.image_shape[1:]
    stages = halvings(height, width, MAP_SIDES)
    sides = (height >> stages, width >> stages)
    if config.latent % (sides[0] * sides[1]):  # too few dimensions for a map: the last convolution covers it whole
        code_channels, kernel, code_sides = config.latent, sides, (1, 1)
    else:
        code_channels, kernel, code_sides = config.latent // (sides[0] * sides[1]), (1, 1), sides
    encoder_labels, decoder_labels = _label_inputs(config)
    down, up, widest = _strided_pair(config, stages)
    hidden = [config.hidden] * (config.depth - 1)  # between the code and the convolution that covers the whole map
    outer = hidden[0] if hidden else code_channels
    inwards: list[nn.Module] = [nn.Conv2d(widest + encoder_labels, outer if hidden else statistics * outer, kernel)]
    for before, after in pairwise([*hidden, statistics * code_channels] if hidden else []):
        inwards += [nn.SiLU(), nn.Conv2d(before, after, 1)]
    outwards: list[nn.Module] = []
    for before, after in pairwise([code_channels + decoder_labels, *hidden]):
        outwards += [nn.Conv2d(before, after, 1), nn.SiLU()]
    widened = nn.ConvTranspose2d(outer if hidden else code_channels + decoder_labels, widest, kernel)
    return Stacks(
        nn.Sequential(*down),
        nn.Sequential(*inwards),
        nn.Sequential(*outwards, widened, nn.SiLU(), *up),
        (code_channels, *code_sides),
    )


def _strided_pair(config: ModelConfig, stages: int) -> tuple[list[nn.Module], list[nn.Module], int]:
    """Strided convolutions from the image to its smallest map, transposed ones back, and the map's channels."""
    widths = [config.image_shape[0], *(config.width * 2 ** min(stage, 2) for stage in range(stages))]
    down: list[nn.Module] = []
    up: list[nn.Module] = []
    for before, after in pairwise(widths):
        down += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.SiLU()]
        up = [nn.ConvTranspose2d(after, before, 4, stride=2, padding=1), nn.SiLU(), *up]
    return down, up[:-1], widths[-1]  # the last layer's output is the pixels' logits


def _label_inputs(config: ModelConfig) -> tuple[int, int]:
    """How many inputs a label adds to the encoder and to the decoder."""
    encoder = config.classes if config.condition == "both" else 0
    return encoder, config.classes


def _with_dense(
    config: ModelConfig,
    statistics: int,
    down: list[nn.Module],
    up: list[nn.Module],
    last: tuple[int, int, int],
    first: tuple[int, int, int],
) -> Stacks:
    """Close convolutional stacks with fully connected layers around a vector code.

    Args:
        config: the model.
        statistics: how many values the encoder gives for each latent dimension (1, or 2 for mean and log-variance).
        down: the encoder's convolutions, from the image to a map of shape ``last``.
        up: the decoder's, from a map of shape ``first`` to the image.
        last: (channels, height, width).
        first: (channels, height, width).
    """
    encoder_labels, decoder_labels = _label_inputs(config)
    hidden = [config.hidden] * config.depth
    return Stacks(
        nn.Sequential(*down, nn.Flatten()),
        nn.Sequential(
            *_dense([math.prod(last) + encoder_labels, *hidden]), nn.Linear(hidden[-1], statistics * config.latent)
        ),
        nn.Sequential(
            *_dense([config.latent + decoder_labels, *hidden, math.prod(first)]),
            nn.Unflatten(1, first),
            *up,
        ),
        (config.latent,),
    )


def _dense(sizes: list[int]) -> list[nn.Module]:
    """Fully connected layers from each size to the next, each with its activation."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.SiLU()]
    return layers


NETWORKS: dict[str, Callable[[ModelConfig, int], Stacks]] = {
    "shuffle": shuffle,
    "residual": residual,
    "strided": strided,
    "dcec": dcec,
    "mlp": mlp,
    "convolutional": convolutional,
}
