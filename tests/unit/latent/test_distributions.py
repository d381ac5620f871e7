"""Distributions over codes: their moments, their seeds, and fits to few and to many codes."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.config import UserError
from vae_core.latent import distributions


def two_clusters(count: int, seed: int = 0) -> np.ndarray:
    """Codes (count, 2) in two narrow clusters at -5 and 5."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, 2)) * 0.1 + generator.choice([-5.0, 5.0], count)[:, None]


def test_the_prior_draws_standard_normal_codes() -> None:
    """Mean 0, covariance I."""
    codes = distributions.standard_normal(3).sample(20_000)
    assert np.allclose(codes.mean(0), 0, atol=0.05)
    assert np.allclose(np.cov(codes.T), np.eye(3), atol=0.05)


def test_a_gaussian_has_its_mean_and_covariance() -> None:
    """Also where the covariance is singular."""
    covariance = np.array([[4.0, 2.0], [2.0, 1.0]])
    codes = distributions.gaussian(np.array([1.0, -1.0]), covariance).sample(20_000)
    assert np.allclose(codes.mean(0), [1, -1], atol=0.1)
    assert np.allclose(np.cov(codes.T), covariance, atol=0.15)


def test_a_mixture_leaves_the_gap_between_clusters_empty() -> None:
    """A Gaussian fitted to the same codes draws into the gap; the mixture does not."""
    codes = two_clusters(1000)
    drawn = distributions.fit_mixture(codes).sample(500, seed=1)
    blurred = distributions.gaussian(codes.mean(0), np.cov(codes.T)).sample(500, seed=1)
    assert (np.abs(drawn[:, 0]) > 4).all()
    assert (np.abs(blurred[:, 0]) < 4).mean() > 0.3


def test_temperature_moves_the_same_draws() -> None:
    """At half the temperature each draw is half as far from its component's mean."""
    prior = distributions.standard_normal(4)
    assert np.allclose(prior.sample(10, 0.5, seed=3), prior.sample(10, 1.0, seed=3) / 2)


def test_a_seed_repeats_its_draws() -> None:
    """The same seed the same codes, another seed others."""
    fitted = distributions.fit_mixture(two_clusters(200))
    assert (fitted.sample(5, seed=1) == fitted.sample(5, seed=1)).all()
    assert (fitted.sample(5, seed=1) != fitted.sample(5, seed=2)).any()


@pytest.mark.parametrize(("count", "size"), [(2, 64), (31, 32), (300, 100), (500, 1)])
def test_few_codes_get_a_simple_mixture(count: int, size: int) -> None:
    """Fewer codes than numbers is no error, and the draws are finite."""
    codes = np.random.default_rng(0).standard_normal((count, size))
    fitted = distributions.fit_mixture(codes)
    assert len(fitted.weights) == max(1, min(distributions.COMPONENTS, count // distributions.LEAST_CODES))
    assert np.isfinite(fitted.sample(10)).all()


def test_equal_codes_are_no_error() -> None:
    """A collapsed model has the same code for every picture."""
    assert np.allclose(distributions.fit_mixture(np.ones((100, 3))).sample(5), 1, atol=1e-3)


def test_a_mixture_of_one_code_is_refused() -> None:
    """In a line for people."""
    with pytest.raises(UserError, match="two or more"):
        distributions.fit_mixture(np.zeros((1, 2)))
