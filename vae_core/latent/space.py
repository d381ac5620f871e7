"""A trained model as people use it: numpy in, numpy out, read-only, safe to share between threads."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from vae_core.checkpoint import WEIGHTS, Checkpoint, find_checkpoint, load_model, read_run
from vae_core.config import RunConfig, UserError
from vae_core.export.browser import PackedDecoder, pack
from vae_core.latent import paths
from vae_core.latent.directions import AttributeDirections
from vae_core.latent.statistics import CodeStatistics
from vae_core.linalg import covariance_root
from vae_core.models import Autoencoder, losses

BATCH = 500
MOST_DIRECTIONS = 256  # principal directions that travel to a browser
IMAGES_A_PART, SAMPLES_A_PART = 50, 40
"""Images, and codes of each, decoded at once for an importance-weighted likelihood: what a processor's cache holds."""


class LatentSpace:
    """Encode and decode with one checkpoint, and move around in its latent space.

    Codes are float32 (N, latent). Images go in as uint8, or as float32 in [0, 1], and come out as float32 in [0, 1],
    always (N, C, H, W). A conditional model takes labels (N,); any other model ignores them.
    """

    def __init__(self, model: Autoencoder, run: RunConfig, checkpoint: Checkpoint) -> None:
        self.run = run
        self.name = checkpoint.name
        self.latent, self.image_shape = run.model.latent, run.model.image_shape
        self.classes, self.variational = run.model.classes, model.variational
        self.statistics = CodeStatistics.from_metrics(checkpoint.metrics, self.latent, self.variational)
        # Convolutions of many images are a sixth faster so.
        self._model = model.to(memory_format=torch.channels_last)
        self._checkpoint = checkpoint

    @cached_property
    def directions(self) -> AttributeDirections:
        """The directions of the attributes that codes tell; known without the images, from the stored metrics."""
        return AttributeDirections.from_metrics(self._checkpoint.metrics, self.statistics.covariance)

    @property
    def digest(self) -> str:
        """The checkpoint's; see ``Checkpoint.digest``."""
        return self._checkpoint.digest

    @classmethod
    def open(cls, checkpoint: str | Path) -> LatentSpace:
        """Open a checkpoint by its name in the checkpoints folder, or by the path of its folder.

        Raises:
            CheckpointError: if there is none, or it cannot be used.
        """
        if isinstance(checkpoint, str):
            opened = find_checkpoint(checkpoint)
        else:
            opened = Checkpoint(checkpoint.name, checkpoint, read_run(checkpoint / WEIGHTS))
        model, run = load_model(opened.folder)
        return cls(model, run, opened)

    def packed(self) -> PackedDecoder:
        """The decoder for the browser's engine, and beside it what the live view needs to know about the codes.

        Raises:
            Unsupported: if a layer cannot run there.
        """
        statistics = self.statistics
        principal = statistics.principal[:MOST_DIRECTIONS]
        variance = (principal**2).sum(1)
        extras = {
            "mean": statistics.mean,
            "centre": statistics.centre,
            "ranges": statistics.ranges,
            "score": statistics.score,
            "order": statistics.order,
            "active": statistics.active,
            "principal": principal,
            "principal_share": variance / max(float(np.trace(statistics.covariance)), np.finfo(float).tiny),
        }
        if self.directions.names:
            extras["attributes"] = self.directions.rows
        return pack(self._model, extras=extras)

    # --- between images and codes -----------------------------------------------------------------------------

    def encode(self, images: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Posterior means (N, latent) of images (N, C, H, W)."""
        return self.posterior(images, labels)[0]

    @torch.inference_mode()
    def posterior(self, images: np.ndarray, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Posterior means and standard deviations, each (N, latent); the latter are 0 for a deterministic model."""
        means, deviations = [], []
        self._check_images(images)
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            posterior = self._model.encode(_as_pixels(images[part]), self._labels(labels, part, len(images)))
            means.append(posterior.mode())
            log_variance = posterior.log_variance
            deviations.append(torch.zeros_like(means[-1]) if log_variance is None else torch.exp(0.5 * log_variance))
        return _stack(means, (0, self.latent)), _stack(deviations, (0, self.latent))

    @torch.inference_mode()
    def decode(self, codes: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """The pixels' means (N, C, H, W) in [0, 1] for codes (N, latent)."""
        if codes.ndim != 2 or codes.shape[1] != self.latent:
            raise UserError(f"codes have the shape {codes.shape}; {self.name} takes (N, {self.latent})")
        images = []
        for start in range(0, len(codes), BATCH):
            part = slice(start, start + BATCH)
            batch = torch.from_numpy(np.ascontiguousarray(codes[part], np.float32))
            output = self._model.decode(batch, self._labels(labels, part, len(codes)))
            images.append(self._model.to_images(output))
        return _stack(images, (0, *self.image_shape))

    def reconstruct(self, images: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
        """Images (N, C, H, W) through the encoder's mean and back, in [0, 1]."""
        return self.decode(self.encode(images, labels), labels)

    def objective(
        self, images: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray]:
        """The two parts of the negative ELBO with one posterior sample per image, in nats.

        Returns:
            Reconstruction (N,), summed over pixels; KL (N, latent). A denoising model gets noisy input.
        """
        return self.objective_and_codes(images, labels, seed=seed)[:2]

    @torch.inference_mode()
    def objective_and_codes(
        self, images: np.ndarray, labels: np.ndarray | None = None, *, seed: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``objective``, and the posterior means (N, latent) of the images that the encoder was given."""
        generator = torch.Generator().manual_seed(seed)
        reconstruction, kl, means = [], [], []
        for start in range(0, len(images), BATCH):
            part = slice(start, start + BATCH)
            pixels, given = _as_pixels(images[part]), self._labels(labels, part, len(images))
            noise = self.run.model.noise
            inputs = pixels + noise * torch.randn(pixels.shape, generator=generator) if noise > 0 else pixels
            posterior = self._model.encode(inputs, given)
            output = self._model.decode(posterior.sample(generator), given)
            reconstruction.append(self._model.pixel_nll(output, pixels))
            kl.append(posterior.kl_per_dim())
            means.append(posterior.mode())
        return _stack(reconstruction, (0,)), _stack(kl, (0, self.latent)), _stack(means, (0, self.latent))

    @torch.inference_mode()
    def log_likelihood(
        self, images: np.ndarray, labels: np.ndarray | None = None, *, samples: int = 500, seed: int = 0
    ) -> np.ndarray:
        """Estimate log p(x) of images by importance sampling from the posterior, (N,) nats.

        log of the mean of p(x|z) p(z) / q(z|x) over samples of z from q(z|x) (Burda et al. 2016, eq. 8): too low on
        average, and less so with more samples. Memory grows neither with the images nor with the samples. With
        Bernoulli pixels it is a likelihood only for black and white images; for grey ones it shares the scale of
        BCE + KL and no more.

        Raises:
            UserError: if the model is not variational, so that it has no likelihood.
        """
        if not self.variational:
            raise UserError(f"{self.name} is not variational; it has no likelihood")
        self._check_images(images)
        generator = torch.Generator().manual_seed(seed)
        estimates = []
        # A bar for what takes minutes; tqdm hides it where the output is no terminal, and at once when it is quick.
        starts = tqdm(range(0, len(images), IMAGES_A_PART), "Likelihood", leave=False, disable=None, delay=5)
        for start in starts:
            part = slice(start, start + IMAGES_A_PART)
            pixels, given = _as_pixels(images[part]), self._labels(labels, part, len(images))
            posterior = self._model.encode(pixels, given)
            total = torch.full((len(pixels),), -torch.inf, dtype=torch.float64)
            for first in range(0, samples, SAMPLES_A_PART):
                repeats = min(SAMPLES_A_PART, samples - first)
                codes = posterior.samples(repeats, generator)
                output = self._model.decode(codes.flatten(0, 1), None if given is None else given.repeat(repeats))
                repeated = pixels.expand(repeats, *pixels.shape).flatten(0, 1)
                log_weights = losses.log_normal(codes, 0.0, 0.0) - posterior.log_density(codes)
                log_weights -= self._model.pixel_nll(output, repeated).unflatten(0, (repeats, -1))
                total = torch.logaddexp(total, torch.logsumexp(log_weights.double(), 0))
            estimates.append(total - np.log(samples))
        return _stack(estimates, (0,))

    @torch.inference_mode()
    def prototypes(self) -> list[tuple[str, np.ndarray, list[str]]]:
        """Codes that the model itself holds, such as a codebook's entries; none for most families.

        Returns:
            Rows of a title, codes (N, latent), and a name for each.
        """
        return [(row.title, row.codes.numpy(), row.names) for row in self._model.prototypes()]

    # --- traversals, paths, samples ---------------------------------------------------------------------------

    def traverse(self, code: np.ndarray, dimension: int, values: np.ndarray, label: int | None = None) -> np.ndarray:
        """Images (len(values), C, H, W) as one dimension of a code (latent,) takes each value."""
        codes = np.repeat(np.asarray(code, np.float32)[None], len(values), 0)
        codes[:, dimension] = values
        return self.decode(codes, self._repeat(label, len(codes)))

    def interpolate(
        self, a: np.ndarray, b: np.ndarray, steps: int, kind: str = "linear", label: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Codes (steps, latent) from a to b, both ends included, and their images.

        ``kind`` is linear or spherical; see ``vae_core.latent.paths``.
        """
        codes = paths.path(a, b, steps, kind).astype(np.float32)
        return codes, self.decode(codes, self._repeat(label, steps))

    def sample(self, count: int, temperature: float = 1.0, seed: int = 0) -> np.ndarray:
        """Codes (count, latent) sampled from the prior N(0, temperature^2 I).

        A deterministic model has no prior; its codes come from a Gaussian fitted to the test split's codes, with its
        covariance scaled by temperature^2.
        """
        noise = np.random.default_rng(seed).standard_normal((count, self.latent)) * temperature
        if not self.variational:
            noise = self.statistics.mean + noise @ covariance_root(self.statistics.covariance).T
        return noise.astype(np.float32)

    def typicality(self, codes: np.ndarray) -> np.ndarray:
        """The share of the prior's mass nearer its centre than each code (N, latent): 0 at the centre, 1 far out.

        The squared norm of a sample from N(0, I) is chi-square distributed with as many degrees of freedom as
        dimensions. For a deterministic model the Gaussian fitted to the test split's codes takes the prior's place
        (squared Mahalanobis distance).
        """
        from scipy.stats import chi2

        centred = np.asarray(codes, float)
        if not self.variational:
            whitening = np.linalg.pinv(covariance_root(self.statistics.covariance), rcond=1e-6)
            centred = (centred - self.statistics.mean) @ whitening.T
        return chi2.cdf((centred**2).sum(-1), self.latent)

    # --- helpers ----------------------------------------------------------------------------------------------

    def _check_images(self, images: np.ndarray) -> None:
        if images.ndim != 4 or images.shape[1:] != tuple(self.image_shape):
            raise UserError(
                f"images have the shape {images.shape}; {self.name} takes (N, {', '.join(map(str, self.image_shape))})"
            )

    def _labels(self, labels: np.ndarray | None, part: slice, count: int) -> Tensor | None:
        """The part of the labels that a conditional model needs; None for any other model."""
        if not self.classes:
            return None
        if labels is None or len(labels) != count:
            raise UserError(f"{self.name} is conditional: give one label for each of {count} images or codes")
        given = np.asarray(labels[part], np.int64)
        if given.size and not (given.min() >= 0 and given.max() < self.classes):
            raise UserError(f"labels for {self.name} lie between 0 and {self.classes - 1}")
        return torch.from_numpy(given)

    def _repeat(self, label: int | None, count: int) -> np.ndarray | None:
        return None if label is None else np.full(count, label)


def use_threads(count: int) -> None:
    """How many processor cores a model may use; one is quickest for single images, all for training."""
    torch.set_num_threads(count)


def _as_pixels(images: np.ndarray) -> Tensor:
    """uint8 or float images as float32 in [0, 1]."""
    tensor = torch.from_numpy(np.array(images))  # a copy: torch warns about arrays that are read-only
    return tensor.float().div_(255) if images.dtype == np.uint8 else tensor.float()


def _stack(parts: list[Tensor], empty: tuple[int, ...]) -> np.ndarray:
    return torch.cat(parts).numpy() if parts else np.zeros(empty, np.float32)
