"""Metrics that take a minute: likelihood, mutual information, what codes know of labels, and the quality of samples."""

from __future__ import annotations

import numpy as np

from vae_core.checkpoint import Checkpoint, save_metrics
from vae_core.config import DataConfig
from vae_core.data import ImageSet, load_images
from vae_core.evaluation import metrics
from vae_core.evaluation.classifier import open_classifier
from vae_core.evaluation.evaluate import rounded
from vae_core.evaluation.images import prepared, training_images
from vae_core.evaluation.record import Metrics
from vae_core.latent.distributions import fit_gaussian, standard_normal
from vae_core.latent.space import LatentSpace

LIKELIHOOD_SAMPLES = 100


def evaluate_further(
    space: LatentSpace, test: ImageSet, train: ImageSet, *, samples: int = LIKELIHOOD_SAMPLES
) -> Metrics:
    """The metrics that ``evaluate`` leaves out, on the test split.

    ``nll``, ``mutual_information`` and the collapsed dimensions (those with less than 0.01 nats of KL) are only of
    variational models. The figures of nearest neighbours, the linear probe and the quality of samples need labels. As
    many samples as test images are compared with them in the features of the data set's classifier; those of a
    variational model come from its prior, others' from a Gaussian fitted to the codes of ``train``.

    Args:
        space: the model.
        test: the whole test split.
        train: images that probes and neighbours learn from; never the test split.
        samples: posterior samples of each image for the importance-weighted likelihood.
    """
    test, train = prepared(space.run.data, test), prepared(space.run.data, train)
    record = _variational(space, test, samples) if space.variational else Metrics()
    if test.labels is None or train.labels is None:
        return record
    train_codes = space.encode(train.images, train.labels)
    codes = space.encode(test.images, test.labels)
    sets = (train_codes, train.labels, codes, test.labels)
    classified = Metrics(
        knn_accuracy_1=rounded(metrics.knn_transfer(*sets, 1)),
        knn_accuracy_5=rounded(metrics.knn_transfer(*sets, 5)),
        knn_accuracy_10=rounded(metrics.knn_transfer(*sets, 10)),
        linear_probe=rounded(metrics.linear_probe(*sets)),
    )
    # Without a prior, from a Gaussian fitted to codes; not to the test split's, which the samples are compared with.
    prior = standard_normal(space.latent) if space.variational else fit_gaussian(train_codes)
    classes = np.random.default_rng(0).choice(train.labels, len(test)) if space.classes else None
    sampled = space.decode(prior.sample(len(test)), classes)
    return record.updated(classified).updated(evaluate_samples(space.run.data, test, sampled))


def _variational(space: LatentSpace, test: ImageSet, samples: int) -> Metrics:
    """Likelihood, mutual information and collapse of a variational model."""
    labels = test.labels
    means, deviations = space.posterior(test.images, labels)
    collapsed = space.objective(test.images, labels)[1].mean(0) < metrics.COLLAPSED
    return Metrics(
        nll=rounded(-space.log_likelihood(test.images, labels, samples=samples).mean()),
        mutual_information=rounded(metrics.mutual_information(means, deviations)),
        nll_samples=samples,
        collapsed_dimensions=int(collapsed.sum()),
        posterior_collapse=bool(collapsed.all()),
    )


def evaluate_samples(config: DataConfig, test: ImageSet, samples: np.ndarray) -> Metrics:
    """Fréchet distance, precision, recall, density and coverage of samples (N, C, H, W) against test images."""
    classifier = open_classifier(config)
    real, sampled = classifier.describe(test.images), classifier.describe(samples)
    quality = metrics.sample_quality(real, sampled)
    return Metrics(
        frechet_distance=rounded(metrics.frechet_distance(real, sampled)),
        precision=rounded(quality.precision),
        recall=rounded(quality.recall),
        density=rounded(quality.density),
        coverage=rounded(quality.coverage),
    )


def add_further_metrics(checkpoint: Checkpoint) -> None:
    """Store with a checkpoint, beside the metrics that it has, those of ``evaluate_further``.

    Raises:
        UserError: if the checkpoint cannot be used or its images are not here.
    """
    space = LatentSpace.open(checkpoint.folder)
    further = evaluate_further(space, load_images(space.run.data, "test"), training_images(space.run.data))
    save_metrics(checkpoint.folder, checkpoint.metrics.updated(further))
