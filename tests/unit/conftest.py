"""What the core's tests share: a small image set and tiny trained checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.data import ImageSet, load_images
from vae_core.training.fit import describe_images, fit

SIDE = 8


def squares(count: int, seed: int, channels: int = 1) -> ImageSet:
    """Images of 8x8 pixels with one bright square; the label says whether it is on the left."""
    generator = np.random.default_rng(seed)
    rows, columns = generator.integers(0, SIDE - 3, (2, count))
    images = np.zeros((count, channels, SIDE, SIDE), np.uint8)
    for image, row, column in zip(images, rows, columns, strict=True):
        image[:, row : row + 3, column : column + 3] = 255
    return ImageSet(images, (columns < SIDE // 2 - 1).astype(np.int64), ("right", "left"))


@pytest.fixture(scope="session")
def train_images() -> ImageSet:
    """400 squares to learn from."""
    return squares(400, seed=0)


@pytest.fixture(scope="session")
def test_images() -> ImageSet:
    """100 other squares."""
    return squares(100, seed=1)


def tiny_run(epochs: int = 2, **model: object) -> RunConfig:
    """A run that takes well under a second."""
    settings = {"network": "mlp", "latent": 3, "hidden": 32} | model
    return RunConfig(
        model=ModelConfig(**settings),  # type: ignore[arg-type]
        train=TrainConfig(epochs=epochs, batch_size=64),
    )


@pytest.fixture(scope="session")
def tiny_checkpoints(tmp_path_factory: pytest.TempPathFactory, train_images: ImageSet, test_images: ImageSet) -> Path:
    """A folder with one tiny checkpoint of each kind: pca, cae, vae, a conditional vae, and vqvae."""
    folder = tmp_path_factory.mktemp("checkpoints")
    kinds = {
        "pca": tiny_run(family="pca", likelihood="gaussian"),
        "cae": tiny_run(family="cae"),
        "vae": tiny_run(),
        "cvae": tiny_run(condition="both"),
        "vqvae": tiny_run(family="vqvae"),
    }
    for name, run in kinds.items():
        fit(describe_images(run, train_images), train_images, test_images, folder / name, show_progress=False)
    return folder


@pytest.fixture(scope="session")
def digits_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two checkpoints of the digits, whose images every machine has: PCA, and a VAE hardly trained."""
    folder = tmp_path_factory.mktemp("digits")
    data = DataConfig("digits")
    train, test = load_images(data, "train"), load_images(data, "test")
    models = {
        "digits-pca": ModelConfig(family="pca", likelihood="gaussian", latent=4),
        "digits-vae": ModelConfig(network="mlp", latent=4, hidden=32),
    }
    for name, model in models.items():
        run = RunConfig(data, model, TrainConfig(epochs=1))
        fit(describe_images(run, train), train, test, folder / name, show_progress=False)
    return folder
