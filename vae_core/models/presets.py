"""Presets: named points on the axes of ModelConfig. Image shape and number of classes come from the data."""

from __future__ import annotations

from dataclasses import replace

from vae_core.config import ModelConfig, TrainConfig
from vae_core.models import families

USUAL = "vae"
"""The preset to begin with."""

_CAE = ModelConfig(family="cae")

PRESETS: dict[str, ModelConfig] = {
    **{family.name: ModelConfig(family=family.name, **family.preset) for family in families.every()},
    "vae-mlp": ModelConfig(network="mlp", hidden=512, depth=2),
    "cae-mlp": replace(_CAE, network="mlp", hidden=512, depth=2),
    "beta-vae": ModelConfig(beta=4.0),
    "cvae": ModelConfig(condition="both"),
    "cvae-decoder": ModelConfig(condition="decoder"),
    "cae-map": replace(_CAE, network="convolutional", latent=32),
    "cae-denoise": replace(_CAE, noise=0.2),
}
"""One for each family, and variants of them."""

TRAINING: dict[str, TrainConfig] = dict.fromkeys(
    ("vae-mlp", "cae-mlp"), TrainConfig(learning_rate=2e-3, gradient_clip=0.5)
)
"""How a preset is trained, where not by TrainConfig's defaults. In benchmarks/study.md an MLP comes out 0.8 nats better
at twice the rate when all goes well, and was lost in one of three trainings."""
