"""What training minimises, and its parts, in nats per image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from vae_core.models import Autoencoder, losses
from vae_core.training.batches import Batch, Batches

EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Terms:
    """The objective's parts for a batch: nats per image (N,), and KL per dimension (N, D)."""

    reconstruction: Tensor
    kl_per_dim: Tensor


def terms(model: Autoencoder, batch: Batch, generator: torch.Generator) -> Terms:
    """The objective's parts with one posterior sample per image."""
    posterior = model.encode(batch.inputs, batch.labels)
    output = model.decode(posterior.sample(generator), batch.labels)
    return Terms(model.pixel_nll(output.float(), batch.images), posterior.kl_per_dim())


def objective(model: Autoencoder, batch: Batch, kl_weight: float, generator: torch.Generator) -> tuple[Tensor, Terms]:
    """What training minimises, (N,) nats per image, and its parts.

    With one posterior sample that is the negative ELBO with its KL in closed form (Kingma & Welling 2014, eq. 7); with
    several the negative importance-weighted bound (Burda et al. 2016, eq. 8), the parts being their means over the
    samples. ``kl_weight`` multiplies the KL, or log q(z|x) - log p(z) of each sample.
    """
    samples = model.config.importance_samples
    if samples == 1:
        parts = terms(model, batch, generator)
        return parts.reconstruction + kl_weight * parts.kl_per_dim.float().sum(1), parts
    posterior = model.encode(batch.inputs, batch.labels)
    codes = posterior.samples(samples, generator)
    labels = None if batch.labels is None else batch.labels.repeat(samples)
    output = model.decode(codes.flatten(0, 1), labels).float()
    images = batch.images.expand(samples, *batch.images.shape).flatten(0, 1)
    reconstruction = model.pixel_nll(output, images).unflatten(0, (samples, -1))
    divergence = posterior.log_density(codes) - losses.log_normal(codes, 0.0, 0.0)
    bound = losses.importance_weighted_bound(-(reconstruction + kl_weight * divergence))
    return -bound, Terms(reconstruction.mean(0), posterior.kl_per_dim())


@torch.inference_mode()
def evaluate(model: Autoencoder, batches: Batches, generator: torch.Generator) -> dict[str, Any]:
    """Mean reconstruction, KL and total over a split, nats per image, one posterior sample per image."""
    model.eval()
    reconstruction, kl = 0.0, torch.zeros(model.config.latent, dtype=torch.float64)
    for batch in batches.in_order(EVALUATION_BATCH, generator):
        parts = terms(model, batch, generator)
        reconstruction += parts.reconstruction.double().sum().item()
        kl += parts.kl_per_dim.double().sum(0).cpu()
    count = len(batches)
    kl_per_dim = (kl / count).tolist()
    record = as_record(reconstruction / count, sum(kl_per_dim))
    return record | ({"kl_per_dim": [round(value, 5) for value in kl_per_dim]} if model.variational else {})


def as_record(reconstruction: float, kl: float) -> dict[str, Any]:
    """A split's mean terms as the history keeps them, nats per image."""
    return {
        "reconstruction": round(reconstruction, 4),
        "kl": round(kl, 4),
        "total": round(reconstruction + kl, 4),
    }


def sums_of(parts: list[Terms]) -> Tensor:
    """Reconstruction and KL (2,) of several batches, summed over all their images, in nats."""
    each = ([one.reconstruction for one in parts], [one.kl_per_dim for one in parts])
    return torch.stack([torch.cat(tensors).sum(dtype=torch.float64) for tensors in each])
