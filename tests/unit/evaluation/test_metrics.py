"""Figures of merit against their definitions and against other libraries."""

from __future__ import annotations

from dataclasses import astuple
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.optimize import minimize
from scipy.special import log_softmax
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity
from sklearn import manifold
from sklearn.neighbors import KNeighborsClassifier
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal
from torch.nn.functional import binary_cross_entropy

from vae_core.data import ImageSet
from vae_core.evaluation import metrics
from vae_core.evaluation.record import Metrics
from vae_core.latent import space as latent_space
from vae_core.latent.space import LatentSpace
from vae_core.latent.statistics import CodeStatistics
from vae_core.maps import quality
from vae_core.models import Posterior

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


def test_mse_psnr_and_bce_are_those_of_other_libraries() -> None:
    """scikit-image's error and ratio of each colour image, and torch's cross-entropy, summed over pixels."""
    images, noisy = (array.astype(float) for array in pair(5, 3, 6, 7))
    pairs = list(zip(images, noisy, strict=True))
    np.testing.assert_allclose(metrics.mse(images, noisy), [mean_squared_error(x, y) for x, y in pairs])
    ratios = [peak_signal_noise_ratio(x, y, data_range=1) for x, y in pairs]
    np.testing.assert_allclose(metrics.psnr(images, noisy), ratios)
    means = np.clip(noisy, 0.01, 0.99)
    losses = binary_cross_entropy(torch.from_numpy(means), torch.from_numpy(images), reduction="none")
    np.testing.assert_allclose(metrics.bce(images, means), losses.sum((1, 2, 3)).numpy())


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
            assert quality.trustworthiness(codes, coordinates, k) == pytest.approx(expected, abs=1e-6)


def test_the_codes_themselves_can_be_trusted() -> None:
    """A map that keeps all distances scores 1; too few points for the figure are refused."""
    codes = np.random.default_rng(0).normal(size=(50, 2))
    assert quality.trustworthiness(codes, codes) == 1
    with pytest.raises(ValueError, match="more than 30 points"):
        quality.trustworthiness(codes[:20], codes[:20])


# --- codes --------------------------------------------------------------------------------------------------------


def clusters(count: int, dimensions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (count, dimensions) around three centres, and the centre of each."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, count)
    return 2 * np.eye(3, dimensions)[labels] + generator.normal(size=(count, dimensions)), labels


def test_a_unit_is_active_when_its_mean_varies() -> None:
    """A variance just above 0.01 counts, one just below does not, and a constant off the centre neither."""
    signs = np.tile([-1.0, 1.0], 50)
    means = np.stack([0.11 * signs, 0.09 * signs, np.full(100, 5.0)], axis=1)
    assert metrics.active_units(means).tolist() == [True, False, False]


def test_a_checkpoints_active_dimensions_are_the_active_units() -> None:
    """The statistics that a checkpoint keeps of its codes, also read back, tell the same units as the codes do."""
    codes = np.random.default_rng(0).normal(size=(400, 40)) * np.linspace(0.05, 0.15, 40) + 1
    active = metrics.active_units(codes)
    assert 0 < active.sum() < 40
    kl = np.ones(40)
    statistics = CodeStatistics.of(codes, kl, None, 0)
    stored = {"code": statistics.to_metrics(), "kl_per_dim": kl.tolist()}
    again = CodeStatistics.from_metrics(Metrics.from_json(stored), 40, variational=True)
    np.testing.assert_array_equal(statistics.active, active)
    np.testing.assert_array_equal(again.active, active)


def test_mutual_information_is_that_of_torch_distributions() -> None:
    """The same estimate as a mixture of all posteriors gives, at the same codes."""
    generator = np.random.default_rng(1)
    means, deviations = generator.normal(size=(60, 3)), np.exp(generator.normal(size=(60, 3)) / 2)
    draw = np.random.default_rng(0)
    chosen = draw.permutation(60)[:40]
    codes = torch.from_numpy(means[chosen] + deviations[chosen] * draw.standard_normal((40, 3)))
    posteriors = Independent(Normal(torch.from_numpy(means), torch.from_numpy(deviations)), 1)
    aggregated = MixtureSameFamily(Categorical(torch.ones(60, dtype=torch.float64)), posteriors)
    own = posteriors.log_prob(codes[:, None])[torch.arange(40), torch.from_numpy(chosen)]
    expected = float((own - aggregated.log_prob(codes)).mean())
    assert metrics.mutual_information(means, deviations, draws=40) == pytest.approx(expected, rel=1e-9)


@given(st.integers(2, 50), st.integers(1, 4))
def test_mutual_information_of_equal_and_of_distant_posteriors(count: int, dimensions: int) -> None:
    """Nothing is told where all posteriors are one, and which of N images it is where they do not overlap."""
    same = np.zeros((count, dimensions))
    assert metrics.mutual_information(same, np.ones_like(same)) == pytest.approx(0, abs=1e-9)
    apart = 100.0 * np.arange(count)[:, None] + same
    assert metrics.mutual_information(apart, np.ones_like(apart)) == pytest.approx(np.log(count))


@pytest.mark.parametrize("k", [1, 5, 10])
def test_neighbours_vote_as_in_scikit_learn(k: int) -> None:
    """Test codes classified by training codes, at each number of neighbours."""
    (train, train_labels), (codes, labels) = clusters(300, 4, 0), clusters(200, 4, 1)
    expected = KNeighborsClassifier(k, algorithm="brute").fit(train, train_labels).score(codes, labels)
    assert metrics.knn_transfer(train, train_labels, codes, labels, k) == pytest.approx(expected)


def test_a_linear_probe_finds_what_is_linear_and_nothing_else() -> None:
    """Separate clusters are told apart whatever their scale; labels that are noise are not."""
    (train, train_labels), (codes, labels) = clusters(600, 3, 0), clusters(300, 3, 1)
    scale = np.array([1000.0, 1.0, 0.001])
    far = 5 * np.eye(3)
    probe = metrics.linear_probe(
        (train + far[train_labels]) * scale, train_labels, (codes + far[labels]) * scale, labels
    )
    assert probe > 0.98
    noise = np.random.default_rng(2).integers(0, 3, 300)
    assert metrics.linear_probe(train, train_labels, codes, noise) < 0.45


def probe_of_scipy(train: np.ndarray, train_labels: np.ndarray, codes: np.ndarray, classes: int) -> np.ndarray:
    """Classes of codes by penalised logistic regression, its objective minimised by scipy."""
    mean, deviation = train.mean(0), train.std(0)
    rows = classes if classes > 2 else 1  # with two classes the first has no weights

    def scores(parameters: np.ndarray, points: np.ndarray) -> np.ndarray:
        table = np.zeros((classes, points.shape[1] + 1))
        table[classes - rows :] = parameters.reshape(rows, -1)
        return (points - mean) / deviation @ table[:, :-1].T + table[:, -1]

    def objective(parameters: np.ndarray) -> float:
        logarithms = log_softmax(scores(parameters, train), 1)[np.arange(len(train)), train_labels]
        return float(np.square(parameters.reshape(rows, -1)[:, :-1]).sum() / 2 - logarithms.sum())

    found = minimize(objective, np.zeros(rows * (train.shape[1] + 1)), options={"gtol": 1e-4})
    return scores(found.x, codes).argmax(1)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_linear_probe_is_logistic_regression(classes: int) -> None:
    """The share that scipy's minimum of the same objective gets right, for classes that overlap.

    Few training codes, so that the regularisation matters, and codes neither centred nor of one scale.
    """
    (train, train_labels), (codes, labels) = clusters(30, 10, 0), clusters(4000, 10, 1)
    train, codes = (points * np.geomspace(0.1, 10, 10) + 3 for points in (train, codes))
    train, train_labels = train[train_labels < classes], train_labels[train_labels < classes]
    codes, labels = codes[labels < classes], labels[labels < classes]
    expected = (probe_of_scipy(train, train_labels, codes, classes) == labels).mean()
    assert 0.6 < expected < 0.95
    assert metrics.linear_probe(train, train_labels, codes, labels) == pytest.approx(expected, abs=1e-3)


def test_a_linear_probe_learns_nothing_from_labels_that_codes_do_not_tell() -> None:
    """It then gets about the largest class's share right, here 0.7."""
    generator = np.random.default_rng(0)
    codes, labels = generator.normal(size=(3000, 4)), generator.choice(3, 3000, p=[0.2, 0.7, 0.1])
    probe = metrics.linear_probe(codes[:2000], labels[:2000], codes[2000:], labels[2000:])
    assert probe == pytest.approx(0.7, abs=0.05)


def test_a_linear_probe_does_not_depend_on_the_codes_scale_and_origin() -> None:
    """Each dimension of overlapping clusters stretched and moved, and none told better or worse."""
    (train, train_labels), (codes, labels) = clusters(300, 4, 0), clusters(300, 4, 1)
    scale, origin = np.array([100.0, 1.0, 0.01, -3.0]), np.array([5.0, -100.0, 0.0, 7.0])
    plain = metrics.linear_probe(train, train_labels, codes, labels)
    moved = metrics.linear_probe(train * scale + origin, train_labels, codes * scale + origin, labels)
    assert plain < 0.95
    assert moved == pytest.approx(plain, abs=1e-2)


# --- likelihoods --------------------------------------------------------------------------------------------------


def test_a_likelihood_decodes_no_more_than_a_part_at_once(
    tiny_checkpoints: Path, test_images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many images and draws there are, the decoder never gets more codes than a part holds.

    The same draws in parts of other sizes, which divide neither number, or all at once, give the same estimate.
    """
    space = LatentSpace.open(tiny_checkpoints / "vae")
    images, draws = len(test_images.images), 90
    noise = torch.randn((draws, space.latent), generator=torch.Generator().manual_seed(0))
    sizes: list[int] = []
    decode = space._model.decode

    def count(codes: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        sizes.append(len(codes))
        return decode(codes, labels)

    def estimate(images_a_part: int, draws_a_part: int) -> np.ndarray:
        stream = cycle(noise)  # an image's draws are the same however they are cut

        def samples(posterior: Posterior, count: int, generator: torch.Generator | None = None) -> torch.Tensor:
            epsilon = torch.stack([next(stream) for _ in range(count)])[:, None]
            assert posterior.log_variance is not None
            return posterior.mean + torch.exp(0.5 * posterior.log_variance) * epsilon

        monkeypatch.setattr(Posterior, "samples", samples)
        monkeypatch.setattr(latent_space, "IMAGES_A_PART", images_a_part)
        monkeypatch.setattr(latent_space, "SAMPLES_A_PART", draws_a_part)
        sizes.clear()
        found = space.log_likelihood(test_images.images, samples=draws)
        assert max(sizes) == images_a_part * draws_a_part
        assert sum(sizes) == images * draws
        return found

    monkeypatch.setattr(space._model, "decode", count)
    usual = estimate(latent_space.IMAGES_A_PART, latent_space.SAMPLES_A_PART)
    np.testing.assert_allclose(estimate(7, 11), usual, rtol=0, atol=1e-4)
    np.testing.assert_allclose(estimate(images, draws), usual, rtol=0, atol=1e-4)


# --- samples ------------------------------------------------------------------------------------------------------


def test_frechet_distance_of_known_moments() -> None:
    """|m1 - m2|^2 + sum (s1 - s2)^2 where covariances are diagonal; exact, as the sets are made to have the moments."""
    signs = np.array([[a, b] for a in (-1, 1) for b in (-1, 1)] * 50, float)
    unbiased = np.sqrt((len(signs) - 1) / len(signs))
    first, second = signs * [1, 2] * unbiased, signs * [3, 0.5] * unbiased + [4, 0]
    assert metrics.frechet_distance(first, second) == pytest.approx(16 + 2**2 + 1.5**2)


def test_frechet_distance_is_its_formula_with_scipys_matrix_root() -> None:
    """Heusel et al. 2017, eq. 6, with correlated features; the same both ways, and 0 for a set and itself."""
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 200, 5)) @ generator.normal(size=(2, 5, 5))
    c1, c2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    difference = first.mean(0) - second.mean(0)
    expected = difference @ difference + np.trace(c1 + c2 - 2 * np.real(sqrtm(c1 @ c2)))
    assert metrics.frechet_distance(first, second) == pytest.approx(expected)
    assert metrics.frechet_distance(second, first) == pytest.approx(expected)
    assert metrics.frechet_distance(first, first) == pytest.approx(0, abs=1e-8)


def test_sample_quality_is_its_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Precision, recall, density and coverage by loops over all pairs; also in parts."""
    generator = np.random.default_rng(0)
    real, samples, k = generator.normal(size=(40, 2)), 0.7 * generator.normal(size=(30, 2)) + 0.3, 3

    def radius(points: np.ndarray, index: int) -> float:
        return sorted(float(np.linalg.norm(points[index] - other)) for other in points)[k]  # 0 is the point itself

    near_real = [[np.linalg.norm(s - real[i]) <= radius(real, i) for i in range(40)] for s in samples]
    near_sample = [[np.linalg.norm(r - samples[j]) <= radius(samples, j) for j in range(30)] for r in real]
    expected = (
        np.mean([any(row) for row in near_real]),
        np.mean([any(row) for row in near_sample]),
        np.sum(near_real) / (k * 30),
        np.mean(np.any(near_real, axis=0)),
    )
    assert astuple(metrics.sample_quality(real, samples, k)) == pytest.approx(expected)
    monkeypatch.setattr(metrics, "DISTANCES_A_PART", 100)
    assert astuple(metrics.sample_quality(real, samples, k)) == pytest.approx(expected)


def test_sample_quality_of_copies_and_of_strangers() -> None:
    """The real images themselves are perfect samples; images from elsewhere are none."""
    real = np.random.default_rng(0).normal(size=(50, 3))
    perfect = metrics.sample_quality(real, real)
    assert (perfect.precision, perfect.recall, perfect.coverage) == (1, 1, 1)
    assert perfect.density >= 1
    assert astuple(metrics.sample_quality(real, real + 100)) == (0, 0, 0, 0)
    with pytest.raises(ValueError, match="more than 5"):
        metrics.sample_quality(real[:5], real)
