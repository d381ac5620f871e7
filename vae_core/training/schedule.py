"""How the learning rate and the share of augmented images change over a training."""

from __future__ import annotations

import math

from vae_core.config import TrainConfig

RISE = 0.3  # share of the training in which the learning rate rises
LOWEST_RATE = 1 / 25  # of the peak, at the start


def one_cycle(progress: float, peak: float) -> float:
    """The learning rate at a point of the training, in [0, 1]: a cosine rise to the peak, a cosine fall to 0.

    Smith & Topin 2019, "Super-convergence".
    """
    if progress < RISE:
        low = peak * LOWEST_RATE
        return low + (peak - low) * 0.5 * (1 - math.cos(math.pi * progress / RISE))
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - RISE) / (1 - RISE)))


def learning_rate(progress: float, config: TrainConfig) -> float:
    """The learning rate at a point of the training, in [0, 1]: one cycle, held where weights begin to be averaged."""
    return one_cycle(min(progress, config.average_from), config.learning_rate)


def augmented_share(progress: float, until: float) -> float:
    """The share of images that is mirrored and moved at a point of the training: all, or falling to 0 ``until``."""
    return 1.0 if until == 1 else max(0.0, 1 - progress / until)
