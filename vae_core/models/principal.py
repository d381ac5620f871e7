"""Principal component analysis as an autoencoder; ``pca`` holds the family's record."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from vae_core.config import ConfigError, ModelConfig
from vae_core.linalg import fix_signs
from vae_core.models.base import Autoencoder, Posterior


class PrincipalComponents(Autoencoder):
    """Codes are coordinates along the leading orthonormal directions of the training images (Pearson 1901).

    The first dimension carries the most variance. Fitted in closed form, from the eigenvectors of the pixels'
    covariance.
    """

    output: ClassVar[Literal["logistic", "clipped"]] = "clipped"

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        pixels = config.image_shape[0] * config.image_shape[1] * config.image_shape[2]
        if config.latent > pixels:
            raise ConfigError(f"latent is {config.latent}; images of {pixels} pixels have at most so many components")
        self.register_buffer("centre", torch.zeros(pixels))
        self.register_buffer("components", torch.zeros(config.latent, pixels))
        self.centre: Tensor
        self.components: Tensor
        self.pixel_log_variance.requires_grad_(False)

    def encode(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
        """See Autoencoder.encode."""
        return Posterior((images.flatten(1) - self.centre) @ self.components.T)

    def decode(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """See Autoencoder.decode; the output holds pixel means, which a linear model may put outside [0, 1]."""
        return (codes @ self.components + self.centre).unflatten(1, self.config.image_shape)

    def decoder_layers(self) -> nn.Sequential:
        """See Autoencoder.decoder_layers."""
        linear = nn.utils.skip_init(nn.Linear, *self.components.shape)
        linear.weight.data, linear.bias.data = self.components.T.contiguous(), self.centre
        return nn.Sequential(linear, nn.Unflatten(1, self.config.image_shape))

    def to_images(self, output: Tensor) -> Tensor:
        """The pixel means clipped to [0, 1]."""
        return output.clamp(0, 1)

    def fit_closed_form(self, images: Tensor) -> bool:
        """Fit to uint8 images (N, C, H, W); always True.

        Raises:
            ConfigError: if there are fewer images than components.
        """
        if len(images) <= self.config.latent:
            raise ConfigError(f"{self.config.latent} components need more than {len(images)} training images")
        centred = images.flatten(1).double().div_(255)
        mean = centred.mean(0)
        centred -= mean
        self.centre.copy_(mean)
        count, pixels = centred.shape
        # The smaller of the two Gram matrices has the same leading eigenvalues.
        gram = centred.T @ centred if count >= pixels else centred @ centred.T
        components = _leading_eigenvectors(gram, self.config.latent)
        if count < pixels:
            components, _ = torch.linalg.qr(centred.T @ components)
        components = torch.from_numpy(fix_signs(components.T.cpu().numpy())).to(centred.device)
        self.components.copy_(components)
        kept = (centred @ components.T).square().sum()
        residual = (centred.square().sum() - kept) / centred.numel()
        self.pixel_log_variance.data = residual.clamp_min(1e-12).log().float()
        return True


def _leading_eigenvectors(symmetric: Tensor, count: int) -> Tensor:
    """The eigenvectors (N, count) of a symmetric matrix's largest eigenvalues, the largest first."""
    from scipy.linalg import eigh

    size = len(symmetric)
    _, vectors = eigh(symmetric.cpu().numpy(), subset_by_index=(size - count, size - 1))
    return torch.from_numpy(vectors[:, ::-1].copy()).to(symmetric.device)
