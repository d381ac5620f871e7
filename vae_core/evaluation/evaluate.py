"""The metrics of a model on its test split.

``evaluate`` gives those that are quick, and is part of every training; ``vae_core.evaluation.further`` adds those that
take a minute.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from vae_core.data import ImageSet
from vae_core.evaluation import metrics
from vae_core.evaluation.denoising import evaluate_denoising
from vae_core.evaluation.images import MOST_TRAINING_IMAGES, prepared
from vae_core.evaluation.probes import probe_attributes
from vae_core.evaluation.record import Metrics
from vae_core.latent.space import LatentSpace
from vae_core.latent.statistics import CodeStatistics

NEIGHBOURS = 10


def evaluate_checkpoint(folder: Path, test: ImageSet, train: ImageSet | None = None) -> Metrics:
    """Evaluate the stored weights of a checkpoint folder on the whole test split.

    Args:
        folder: the checkpoint's.
        test: the whole test split.
        train: training images, for what needs some: ``attributes`` and ``denoising``.

    Raises:
        CheckpointError: if the weights cannot be used.
    """
    space = LatentSpace.open(folder)
    record = evaluate(space, test)
    if train is None:
        return record
    some = train.part(slice(MOST_TRAINING_IMAGES))
    if test.attributes is not None and some.attributes is not None:
        train_codes, codes = (space.encode(images.images, images.labels) for images in (some, test))
        attributes = probe_attributes(train_codes, some.attributes, codes, test.attributes, test.attribute_names)
        record = replace(record, attributes=attributes)
    if space.run.model.noise > 0:
        record = replace(record, denoising=evaluate_denoising(space, test, some))
    return record


def evaluate(space: LatentSpace, test: ImageSet) -> Metrics:
    """Evaluate a model on the whole test split.

    Reconstruction and KL are means over images of sums over pixels and dimensions, in nats, with one posterior sample
    per image. MSE, PSNR, SSIM and BCE compare each image with the reconstruction of its posterior mean. A model of
    binarised pixels is evaluated on pixels binarised once, with seed 0; ``pixels`` says which kind they are.
    """
    test = prepared(space.run.data, test)
    labels = test.labels
    reconstruction, kl, codes = space.objective_and_codes(test.images, labels)
    if space.run.model.noise > 0:
        codes = space.encode(test.images, labels)  # not those of noisy images
    images = test.images.astype(np.float32) / 255
    decoded = space.decode(codes, labels)
    kl_per_dim = kl.mean(0, dtype=np.float64)
    statistics = CodeStatistics.of(
        codes.astype(np.float64), kl_per_dim if space.variational else None, test.labels, len(test.class_names)
    )
    bernoulli = space.run.model.likelihood == "bernoulli"
    return Metrics(
        split="test",
        pixels="binarised" if space.run.data.binarise else "grey",
        images=len(test),
        mse=rounded(metrics.mse(images, decoded).mean()),
        psnr=rounded(metrics.psnr(images, decoded).mean()),
        ssim=rounded(metrics.ssim(images, decoded).mean()),
        bce=rounded(metrics.bce(images, decoded).mean()) if bernoulli else None,
        reconstruction=rounded(reconstruction.mean(dtype=np.float64)),
        kl=rounded(kl_per_dim.sum()),
        total=rounded(reconstruction.mean(dtype=np.float64) + kl_per_dim.sum()),
        knn_accuracy=None if test.labels is None else rounded(metrics.knn_accuracy(codes, test.labels, NEIGHBOURS)),
        active_units=int(statistics.active.sum()),
        kl_per_dim=tuple(rounded(value) for value in kl_per_dim),
        code=statistics.to_metrics(),
    )


def rounded(value: float) -> float:
    """Six significant digits."""
    return float(f"{value:.6g}")
