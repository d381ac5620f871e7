"""What training minimises, and its terms, in nats per image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from vae_core.models import Autoencoder, families, losses
from vae_core.training.batches import Batch, Batches

EVALUATION_BATCH = 500


@dataclass(frozen=True)
class Terms:
    """The objective's terms for a batch: (N,) each, and KL per dimension (N, D)."""

    reconstruction: Tensor
    kl_per_dim: Tensor
    others: Mapping[str, Tensor] = field(default_factory=dict)
    """The family's own terms by the names in its record, as they enter the objective."""

    def detached(self) -> Terms:
        """The same values without gradients."""
        others = {name: value.detach() for name, value in self.others.items()}
        return Terms(self.reconstruction.detach(), self.kl_per_dim.detach(), others)


def terms(model: Autoencoder, batch: Batch, generator: torch.Generator) -> Terms:
    """The objective's terms with one posterior sample per image."""
    posterior = model.encode(batch.inputs, batch.labels)
    output = model.decode(posterior.sample(generator), batch.labels)
    return Terms(model.pixel_nll(output.float(), batch.images), posterior.kl_per_dim(), posterior.terms)


def objective(model: Autoencoder, batch: Batch, kl_weight: float, generator: torch.Generator) -> tuple[Tensor, Terms]:
    """What training minimises, (N,) nats per image, and its terms.

    With one posterior sample that is the negative ELBO with its KL in closed form (Kingma & Welling 2014, eq. 7); with
    several the negative importance-weighted bound (Burda et al. 2016, eq. 8), the terms being their means over the
    samples. ``kl_weight`` multiplies the KL, or log q(z|x) - log p(z) of each sample. The family's own terms are added
    as they are.
    """
    samples = model.config.importance_samples
    if samples == 1:
        parts = terms(model, batch, generator)
        cost = parts.reconstruction + kl_weight * parts.kl_per_dim.float().sum(1)
        return cost + sum(parts.others.values()), parts
    posterior = model.encode(batch.inputs, batch.labels)
    codes = posterior.samples(samples, generator)
    labels = None if batch.labels is None else batch.labels.repeat(samples)
    output = model.decode(codes.flatten(0, 1), labels).float()
    images = batch.images.expand(samples, *batch.images.shape).flatten(0, 1)
    reconstruction = model.pixel_nll(output, images).unflatten(0, (samples, -1))
    divergence = posterior.log_density(codes) - losses.log_normal(codes, 0.0, 0.0)
    bound = losses.importance_weighted_bound(-(reconstruction + kl_weight * divergence))
    parts = Terms(reconstruction.mean(0), posterior.kl_per_dim(), posterior.terms)
    return sum(parts.others.values()) - bound, parts


@torch.inference_mode()
def evaluate(model: Autoencoder, batches: Batches, generator: torch.Generator) -> dict[str, Any]:
    """Mean terms and total over a split, nats per image, one posterior sample per image."""
    model.eval()
    names = list(families.of(model.config).terms)
    sums = torch.zeros(2 + len(names), dtype=torch.float64, device=batches.images.device)
    kl = torch.zeros(model.config.latent, dtype=torch.float64)
    for batch in batches.in_order(EVALUATION_BATCH, generator):
        parts = terms(model, batch, generator)
        sums += sums_of([parts])
        kl += parts.kl_per_dim.double().sum(0).cpu()
    count = len(batches)
    record = as_record((sums / count).tolist(), names)
    if not model.variational:
        return record
    return record | {"kl_per_dim": [round(value, 5) for value in (kl / count).tolist()]}


def as_record(means: Iterable[float], names: Iterable[str] = ()) -> dict[str, float]:
    """A split's mean terms as the history keeps them, nats per image.

    Args:
        means: reconstruction, KL, and the family's own terms in the order of ``names``.
        names: of the family's own terms.
    """
    values = dict(zip(("reconstruction", "kl", *names), means, strict=True))
    return {name: round(value, 4) for name, value in values.items()} | {"total": round(sum(values.values()), 4)}


def sums_of(parts: list[Terms]) -> Tensor:
    """Each term summed over all images of several batches, in nats: reconstruction, KL, and the family's own."""
    each = [[one.reconstruction for one in parts], [one.kl_per_dim for one in parts]]
    each += [[one.others[name] for one in parts] for name in parts[0].others]
    return torch.stack([torch.cat(tensors).sum(dtype=torch.float64) for tensors in each])
