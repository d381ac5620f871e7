"""PCA of equal code size: the baseline of every table."""

from __future__ import annotations

from pathlib import Path

import torch

from vae_core.checkpoint import Checkpoint
from vae_core.config import DataConfig, ModelConfig, RunConfig
from vae_core.data import ImageSet
from vae_core.evaluation.images import prepared
from vae_core.latent.space import LatentSpace
from vae_core.models import build


def principal_components(config: DataConfig, latent: int, train: ImageSet) -> LatentSpace:
    """PCA with so many components, fitted to training images."""
    shape: tuple[int, int, int] = train.images.shape[1:]
    model = build(ModelConfig("pca", image_shape=shape, latent=latent, likelihood="gaussian"))
    model.fit_closed_form(torch.from_numpy(prepared(config, train).images))
    name = f"{latent}-dimensional PCA"
    run = RunConfig(data=config, model=model.config)
    return LatentSpace(model, run, Checkpoint(name, Path(name), run))
