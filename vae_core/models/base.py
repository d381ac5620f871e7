"""What every model family shares: the posterior, the autoencoder's interface, and how a model is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from vae_core.config import ConfigError, ModelConfig
from vae_core.models import families, losses

INITIAL_LOG_VARIANCE = -3.0  # of Gaussian pixels: a standard deviation of 0.22, about that of an average image


@dataclass(frozen=True)
class Posterior:
    """q(z|x) for a batch: Gaussian with a diagonal covariance, or a point (``log_variance`` None).

    ``mean`` and ``log_variance`` are (N, D).
    """

    mean: Tensor
    log_variance: Tensor | None = None
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    """Terms that the family adds to the objective, by the names in its record: (N,) each, weighted."""

    def mode(self) -> Tensor:
        """The most probable codes, (N, D)."""
        return self.mean

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        """One code per image by the reparameterisation z = mean + sigma * epsilon (Kingma & Welling 2014, 2.4)."""
        if self.log_variance is None:
            return self.mean
        return self.samples(1, generator)[0]

    def samples(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Several codes per image, (count, N, D)."""
        if self.log_variance is None:
            return self.mean.expand(count, *self.mean.shape)
        epsilon = torch.randn((count, *self.mean.shape), generator=generator, device=self.mean.device)
        return self.mean + torch.exp(0.5 * self.log_variance) * epsilon

    def log_density(self, codes: Tensor) -> Tensor:
        """Log q(z|x) of codes (..., N, D), (..., N) nats.

        Raises:
            ValueError: for a point, which has no density.
        """
        if self.log_variance is None:
            raise ValueError("a deterministic posterior has no density")
        return losses.log_normal(codes, self.mean, self.log_variance)

    def kl_per_dim(self) -> Tensor:
        """KL to the prior N(0, I), (N, D) nats; zeros for a point, which has no KL to speak of."""
        if self.log_variance is None:
            return torch.zeros_like(self.mean)
        return losses.kl_per_dim(self.mean, self.log_variance)


@dataclass(frozen=True)
class Prototypes:
    """A row of codes that a model itself holds, to be shown decoded."""

    title: str
    codes: Tensor
    """(N, D)"""
    names: list[str]
    """What each is, in a few words."""


class Autoencoder(nn.Module):
    """A model: images to a Posterior, and codes back to the parameters of the pixels' distribution.

    Codes are always vectors (N, latent), also where the network works with a small map inside.
    """

    output: ClassVar[Literal["logistic", "clipped"]] = "logistic"
    """What ``to_images`` does with the decoder's output, for engines outside torch."""
    code_shape: tuple[int, ...]
    """(latent,) or, for a map, (channels, height, width)."""
    pixel_log_variance: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.code_shape = (config.latent,)
        if config.likelihood == "gaussian":
            self.pixel_log_variance = nn.Parameter(torch.tensor(INITIAL_LOG_VARIANCE))

    @property
    def variational(self) -> bool:
        """Whether an image becomes a distribution over codes."""
        return families.of(self.config).variational

    def encode(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
        """The posterior of images (N, C, H, W) in [0, 1]; ``labels`` (N,) for a conditional encoder."""
        raise NotImplementedError

    def decode(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """Pixel parameters (N, C, H, W) of codes (N, latent): what ``to_images`` and ``pixel_nll`` take."""
        raise NotImplementedError

    def decoder_layers(self) -> nn.Sequential:
        """The decoder as plain layers, for engines outside torch: see ``vae_core.export.browser``.

        They take codes of shape ``code_shape``, with the label of a conditional model after them (``append_label``),
        and give what ``decode`` gives.
        """
        raise NotImplementedError

    def prototypes(self) -> list[Prototypes]:
        """Codes that the model itself holds, such as a codebook's entries; none for most families."""
        return []

    def to_images(self, output: Tensor) -> Tensor:
        """The pixels' mean in [0, 1] from the decoder's output: its logistic function."""
        return torch.sigmoid(output)

    def pixel_nll(self, output: Tensor, images: Tensor) -> Tensor:
        """-log p(x|z), (N,) nats per image summed over pixels, under the configured likelihood."""
        if self.config.likelihood == "bernoulli":
            return losses.bernoulli_nll(output, images)
        return losses.gaussian_nll(self.to_images(output), images, self.pixel_log_variance)

    def fit_closed_form(self, images: Tensor) -> bool:
        """Fit to uint8 images (N, C, H, W) without gradients, if the family can; says whether it did."""
        return False


def build(config: ModelConfig) -> Autoencoder:
    """A new model with random weights (from torch's global random state).

    Raises:
        ConfigError: if the network cannot take the images' size, or labels are amiss.
    """
    if (config.condition != "none") != (config.classes > 0):
        raise ConfigError(
            f"condition is {config.condition} with {config.classes} classes; a conditional model needs labelled "
            "images, and another takes no labels"
        )
    return families.of(config).network()(config)
