"""Noise that is always the same, and the stored figures of how well it is removed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.conftest import tiny_run
from vae_core.checkpoint import find_checkpoint
from vae_core.data import ImageSet
from vae_core.evaluation.denoising import add_noise
from vae_core.training.fit import describe_images, fit


def test_an_image_gets_the_same_noise_wherever_it_stands(test_images: ImageSet) -> None:
    """By its index in the split, not by its place among those shown."""
    clean = test_images.images / np.float32(255)
    noisy = add_noise(clean, 0.2)
    some = np.array([7, 3])
    np.testing.assert_array_equal(add_noise(clean[some], 0.2, some), noisy[some])
    assert (noisy - clean).std() == pytest.approx(0.2, rel=0.03)


@pytest.mark.slow
def test_a_denoising_models_figures_are_stored(tmp_path: Path, train_images: ImageSet, test_images: ImageSet) -> None:
    """Against clean images; noise of deviation 0.2 has an error of 0.04 where no pixel is cut off, half of it here."""
    run = describe_images(tiny_run(epochs=20, family="cae", latent=8, noise=0.2), train_images)
    fit(run, train_images, test_images, tmp_path / "cae", show_progress=False)
    metrics = find_checkpoint("cae", tmp_path).metrics
    figures = metrics.denoising
    assert figures is not None
    assert metrics.mse is not None
    assert (figures.noise, figures.seed, figures.pca_components) == (0.2, 0, 8)
    assert figures.noisy_mse == pytest.approx(0.02, rel=0.1)
    assert metrics.mse < figures.mse < 0.1
    assert 0 < figures.pca_mse < 0.1


def test_other_models_have_no_such_figures(tiny_checkpoints: Path) -> None:
    """They have never met noise."""
    assert find_checkpoint("cae", tiny_checkpoints).metrics.denoising is None
