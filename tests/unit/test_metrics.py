"""Figures of merit against their definitions and against other libraries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from sklearn import manifold

from vae_core import metrics

FIGURES = (metrics.mse, metrics.psnr, metrics.bce, metrics.ssim)


def pair(count: int, channels: int, height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random images, and noisy copies of them: float32 (count, channels, height, width) in [0, 1]."""
    generator = np.random.default_rng(seed)
    images = generator.random((count, channels, height, width), np.float32)
    noisy = images + generator.normal(0, 0.2, images.shape)
    return images, np.clip(noisy, 0, 1).astype(np.float32)


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 28, 28), (3, 16, 12), (1, 7, 7), (3, 6, 5), (1, 4, 9)])
def test_ssim_is_that_of_scikit_image(channels: int, height: int, width: int) -> None:
    """The same figure for grey and colour images, at and below the size of the window."""
    images, noisy = pair(5, channels, height, width)
    window = {28: 7, 16: 7, 7: 7, 6: 5, 4: 3}[height]
    expected = [
        structural_similarity(x, y, win_size=window, data_range=1, channel_axis=0)
        for x, y in zip(images.astype(float), noisy.astype(float), strict=True)
    ]
    np.testing.assert_allclose(metrics.ssim(images, noisy), expected, atol=1e-6)


def test_mse_and_psnr_are_their_definitions() -> None:
    """A constant difference of 0.1 is an MSE of 0.01 and 20 decibels."""
    images = np.full((2, 3, 4, 5), 0.5)
    np.testing.assert_allclose(metrics.mse(images, images + 0.1), [0.01, 0.01])
    np.testing.assert_allclose(metrics.psnr(images, images + 0.1), [20, 20])


def test_bce_is_summed_over_pixels() -> None:
    """A mean of 1/2 costs ln 2 nats at every pixel, whatever the image."""
    images, _ = pair(3, 1, 4, 5)
    np.testing.assert_allclose(metrics.bce(images, np.full_like(images, 0.5)), np.full(3, 20 * np.log(2)))


@given(st.integers(0, 100))
def test_bce_is_least_for_the_image_itself(seed: int) -> None:
    """Gibbs' inequality: no other means cost fewer nats."""
    images, noisy = pair(4, 1, 5, 5, seed)
    assert (metrics.bce(images, noisy) >= metrics.bce(images, images)).all()


def test_a_certain_and_wrong_pixel_costs_a_finite_amount() -> None:
    """White where black was certain: large, not infinite."""
    black = np.zeros((1, 1, 3, 3), np.float32)
    cost = metrics.bce(1 - black, black)
    assert np.isfinite(cost).all()
    assert cost[0] == pytest.approx(9 * -np.log(1e-7))


def test_equal_images_have_the_best_figures() -> None:
    """MSE 0, SSIM 1, and a PSNR of infinity without a warning."""
    images, _ = pair(3, 1, 8, 8)
    np.testing.assert_array_equal(metrics.mse(images, images), 0)
    np.testing.assert_array_equal(metrics.psnr(images, images), np.inf)
    np.testing.assert_allclose(metrics.ssim(images, images), 1)


@given(st.sampled_from(FIGURES), st.integers(1, 40))
@settings(max_examples=30)
def test_an_image_has_the_same_figures_alone_and_in_parts(figure: object, size: int) -> None:
    """However the images are cut into parts, each keeps its figure, in float64."""
    images, noisy = pair(9, 1, 8, 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "VALUES_A_PART", size * 16)
        found = figure(images, noisy)  # type: ignore[operator]
    alone = [figure(images[i : i + 1], noisy[i : i + 1])[0] for i in range(9)]  # type: ignore[operator]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, alone, rtol=1e-12)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_images_have_no_figures(figure: object) -> None:
    """An empty set gives an empty array."""
    empty = np.zeros((0, 1, 8, 8), np.float32)
    assert figure(empty, empty).shape == (0,)  # type: ignore[operator]


@pytest.mark.parametrize("figure", FIGURES)
def test_images_of_different_shapes_are_refused(figure: object) -> None:
    """One reconstruction is not silently compared with many images."""
    images, _ = pair(3, 1, 8, 8)
    with pytest.raises(ValueError, match="must both be"):
        figure(images, images[:1])  # type: ignore[operator]


def test_knn_accuracy_leaves_each_code_out() -> None:
    """Pairs of equal codes with different labels: no code's nearest other one has its label."""
    codes = np.repeat(np.arange(4.0), 2)[:, None]
    assert metrics.knn_accuracy(codes, np.tile([0, 1], 4), 1) == 0
    assert metrics.knn_accuracy(codes, np.repeat([0, 1, 2, 3], 2), 1) == 1


def test_knn_accuracy_counts_votes() -> None:
    """Two far clusters with one stray label: the stray is outvoted, all others are right."""
    codes = np.concatenate([np.arange(10.0), 1000 + np.arange(10.0)])[:, None]
    labels = np.repeat([0, 1], 10)
    labels[3] = 1
    assert metrics.knn_accuracy(codes, labels, 5) == pytest.approx(19 / 20)


def test_knn_accuracy_of_very_few_codes() -> None:
    """With fewer codes than neighbours all others vote; one code alone has no figure."""
    assert metrics.knn_accuracy(np.zeros((3, 2)), np.zeros(3, int), 10) == 1
    assert np.isnan(metrics.knn_accuracy(np.zeros((1, 2)), np.zeros(1, int), 10))


@pytest.mark.parametrize("k", [1, 10, 49])
def test_trustworthiness_is_that_of_scikit_learn(k: int) -> None:
    """A linear map of random codes and an unrelated one, in several parts."""
    generator = np.random.default_rng(0)
    codes = generator.normal(size=(100, 5)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "DISTANCES_A_PART", 700)
        for coordinates in (codes[:, :2], generator.normal(size=(100, 2))):
            expected = manifold.trustworthiness(codes, coordinates, n_neighbors=k)
            assert metrics.trustworthiness(codes, coordinates, k) == pytest.approx(expected, abs=1e-6)


def test_the_codes_themselves_can_be_trusted() -> None:
    """A map that keeps all distances scores 1; too few points for the figure are refused."""
    codes = np.random.default_rng(0).normal(size=(50, 2))
    assert metrics.trustworthiness(codes, codes) == 1
    with pytest.raises(ValueError, match="more than 20 points"):
        metrics.trustworthiness(codes[:20], codes[:20])
