"""An encoder network and a decoder network around a code: what all families that are trained have in common."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from vae_core.config import ModelConfig
from vae_core.models.base import Autoencoder, Posterior
from vae_core.models.networks import NETWORKS, append_label


class NetworkAutoencoder(Autoencoder):
    """Encoder and decoder networks around a code; the posterior is a point (Hinton & Salakhutdinov 2006).

    With ``noise`` in its configuration it is a denoising autoencoder (Vincent et al. 2008).
    """

    statistics: ClassVar[int] = 1
    """How many values the encoder gives for each latent dimension."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        stacks = NETWORKS[config.network](config, self.statistics)
        self.encoder_stem, self.encoder_head, self.decoder = (
            stacks.encoder_stem,
            stacks.encoder_head,
            stacks.decoder,
        )
        self.code_shape = stacks.code_shape

    def encode(self, images: Tensor, labels: Tensor | None = None) -> Posterior:
        """See Autoencoder.encode."""
        return Posterior(self.encoder_output(images, labels))

    def decode(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """See Autoencoder.decode; the output holds logits, (N, C, H, W)."""
        codes = codes.unflatten(1, self.code_shape)
        if self.config.condition != "none":
            codes = append_label(codes, _required(labels), self.config.classes)
        return self.decoder(codes)

    def decoder_layers(self) -> nn.Sequential:
        """See Autoencoder.decoder_layers."""
        return self.decoder

    def encoder_output(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """What the encoder network gives, (N, statistics * latent)."""
        features = self.encoder_stem(images)
        if self.config.condition == "both":
            features = append_label(features, _required(labels), self.config.classes)
        return self.encoder_head(features).flatten(1)


def _required(labels: Tensor | None) -> Tensor:
    if labels is None:
        raise ValueError("a conditional model needs a label for each image")
    return labels
