"""The peers of our training loop: pythae 0.1.2's trainer, and the loop of a thousand tutorials.

Both train our networks, or pythae its own, on the same images, in steps of the same batch.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import tempfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from vae_core.config import ModelConfig, RunConfig
from vae_core.data import ImageSet
from vae_core.models import Autoencoder, build
from vae_core.training.fit import describe_images

RATE = 1e-3  # of Adam, constant, as nearly all such loops have it; pythae's own default is a tenth of it


class PerImage(Dataset[Tensor]):
    """What torchvision's MNIST-like sets do: a PIL image for each index, and a transform for each image."""

    def __init__(self, images: np.ndarray) -> None:
        from torchvision import transforms

        self.images = images[:, 0]
        self.transform = transforms.ToTensor()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.transform(Image.fromarray(self.images[index]))


class Portions:
    """A loader that hands out so many batches at a time, a whole pass by itself, and goes on where it stopped."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.dataset = loader.dataset
        self.whole = self.count = len(loader)
        self.batches = itertools.chain.from_iterable(itertools.repeat(loader))

    def set(self, count: int | None) -> None:
        """How many batches the next portion has; a whole pass if None."""
        self.count = self.whole if count is None else count

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(self.batches, self.count)


class Plain:
    """The loop of a thousand tutorials: a DataLoader, Adam at a constant rate, probabilities and their entropy."""

    def __init__(self, model: ModelConfig, images: ImageSet, batch: int, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.model = build(describe_images(RunConfig(model=model), images).model)
        self.portions = Portions(DataLoader(PerImage(images.images), batch_size=batch, shuffle=True))
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=RATE)

    def turn(self, steps: int | None = None) -> None:
        """So many steps, or one pass over the images."""
        self.portions.set(steps)
        for batch in self.portions:
            posterior = self.model.encode(batch)
            decoded = torch.sigmoid(self.model.decode(posterior.sample()))
            reconstruction = F.binary_cross_entropy(decoded, batch, reduction="sum")
            loss = (reconstruction + posterior.kl_per_dim().sum()) / len(batch)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            loss.item()


class Pythae:
    """pythae's trainer with its own data set and loader, on our network or on its own for MNIST.

    Raises:
        ImportError: pythae is not installed.
    """

    model: Autoencoder
    """Ours, which it trains; there is none if it trains its own."""

    def __init__(self, model: ModelConfig | None, images: ImageSet, batch: int, seed: int = 0) -> None:
        from pythae.data.datasets import BaseDataset
        from pythae.models import VAE, VAEConfig
        from pythae.models.nn.benchmarks.mnist import Decoder_Conv_AE_MNIST, Encoder_Conv_VAE_MNIST
        from pythae.trainers import BaseTrainer, BaseTrainerConfig

        torch.manual_seed(seed)
        shape = images.images.shape[1:]
        config = VAEConfig(input_dim=shape, latent_dim=model.latent if model else 16, reconstruction_loss="bce")
        if model is None:
            encoder, decoder = Encoder_Conv_VAE_MNIST(config), Decoder_Conv_AE_MNIST(config)
        else:
            self.model = build(describe_images(RunConfig(model=model), images).model)
            encoder, decoder = _for_pythae(self.model)
        data = BaseDataset(torch.from_numpy(images.images) / 255, torch.zeros(len(images)))
        self.folder = tempfile.TemporaryDirectory()
        options = BaseTrainerConfig(
            self.folder.name, per_device_train_batch_size=batch, learning_rate=RATE, seed=seed, no_cuda=True
        )
        with _silent():
            self.trainer = BaseTrainer(VAE(config, encoder, decoder), data, training_config=options)
            self.trainer.prepare_training()
        self.portions = self.trainer.train_loader = Portions(self.trainer.train_loader)

    def turn(self, steps: int | None = None) -> None:
        """So many steps, or one pass over the images; an epoch of its own in either case."""
        self.portions.set(steps)
        with _silent():
            self.trainer.train_step(1)


def _for_pythae(model: Autoencoder) -> tuple[Any, Any]:
    """Our network as pythae's encoder and decoder."""
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.stack = nn.Sequential(model.encoder_stem, model.encoder_head)  # type: ignore[arg-type]

        def forward(self, images: Tensor) -> Any:
            mean, log_variance = self.stack(images).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.stack = nn.Sequential(model.decoder)  # type: ignore[arg-type]

        def forward(self, codes: Tensor) -> Any:
            return ModelOutput(reconstruction=torch.sigmoid(self.stack(codes)))

    return Encoder(), Decoder()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """No bars and no log lines of a peer."""
    import logging

    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(logging.NOTSET)
