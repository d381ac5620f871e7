"""Figures on the test split, as ``metrics.json`` of a checkpoint holds them.

``measure`` gives those that are quick, and is part of every training; ``examine`` adds those that take a minute:
likelihood, mutual information, what codes tell of labels, and the quality of samples.

  python -m vae_core.evaluation NAME ...        measure and examine, and print the figures beside PCA's
  python -m vae_core.evaluation NAME --save     the same, and keep them with the checkpoint
  python -m vae_core.evaluation --table         the stored figures of all shipped checkpoints
  python -m vae_core.evaluation --aims          the same beside what their recipes aim at, also into docs/recipes.md
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro

from vae_core.checkpoint import Checkpoint, find_checkpoint, save_metrics
from vae_core.config import DataConfig, ModelConfig, RunConfig, UserError
from vae_core.data import ImageSet, binarise, load_images
from vae_core.evaluation import aims, metrics
from vae_core.evaluation.classifier import open_classifier
from vae_core.evaluation.denoising import SEED, add_noise
from vae_core.evaluation.probes import measure_attributes
from vae_core.files import write_text
from vae_core.latent.distributions import fit_gaussian, standard_normal
from vae_core.latent.space import LatentSpace
from vae_core.latent.statistics import CodeStatistics
from vae_core.models import build, families
from vae_core.recipes import RECIPES, list_recipes

NEIGHBOURS = 10
SEVERAL_NEIGHBOURS = (1, 5, 10)
LIKELIHOOD_SAMPLES = 100
MOST_TRAINING_IMAGES = 10_000  # that probes learn from, so that they take seconds
AIMS_TABLE = RECIPES.parent / "docs" / "recipes.md"


def measure(folder: Path, test: ImageSet, train: ImageSet | None = None) -> dict[str, Any]:
    """Measure the stored weights of a checkpoint folder on the whole test split.

    Reconstruction and KL are means over images of sums over pixels and dimensions, in nats, with one posterior sample
    per image. MSE, PSNR, SSIM and BCE compare each image with the reconstruction of its posterior mean. A model of
    binarised pixels is measured on pixels binarised once, with seed 0; ``pixels`` says which kind they are.

    Args:
        folder: the checkpoint's.
        test: the whole test split.
        train: training images, for what needs some: ``attributes`` and ``denoising``.
    """
    space = LatentSpace.open(folder)
    figures = measure_space(space, test)
    if train is None:
        return figures
    if test.attributes is not None and train.attributes is not None:
        some = train.part(slice(MOST_TRAINING_IMAGES))
        train_codes, codes = (space.encode(images.images, images.labels) for images in (some, test))
        assert some.attributes is not None
        figures["attributes"] = measure_attributes(
            train_codes, some.attributes, codes, test.attributes, test.attribute_names
        )
    if space.run.model.noise > 0:
        figures["denoising"] = measure_denoising(space, test, train)
    return figures


def measure_denoising(space: LatentSpace, test: ImageSet, train: ImageSet) -> dict[str, float]:
    """How well a denoising model removes the noise that it was trained with from test images.

    Returns:
        ``noise``, its standard deviation, and ``seed``; mean squared errors against the clean images: ``mse`` of what
        the model makes of noisy ones, ``noisy_mse`` of these themselves, with pixels cut off at 0 and 1, and
        ``pca_mse`` of their projection on ``pca_components`` principal components of clean training images, as many
        as the code has numbers or, if there are fewer images, as they span.
    """
    deviation = space.run.model.noise
    clean = test.images.astype(np.float32) / 255
    noisy = add_noise(clean, deviation)
    labels = test.labels
    some = train.part(slice(MOST_TRAINING_IMAGES))
    baseline = principal_components(space.run.data, min(space.latent, len(some) - 1), some)
    figures = {
        "mse": metrics.mse(clean, space.reconstruct(noisy, labels)).mean(),
        "noisy_mse": metrics.mse(clean, np.clip(noisy, 0, 1)).mean(),
        "pca_mse": metrics.mse(clean, baseline.reconstruct(noisy)).mean(),
    }
    rounded = {name: float(f"{value:.6g}") for name, value in figures.items()}
    return {"noise": deviation, "seed": SEED, **rounded, "pca_components": baseline.latent}


def measure_space(space: LatentSpace, test: ImageSet) -> dict[str, Any]:
    """``measure`` for a model that is open already."""
    test = seen_by(space.run.data, test)
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
    figures = {
        "mse": metrics.mse(images, decoded).mean(),
        "psnr": metrics.psnr(images, decoded).mean(),
        "ssim": metrics.ssim(images, decoded).mean(),
        "bce": metrics.bce(images, decoded).mean() if bernoulli else None,
        "reconstruction": reconstruction.mean(dtype=np.float64),
        "kl": kl_per_dim.sum(),
        "total": reconstruction.mean(dtype=np.float64) + kl_per_dim.sum(),
        "knn_accuracy": None if test.labels is None else metrics.knn_accuracy(codes, test.labels, NEIGHBOURS),
    }
    return {
        "split": "test",
        "pixels": "binarised" if space.run.data.binarise else "grey",
        "images": len(test),
        **_rounded(figures),
        "active_units": int(statistics.active.sum()),
        "kl_per_dim": [float(f"{value:.6g}") for value in kl_per_dim],
        "code": statistics.to_metrics(),
    }


def seen_by(config: DataConfig, images: ImageSet) -> ImageSet:
    """The images as a model trained with this configuration is measured on them: binarised once if it asks for it."""
    return replace(images, images=binarise(images.images, seed=0)) if config.binarise else images


def _rounded(figures: dict[str, float | None]) -> dict[str, float | None]:
    """Six significant digits."""
    return {name: None if value is None else float(f"{value:.6g}") for name, value in figures.items()}


# --- figures that take a minute ---------------------------------------------------------------------------------


def examine(
    space: LatentSpace, test: ImageSet, train: ImageSet, *, samples: int = LIKELIHOOD_SAMPLES
) -> dict[str, Any]:
    """The figures that ``measure`` leaves out, on the test split.

    Args:
        space: the model.
        test: the whole test split.
        train: images that probes and neighbours learn from; never the test split.
        samples: draws for each image of the importance-weighted likelihood.

    Returns:
        nll: importance-weighted negative log-likelihood in nats per image, ``nll_samples`` draws each (VAEs only).
        mutual_information: nats, at most the logarithm of the number of images (VAEs only).
        collapsed_dimensions: those with less than 0.01 nats of KL; ``posterior_collapse``: whether all of them are.
        knn_accuracy_1, _5, _10, linear_probe: test codes classified by training codes (labelled images only).
        frechet_distance, precision, recall, density, coverage of as many samples as test images, in the features of
        the data set's classifier (labelled images only). Samples of a VAE are drawn from its prior, others' from a
        Gaussian fitted to the codes of ``train``.
    """
    test, train = seen_by(space.run.data, test), seen_by(space.run.data, train)
    labels = test.labels
    figures: dict[str, Any] = {}
    if space.variational:
        means, deviations = space.posterior(test.images, labels)
        kl = space.objective(test.images, labels)[1].mean(0)
        figures["nll"] = -space.log_likelihood(test.images, labels, samples=samples).mean()
        figures["mutual_information"] = metrics.mutual_information(means, deviations)
        figures = _rounded(figures) | {
            "nll_samples": samples,
            "collapsed_dimensions": int((kl < metrics.COLLAPSED).sum()),
            "posterior_collapse": bool((kl < metrics.COLLAPSED).all()),
        }
    if test.labels is None or train.labels is None:
        return figures
    train_codes = space.encode(train.images, train.labels)
    codes = space.encode(test.images, labels)
    figures |= _rounded(
        {
            **{
                f"knn_accuracy_{k}": metrics.knn_transfer(train_codes, train.labels, codes, test.labels, k)
                for k in SEVERAL_NEIGHBOURS
            },
            "linear_probe": metrics.linear_probe(train_codes, train.labels, codes, test.labels),
        }
    )
    # Without a prior, from a Gaussian fitted to codes; not to the test split's, which the samples are held against.
    prior = standard_normal(space.latent) if space.variational else fit_gaussian(train_codes)
    classes = np.random.default_rng(0).choice(train.labels, len(test)) if space.classes else None
    return figures | judge_samples(space.run.data, test, space.decode(prior.sample(len(test)), classes))


def add_figures(checkpoint: Checkpoint) -> None:
    """Keep with a checkpoint, beside the figures that it has, what ``examine`` finds.

    Raises:
        UserError: if the checkpoint cannot be used or its images are not here.
    """
    space = LatentSpace.open(checkpoint.folder)
    found = examine(space, load_images(space.run.data, "test"), training_images(space.run.data))
    save_metrics(checkpoint.folder, checkpoint.metrics | found)


def judge_samples(config: DataConfig, test: ImageSet, samples: np.ndarray) -> dict[str, float | None]:
    """Fréchet distance, precision, recall, density and coverage of samples (N, C, H, W) against test images."""
    classifier = open_classifier(config)
    real, drawn = classifier.describe(test.images), classifier.describe(samples)
    distance = metrics.frechet_distance(real, drawn)
    return _rounded({"frechet_distance": distance, **asdict(metrics.sample_quality(real, drawn))})


def training_images(config: DataConfig) -> ImageSet:
    """Up to 10,000 training images: of Fashion-MNIST the embedded ones, so that every machine takes the same.

    Raises:
        UserError: if the images are not here.
    """
    if config.name == "fashion-mnist":
        config = replace(config, name="fashion-mnist-small", validation=0)
    return load_images(config, "train").part(slice(MOST_TRAINING_IMAGES))


def principal_components(config: DataConfig, latent: int, train: ImageSet) -> LatentSpace:
    """PCA of so many numbers, fitted to training images: the baseline of every table."""
    shape: tuple[int, int, int] = train.images.shape[1:]
    model = build(ModelConfig("pca", image_shape=shape, latent=latent, likelihood="gaussian"))
    model.fit_closed_form(torch.from_numpy(seen_by(config, train).images))
    name = f"{latent}-dimensional PCA"
    run = RunConfig(data=config, model=model.config)
    return LatentSpace(model, run, Checkpoint(name, Path(name), run))


# --- the command ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A figure of the table: its name in the metrics, its heading, its digits."""

    figure: str
    heading: str
    form: str


COLUMNS = (
    Column("mse", "MSE", ".4f"),
    Column("psnr", "PSNR (dB)", ".2f"),
    Column("ssim", "SSIM", ".3f"),
    Column("bce", "BCE", ".1f"),
    Column("total", "reconstruction + KL", ".2f"),
    Column("kl", "KL", ".2f"),
    Column("nll", "importance-weighted NLL", ".2f"),
    Column("mutual_information", "mutual information", ".2f"),
    Column("active_units", "active units", "d"),
    Column("knn_accuracy_1", "1-NN", ".4f"),
    Column("knn_accuracy_5", "5-NN", ".4f"),
    Column("knn_accuracy_10", "10-NN", ".4f"),
    Column("linear_probe", "linear probe", ".4f"),
    Column("frechet_distance", "Fréchet distance", ".2f"),
    Column("precision", "precision", ".3f"),
    Column("recall", "recall", ".3f"),
    Column("density", "density", ".3f"),
    Column("coverage", "coverage", ".3f"),
)
ONLY_VARIATIONAL = frozenset({"total", "kl", "active_units"})


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """Figures as a Markdown table, a column a row's name, a row a figure; those that nobody has are left out."""
    lines = [f"| | {' | '.join(rows)} |", f"| --- |{' ---: |' * len(rows)}"]
    for column in COLUMNS:
        values = [figures.get(column.figure) for figures in rows.values()]
        if any(value is not None for value in values):
            cells = ("" if value is None else format(value, column.form) for value in values)
            lines.append(f"| {column.heading} | {' | '.join(cells)} |")
    return "\n".join(lines)


def report(checkpoint: Checkpoint, *, save: bool = False, samples: int = LIKELIHOOD_SAMPLES) -> str:
    """Measure and examine a checkpoint; its figures, PCA's at equal code size, and the floor of real images.

    Raises:
        UserError: if the checkpoint cannot be used or its images are not here.
    """
    space = LatentSpace.open(checkpoint.folder)
    config = space.run.data
    test, train = load_images(config, "test"), training_images(config)
    own = measure(checkpoint.folder, test, train) | examine(space, test, train, samples=samples)
    if save:
        save_metrics(checkpoint.folder, own)
    rows = {f"`{checkpoint.name}`": own}
    if not families.of(space.run.model).closed_form:
        baseline = principal_components(config, min(space.latent, len(train) - 1), train)
        rows[baseline.name] = measure_space(baseline, test) | examine(baseline, test, train)
    if test.labels is not None:
        # as many as there are samples of a model, as the figures depend on the size
        some = np.random.default_rng(0).permutation(len(train))[: len(test)]
        real = seen_by(config, train.part(some)).images.astype(np.float32) / 255
        rows[f"{len(real):,} real training images"] = judge_samples(config, seen_by(config, test), real)
    for figures in rows.values():
        if "mutual_information" not in figures:  # no VAE's
            figures.update(dict.fromkeys(ONLY_VARIATIONAL))
    kind = "colour" if space.image_shape[0] > 1 else own["pixels"]
    pixels = f"{kind} pixels, {own['images']:,} test images; nats per image"
    notes = [f"{pixels}; the likelihood with {own['nll_samples']} draws" if "nll" in own else pixels]
    if space.variational:
        each = ", ".join(f"z{dimension} {own['kl_per_dim'][dimension]:.2f}" for dimension in space.statistics.order)
        notes.append(f"KL of each dimension: {each}")
    if collapsed := own.get("collapsed_dimensions"):
        notes.append(f"{collapsed} of {space.latent} dimensions collapsed (KL under {metrics.COLLAPSED} nats)")
    if own.get("mutual_information", 0) > 0.95 * np.log(own["images"]):
        notes.append(f"mutual information is at its estimate's ceiling, log {own['images']:,}")
    return markdown(rows) + "\n\n" + ". ".join(note[0].upper() + note[1:] for note in notes) + "."


def table() -> str:
    """The stored figures of every shipped checkpoint as a Markdown table."""
    lines = [
        "| model | latent dimensions | MSE | PSNR (dB) | SSIM | nats per image | of which KL | kNN accuracy |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in list_recipes():
        checkpoint = find_checkpoint(name, RECIPES.parent / "checkpoints")
        stored = checkpoint.metrics
        model = checkpoint.run.model
        kl = f"{stored['kl']:.1f}" if families.of(model).variational else ""
        # Gaussian pixels have a density, whose nats lie on another scale.
        nats = (f"{stored['total']:.1f}" if kl and model.likelihood == "bernoulli" else "", kl)
        cells = (
            f"`{name}`",
            str(model.latent),
            f"{stored['mse']:.4f}",
            f"{stored['psnr']:.2f}",
            f"{stored['ssim']:.3f}",
            *nats,
            "" if stored["knn_accuracy"] is None else f"{stored['knn_accuracy']:.3f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@dataclass(frozen=True)
class Options:
    """The command line."""

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME")] = ()
    """Checkpoints to measure."""
    save: bool = False
    """Keep the figures with the checkpoint."""
    samples: int = LIKELIHOOD_SAMPLES
    """Draws for each image of the importance-weighted likelihood."""
    table: bool = False
    """Only print the stored figures of all shipped checkpoints."""
    aims: bool = False
    """Only print them beside the aims of their recipes, and write that to docs/recipes.md."""


def main(arguments: list[str]) -> int:
    """Run the command line; 2 for a user's mistake."""
    options = tyro.cli(Options, args=arguments, description=__doc__)
    if not (options.names or options.table or options.aims):
        print("error: name a checkpoint, or give --table or --aims", file=sys.stderr)
        return 2
    try:
        if options.table:
            print(table())
        if options.aims:
            print(aims.table())
            write_text(AIMS_TABLE, aims.table())
        for name in options.names:
            print(report(find_checkpoint(name), save=options.save, samples=options.samples), flush=True)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
