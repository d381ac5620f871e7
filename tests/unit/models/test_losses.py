"""Losses against torch.distributions, and the laws they obey."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import distributions

from vae_core.models import Posterior, losses


def test_bernoulli_nll_is_the_log_probability_summed_over_pixels() -> None:
    """On binary images it equals torch.distributions.Bernoulli's, to single precision."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 1, 4, 4, generator=generator)
    images = (torch.rand(5, 1, 4, 4, generator=generator) > 0.5).float()
    expected = -distributions.Bernoulli(logits=logits).log_prob(images).sum((1, 2, 3))
    torch.testing.assert_close(losses.bernoulli_nll(logits, images), expected)


def test_gaussian_nll_is_the_log_density_summed_over_pixels() -> None:
    """It equals torch.distributions.Normal's."""
    generator = torch.Generator().manual_seed(0)
    means, images = torch.rand(2, 5, 3, 4, 4, generator=generator)
    log_variance = torch.tensor(-2.5)
    expected = -distributions.Normal(means, torch.exp(0.5 * log_variance)).log_prob(images).sum((1, 2, 3))
    torch.testing.assert_close(losses.gaussian_nll(means, images, log_variance), expected)


def test_kl_equals_that_of_torch_distributions() -> None:
    """Each dimension's KL to the prior is the textbook one."""
    generator = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 6, 3, generator=generator)
    posterior = distributions.Normal(mean, torch.exp(0.5 * log_variance))
    expected = distributions.kl_divergence(posterior, distributions.Normal(0.0, 1.0))
    torch.testing.assert_close(losses.kl_per_dim(mean, log_variance), expected)


@given(mean=st.floats(-50, 50), log_variance=st.floats(-20, 10))
def test_kl_is_never_negative(mean: float, log_variance: float) -> None:
    """Gibbs' inequality holds in floating point, also very near the prior."""
    assert losses.kl_per_dim(torch.tensor([[mean]]), torch.tensor([[log_variance]])).item() >= 0


def test_kl_is_zero_at_the_prior() -> None:
    """A posterior equal to the prior costs exactly nothing."""
    assert losses.kl_per_dim(torch.zeros(2, 3), torch.zeros(2, 3)).abs().max() == 0


def test_a_point_posterior_has_no_kl_and_samples_itself() -> None:
    """A deterministic code is its own mode and sample, at no KL."""
    posterior = Posterior(torch.ones(2, 3))
    assert torch.equal(posterior.sample(), posterior.mode())
    assert posterior.kl_per_dim().abs().max() == 0


def test_posterior_samples_have_its_mean_and_deviation() -> None:
    """The reparameterisation gives the moments asked for, within four standard errors."""
    count, mean, log_variance = 40_000, 1.5, math.log(0.25)
    posterior = Posterior(torch.full((count, 1), mean), torch.full((count, 1), log_variance))
    sample = posterior.sample(torch.Generator().manual_seed(0))
    assert abs(sample.mean().item() - mean) < 4 * 0.5 / math.sqrt(count)
    assert abs(sample.std().item() - 0.5) < 4 * 0.5 / math.sqrt(2 * count)


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.0), (0.1, 1.0), (0.2, 2.0), (1.0, 2.0)])
def test_kl_weight_rises_linearly_to_beta(progress: float, weight: float) -> None:
    """It reaches beta when the warm-up ends and stays there."""
    assert losses.kl_weight(progress, beta=2.0, warmup=0.2) == pytest.approx(weight)


def test_kl_weight_without_warmup_is_beta_at_once() -> None:
    """A warm-up of nothing divides by nothing."""
    assert losses.kl_weight(0.0, beta=3.0, warmup=0.0) == 3.0


def test_the_normal_log_density_is_that_of_torch_distributions() -> None:
    """Summed over the last dimension, for codes with a leading axis of samples."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(7, 5, 3, generator=generator)
    mean, log_variance = torch.randn(2, 5, 3, generator=generator)
    expected = distributions.Normal(mean, torch.exp(0.5 * log_variance)).log_prob(values).sum(-1)
    torch.testing.assert_close(losses.log_normal(values, mean, log_variance), expected)
    torch.testing.assert_close(Posterior(mean, log_variance).log_density(values), expected)
    standard = distributions.Normal(0.0, 1.0).log_prob(values).sum(-1)
    torch.testing.assert_close(losses.log_normal(values, 0.0, 0.0), standard)


@given(seed=st.integers(0, 1000), samples=st.integers(1, 20), scale=st.floats(0, 200))
def test_the_importance_weighted_bound_lies_between_mean_and_maximum(seed: int, samples: int, scale: float) -> None:
    """Jensen's inequality below, the largest weight above; also where weights would overflow."""
    generator = torch.Generator().manual_seed(seed)
    weights = scale * torch.randn(samples, 4, generator=generator, dtype=torch.float64)
    bound = losses.importance_weighted_bound(weights)
    assert (bound >= weights.mean(0) - 1e-9).all()
    assert (bound <= weights.max(0).values + 1e-9).all()


def test_a_bound_of_one_sample_is_its_weight() -> None:
    """K = 1 is the ELBO's estimate."""
    weights = torch.tensor([[-3.0, 2.0]])
    torch.testing.assert_close(losses.importance_weighted_bound(weights), weights[0])


def test_samples_of_a_posterior_have_its_mean_and_deviation() -> None:
    """Several codes for each image, each dimension with its own spread; of a point all are equal."""
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.log(torch.tensor([[0.25, 4.0]]))
    drawn = Posterior(mean, log_variance).samples(20_000, torch.Generator().manual_seed(0))
    assert drawn.shape == (20_000, 1, 2)
    torch.testing.assert_close(drawn.mean(0), mean, atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.std(0), torch.tensor([[0.5, 2.0]]), atol=0.05, rtol=0)
    assert (Posterior(mean).samples(3) == mean).all()
    with pytest.raises(ValueError, match="no density"):
        Posterior(mean).log_density(mean)
