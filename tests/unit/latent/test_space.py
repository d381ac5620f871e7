"""LatentSpace: shapes, laws of its operations, and agreement with the model it wraps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from vae_core.checkpoint import CheckpointError, find_checkpoint, load_model
from vae_core.config import UserError
from vae_core.data import ImageSet
from vae_core.evaluation.record import Metrics
from vae_core.latent.space import LatentSpace
from vae_core.latent.statistics import CodeStatistics

KINDS = ["pca", "cae", "vae", "cvae", "vqvae"]


@pytest.fixture(params=KINDS)
def space(request: pytest.FixtureRequest, tiny_checkpoints: Path) -> LatentSpace:
    """Each kind of model in turn."""
    return LatentSpace.open(tiny_checkpoints / request.param)


@pytest.fixture
def vae(tiny_checkpoints: Path) -> LatentSpace:
    """The variational one."""
    return LatentSpace.open(tiny_checkpoints / "vae")


def test_images_go_to_codes_and_back(space: LatentSpace, test_images: ImageSet) -> None:
    """Shapes, types and the pixel range are as promised for every kind of model."""
    labels = test_images.labels
    codes = space.encode(test_images.images, labels)
    decoded = space.decode(codes, labels)
    assert (codes.shape, codes.dtype) == ((100, 3), np.float32)
    assert (decoded.shape, decoded.dtype) == ((100, 1, 8, 8), np.float32)
    assert 0 <= decoded.min() <= decoded.max() <= 1
    np.testing.assert_array_equal(space.reconstruct(test_images.images, labels), decoded)


def test_bytes_and_floats_give_the_same_codes(space: LatentSpace, test_images: ImageSet) -> None:
    """uint8 images and the same images in [0, 1] are one thing."""
    labels = test_images.labels
    floats = test_images.images.astype(np.float32) / 255
    np.testing.assert_allclose(space.encode(test_images.images, labels), space.encode(floats, labels), atol=1e-6)


def test_codes_agree_with_the_model(tiny_checkpoints: Path, vae: LatentSpace, test_images: ImageSet) -> None:
    """The wrapper changes nothing: mean and deviation are those of the model's posterior."""
    model, _ = load_model(tiny_checkpoints / "vae")
    posterior = model.encode(torch.from_numpy(test_images.images).float() / 255)
    mean, deviation = vae.posterior(test_images.images)
    np.testing.assert_allclose(mean, posterior.mean.numpy(), atol=1e-6)
    assert posterior.log_variance is not None
    np.testing.assert_allclose(deviation, np.exp(0.5 * posterior.log_variance.numpy()), rtol=1e-5)


def test_a_deterministic_posterior_has_no_spread(tiny_checkpoints: Path, test_images: ImageSet) -> None:
    """Its standard deviation is zero."""
    _, deviation = LatentSpace.open(tiny_checkpoints / "cae").posterior(test_images.images)
    assert deviation.max() == 0


def test_a_traversal_changes_one_dimension(vae: LatentSpace) -> None:
    """At the code's own value it shows the code's own image, and the values are in order."""
    code = np.array([0.3, -0.2, 0.9], np.float32)
    values = np.array([-1.0, -0.2, 1.0])
    images = vae.traverse(code, 1, values)
    np.testing.assert_allclose(images[1], vae.decode(code[None])[0], atol=1e-6)
    moved = code.copy()
    moved[1] = 1.0
    np.testing.assert_allclose(images[2], vae.decode(moved[None])[0], atol=1e-6)


@pytest.mark.parametrize("kind", ["linear", "spherical"])
def test_an_interpolation_hits_its_ends(vae: LatentSpace, kind: str) -> None:
    """First and last code are the two given, and the images are those codes'."""
    a, b = vae.sample(2, seed=3)
    codes, images = vae.interpolate(a, b, 7, kind)
    assert codes.shape == (7, 3)
    np.testing.assert_array_equal(codes[[0, -1]], [a, b])
    np.testing.assert_allclose(images, vae.decode(codes), atol=1e-6)


def test_prior_samples_are_standard_normal_times_the_temperature(vae: LatentSpace) -> None:
    """Mean 0 and deviation T within four standard errors; the same seed gives the same codes."""
    codes = vae.sample(20_000, temperature=0.5, seed=1)
    assert np.abs(codes.mean(0)).max() < 4 * 0.5 / np.sqrt(20_000)
    assert np.abs(codes.std(0) - 0.5).max() < 4 * 0.5 / np.sqrt(40_000)
    np.testing.assert_array_equal(codes, vae.sample(20_000, temperature=0.5, seed=1))


def test_samples_of_a_deterministic_model_follow_its_codes(tiny_checkpoints: Path) -> None:
    """The fitted Gaussian has the codes' mean and covariance."""
    cae = LatentSpace.open(tiny_checkpoints / "cae")
    codes = cae.sample(50_000, seed=0)
    scale = cae.statistics.standard_deviation
    np.testing.assert_allclose(codes.mean(0) / scale, cae.statistics.mean / scale, atol=0.03)
    scales = np.outer(scale, scale)
    np.testing.assert_allclose(np.cov(codes.T) / scales, cae.statistics.covariance / scales, atol=0.05)


@pytest.mark.parametrize("name", ["vae", "cae"])
def test_typicality_of_samples_is_uniform(tiny_checkpoints: Path, name: str) -> None:
    """A quantile of its own distribution: a tenth of the samples lie under each tenth."""
    space = LatentSpace.open(tiny_checkpoints / name)
    quantiles = space.typicality(space.sample(20_000, seed=2))
    shares = np.histogram(quantiles, 10, (0, 1))[0] / 20_000
    assert np.abs(shares - 0.1).max() < 0.015


def test_the_centre_of_the_prior_is_least_far_out(vae: LatentSpace) -> None:
    """Typicality is 0 at the origin and grows outward."""
    quantiles = vae.typicality(np.array([[0, 0, 0], [1, 0, 0], [0, 3, 0], [9, 9, 9]]))
    assert quantiles[0] == 0
    assert np.all(np.diff(quantiles) > 0)


def test_the_objective_is_that_of_the_history(tiny_checkpoints: Path, test_images: ImageSet) -> None:
    """Measured through LatentSpace, reconstruction and KL equal the last epoch's record up to the sampling noise."""
    space = LatentSpace.open(tiny_checkpoints / "vae")
    reconstruction, kl = space.objective(test_images.images)
    record = find_checkpoint("vae", tiny_checkpoints).history[-1]["test"]
    assert kl.sum(1).mean() == pytest.approx(record["kl"], rel=1e-3)
    assert reconstruction.mean() == pytest.approx(record["reconstruction"], rel=0.05)


def test_metrics_carry_the_statistics(space: LatentSpace, test_images: ImageSet) -> None:
    """What a checkpoint stores of its codes equals what its codes give."""
    codes = space.encode(test_images.images, test_images.labels).astype(float)
    np.testing.assert_allclose(space.statistics.mean, codes.mean(0), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(space.statistics.standard_deviation, codes.std(0), rtol=1e-4)
    assert space.statistics.class_means is not None
    np.testing.assert_allclose(
        space.statistics.class_means[1], codes[test_images.labels == 1].mean(0), rtol=1e-4, atol=1e-5
    )


def test_dimensions_are_ranked_by_what_they_carry(space: LatentSpace) -> None:
    """Scores fall along the active part of the order, and every dimension is in it once."""
    statistics = space.statistics
    assert sorted(statistics.order) == [0, 1, 2]
    active = [dimension for dimension in statistics.order if statistics.active[dimension]]
    assert np.all(np.diff(statistics.score[active]) <= 0)
    assert list(statistics.order[: len(active)]) == active


def test_an_unused_dimension_is_inactive() -> None:
    """A posterior mean that hardly varies is no active unit, and comes last whatever KL it costs."""
    codes = np.random.default_rng(0).normal(size=(500, 2)) * [0.01, 1.0] + [2.0, 0.0]
    statistics = CodeStatistics.of(codes, np.array([2.0, 1.0]), None, 0)
    assert statistics.active.tolist() == [False, True]
    assert statistics.order.tolist() == [1, 0]


def test_without_metrics_the_prior_stands_in(tiny_checkpoints: Path, tmp_path: Path) -> None:
    """A checkpoint whose metrics are lost still opens, with plain ranges."""
    (tmp_path / "bare").mkdir()
    source = tiny_checkpoints / "vae" / "model.safetensors"
    (tmp_path / "bare" / "model.safetensors").write_bytes(source.read_bytes())
    statistics = LatentSpace.open(tmp_path / "bare").statistics
    assert statistics.low.tolist() == [-3, -3, -3]
    assert statistics.active.shape == (3,)


def test_a_conditional_model_uses_its_labels(tiny_checkpoints: Path) -> None:
    """The same code with two labels gives two images; without labels one line says what is missing."""
    space = LatentSpace.open(tiny_checkpoints / "cvae")
    codes = np.zeros((2, 3), np.float32)
    first, second = space.decode(codes, np.array([0, 1]))
    assert not np.array_equal(first, second)
    for labels in (None, np.array([0]), np.array([0, 7])):
        with pytest.raises(UserError, match="label"):
            space.decode(codes, labels)


def test_wrong_shapes_are_refused_in_one_line(vae: LatentSpace) -> None:
    """The message tells the shape that the model takes."""
    with pytest.raises(UserError, match=r"takes \(N, 3\)"):
        vae.decode(np.zeros((1, 4)))
    with pytest.raises(UserError, match=r"takes \(N, 1, 8, 8\)"):
        vae.encode(np.zeros((1, 1, 9, 9), np.uint8))


def test_nothing_in_gives_nothing_out(vae: LatentSpace) -> None:
    """Empty batches keep their shapes."""
    assert vae.encode(np.zeros((0, 1, 8, 8), np.uint8)).shape == (0, 3)
    assert vae.decode(np.zeros((0, 3), np.float32)).shape == (0, 1, 8, 8)


def test_threads_can_share_it(vae: LatentSpace, test_images: ImageSet) -> None:
    """Eight threads get what one gets."""
    expected = vae.reconstruct(test_images.images)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: vae.reconstruct(test_images.images), range(16)))
    assert all(np.array_equal(expected, result) for result in results)


def test_an_absent_checkpoint_cannot_be_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By name it is looked for in the checkpoints folder."""
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(tmp_path))
    with pytest.raises(CheckpointError, match="no checkpoint 'absent'"):
        LatentSpace.open("absent")


def test_principal_directions_make_up_the_covariance(space: LatentSpace, test_images: ImageSet) -> None:
    """Rows at right angles, by falling variance, whose products are the codes' covariance (numpy's, of the codes)."""
    codes = space.encode(test_images.images, test_images.labels)
    rows = space.statistics.principal
    np.testing.assert_allclose(rows.T @ rows, np.cov(codes, rowvar=False), atol=1e-4)
    lengths = np.linalg.norm(rows, axis=1)
    assert (np.diff(lengths) <= 1e-9).all()
    np.testing.assert_allclose(rows @ rows.T, np.diag(lengths**2), atol=1e-6)
    assert (np.take_along_axis(rows, np.abs(rows).argmax(1)[:, None], 1) >= 0).all()


def test_ranges_hold_nearly_all_codes_and_the_priors_middle(space: LatentSpace, test_images: ImageSet) -> None:
    """At least the 1st to 99th percentile; three standard deviations of the prior for a variational model."""
    codes = space.encode(test_images.images, test_images.labels)
    low, high = space.statistics.ranges.T
    assert ((codes >= low - 0.01) & (codes <= high + 0.01)).mean() > 0.97
    if space.variational:
        assert (low <= -3).all()
        assert (high >= 3).all()


def test_the_covariance_of_long_codes_survives_in_few_directions() -> None:
    """That of 30 codes of 300 numbers has 29 directions; all of them are kept, in a small file."""
    codes = np.random.default_rng(0).standard_normal((30, 300))
    statistics = CodeStatistics.of(codes, None, None, 0)
    stored = statistics.to_metrics()
    assert "covariance" not in stored
    assert len(stored["principal"]) == 29
    again = CodeStatistics.from_metrics(Metrics(code=stored), 300, variational=False)
    np.testing.assert_allclose(again.covariance, statistics.covariance, atol=1e-4)
