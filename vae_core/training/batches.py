"""Batches of images: all images in memory as one uint8 tensor, and no work that is done for each image alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_core.config import RunConfig
from vae_core.data import ImageSet


@dataclass(frozen=True)
class Batch:
    """Images float32 (N, C, H, W) in [0, 1]; the encoder's input (noisy if asked for); labels (N,) or None."""

    images: Tensor
    inputs: Tensor
    labels: Tensor | None


class Batches:
    """An image set on the device as bytes; a batch is an index, a conversion and, where asked for, noise."""

    def __init__(self, data: ImageSet, run: RunConfig, device: torch.device) -> None:
        self.images = torch.from_numpy(data.images).to(device)
        conditional = run.model.condition != "none"
        self.labels = torch.from_numpy(data.labels).to(device) if conditional and data.labels is not None else None
        self.noise, self.binarise = run.model.noise, run.data.binarise
        self.flip, self.shift = run.train.flip, run.train.shift

    def __len__(self) -> int:
        return len(self.images)

    def in_order(self, size: int, generator: torch.Generator) -> Iterator[Batch]:
        """All images in their order; a batch's images last until the next batch, which is written over them."""
        return self._batches(torch.arange(len(self), device=self.images.device), size, generator, 0.0)

    def shuffled(self, size: int, generator: torch.Generator, augmented_share: float = 1.0) -> Iterator[Batch]:
        """As ``in_order``, in a random order; so many of the images mirrored and moved, if the run asks for it."""
        order = torch.randperm(len(self), generator=generator, device=self.images.device)
        return self._batches(order, size, generator, augmented_share if self.flip or self.shift else 0.0)

    def _batches(self, order: Tensor, size: int, generator: torch.Generator, augmented_share: float) -> Iterator[Batch]:
        """Batches of ``size`` images in an order, the last perhaps smaller."""
        # The same memory for each batch: new memory costs more than what is written into it.
        rows = torch.empty_like(self.images[:size])
        pixels = torch.empty_like(rows, dtype=torch.float32)
        for indices in order.split(size):
            if len(indices) < len(rows):
                rows, pixels = rows[: len(indices)], pixels[: len(indices)]
            chosen = torch.index_select(self.images, 0, indices, out=rows)  # faster than indexing
            if augmented_share > 0:
                chosen = self._augmented(chosen, augmented_share, generator)
            images = pixels.copy_(chosen).div_(255)  # twice as fast as dividing bytes
            if self.binarise:
                images = torch.bernoulli(images, generator=generator)
            inputs = images
            if self.noise > 0:
                inputs = images + self.noise * torch.randn(images.shape, generator=generator, device=images.device)
            yield Batch(images, inputs, None if self.labels is None else self.labels[indices])

    def _augmented(self, images: Tensor, share: float, generator: torch.Generator) -> Tensor:
        """Images (N, C, H, W), each mirrored and moved with probability ``share``."""
        changed = augmented(images, self.flip, self.shift, generator)
        if share == 1:
            return changed
        chosen = torch.rand((len(images), 1, 1, 1), generator=generator, device=images.device) < share
        return torch.where(chosen, changed, images)


def augmented(images: Tensor, flip: bool, shift: int, generator: torch.Generator) -> Tensor:
    """Each image (N, C, H, W) mirrored at random, then moved by up to ``shift`` pixels; its edge fills the gap."""
    count, _, height, width = images.shape
    device = images.device

    def positions(side: int, mirror: bool) -> Tensor:
        moves = torch.randint(-shift, shift + 1, (count, 1), generator=generator, device=device)
        pixels_from = (torch.arange(side, device=device) + moves).clamp_(0, side - 1)
        if mirror:
            turned = torch.rand((count, 1), generator=generator, device=device) < 0.5
            pixels_from = torch.where(turned, side - 1 - pixels_from, pixels_from)
        return pixels_from

    rows, columns = positions(height, mirror=False), positions(width, mirror=flip)
    moved = images.gather(2, rows[:, None, :, None].expand_as(images))
    return moved.gather(3, columns[:, None, None, :].expand_as(images))
