"""Objectives as pure functions, all in nats per image.

Convention: reconstruction terms are summed over pixels, KL over dimensions; both are then averaged over images
by the caller. Nothing here averages over pixels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def bernoulli_nll(logits: Tensor, images: Tensor) -> Tensor:
    """Binary cross-entropy, -log p(x|z) of Bernoulli pixels, summed over pixels.

    sum_i softplus(l_i) - x_i l_i, which is -sum_i x_i log p_i + (1 - x_i) log(1 - p_i) with p = sigmoid(l)
    (Kingma & Welling 2014, appendix C.1). For grey pixels it is not a true likelihood, and its least value is
    the entropy of the pixels, not 0.

    Args:
        logits: (N, C, H, W).
        images: (N, C, H, W) in [0, 1].

    Returns:
        (N,) nats per image.
    """
    return F.binary_cross_entropy_with_logits(logits, images, reduction="none").flatten(1).sum(1)


def gaussian_nll(means: Tensor, images: Tensor, log_variance: Tensor) -> Tensor:
    """-log p(x|z) of Gaussian pixels with one shared variance, summed over pixels.

    sum_i (x_i - m_i)^2 / (2 s^2) + log(2 pi s^2) / 2 (Rybkin, Daniilidis & Levine 2021, eq. 3, "sigma-VAE"). It is
    a density, so it may be negative.

    Args:
        means: (N, C, H, W).
        images: (N, C, H, W) in [0, 1].
        log_variance: log s^2, a scalar.

    Returns:
        (N,) nats per image.
    """
    squared = (images - means).square().flatten(1).sum(1)
    pixels = images[0].numel()
    return 0.5 * (squared * torch.exp(-log_variance) + pixels * (log_variance + math.log(2 * math.pi)))


def kl_per_dim(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) of each dimension (Kingma & Welling 2014, appendix B).

    Args:
        mean: (N, D).
        log_variance: (N, D).

    Returns:
        (N, D) nats, never negative, 0 exactly at the prior.
    """
    # expm1 keeps the value exact near the prior, where exp(v) - 1 - v would cancel.
    return 0.5 * (mean.square() + (torch.expm1(log_variance) - log_variance))


def log_normal(values: Tensor, mean: Tensor | float, log_variance: Tensor | float) -> Tensor:
    """Log N(value; mean, variance) summed over the last dimension, nats.

    Args:
        values: (..., D).
        mean: broadcasts with ``values``.
        log_variance: likewise.
    """
    log_variance = torch.as_tensor(log_variance, dtype=values.dtype, device=values.device)
    squared = (values - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squared + log_variance + math.log(2 * math.pi)).sum(-1)


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """Log of the mean importance weight: a lower bound of log p(x) that grows with K (Burda et al. 2016, eq. 8).

    Args:
        log_weights: (K, N), log p(x|z) + log p(z) - log q(z|x) for K samples z of q(z|x).

    Returns:
        (N,) nats per image; with K = 1 a one-sample estimate of the ELBO.
    """
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


def kl_weight(progress: float, beta: float, warmup: float) -> float:
    """The weight of the KL term at a point of the training: a linear rise from 0 to beta (Bowman et al. 2016).

    Args:
        progress: share of the training that is done, in [0, 1].
        beta: the final weight (Higgins et al. 2017).
        warmup: share of the training that the rise takes; 0 starts at beta.
    """
    return beta * min(1.0, progress / warmup) if warmup > 0 else beta
