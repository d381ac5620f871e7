"""Figures of single images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vae_core.data import ImageSet
from vae_core.evaluation.per_image import evaluate_images
from vae_core.latent.space import LatentSpace


def test_each_image_has_its_own_error_and_kl(tiny_checkpoints: Path, test_images: ImageSet) -> None:
    """The error is that of its reconstruction; the KL is the sum over latent dimensions."""
    space = LatentSpace.open(tiny_checkpoints / "vae")
    figures = evaluate_images(space, test_images, space.encode(test_images.images))
    pixels = test_images.images / np.float32(255)
    expected = ((space.reconstruct(test_images.images) - pixels) ** 2).mean((1, 2, 3))
    assert figures.squared_error == pytest.approx(expected, rel=1e-4)
    assert figures.kl == pytest.approx(space.objective(test_images.images)[1].sum(1))
