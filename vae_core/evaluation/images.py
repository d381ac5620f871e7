"""The images that models are evaluated with."""

from __future__ import annotations

from dataclasses import replace

from vae_core.config import DataConfig
from vae_core.data import ImageSet, binarise, load_images

MOST_TRAINING_IMAGES = 10_000  # that probes learn from, so that they take seconds


def prepared(config: DataConfig, images: ImageSet) -> ImageSet:
    """The images as a model of this configuration is evaluated on them: binarised once if it asks for it."""
    return replace(images, images=binarise(images.images, seed=0)) if config.binarise else images


def training_images(config: DataConfig) -> ImageSet:
    """Up to 10,000 training images: of Fashion-MNIST the embedded ones, so that every machine takes the same.

    Raises:
        UserError: if the images are not here.
    """
    if config.name == "fashion-mnist":
        config = replace(config, name="fashion-mnist-small", validation=0)
    return load_images(config, "train").part(slice(MOST_TRAINING_IMAGES))
