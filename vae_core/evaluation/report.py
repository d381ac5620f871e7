"""Metrics as Markdown: of one model beside PCA's, and of all shipped checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from vae_core.checkpoint import Checkpoint, find_checkpoint, save_metrics
from vae_core.data import load_images
from vae_core.evaluation import metrics
from vae_core.evaluation.baseline import principal_components
from vae_core.evaluation.evaluate import evaluate, evaluate_checkpoint
from vae_core.evaluation.further import LIKELIHOOD_SAMPLES, evaluate_further, evaluate_samples
from vae_core.evaluation.images import prepared, training_images
from vae_core.evaluation.record import FIGURES, Metrics
from vae_core.latent.space import LatentSpace
from vae_core.models import families
from vae_core.recipes import RECIPES, list_recipes

REPORTED = (
    "mse",
    "psnr",
    "ssim",
    "bce",
    "total",
    "kl",
    "nll",
    "mutual_information",
    "active_units",
    "knn_accuracy_1",
    "knn_accuracy_5",
    "knn_accuracy_10",
    "linear_probe",
    "frechet_distance",
    "precision",
    "recall",
    "density",
    "coverage",
)
TABULATED = ("mse", "psnr", "ssim", "total", "kl", "knn_accuracy")
CEILING = 0.95  # of the logarithm of the number of images: an estimate of the mutual information near it is too low


def cell(name: str, value: float | None) -> str:
    """A figure's value in a table; nothing for None."""
    return "" if value is None else FIGURES[name].text(value, unit=False)


def line(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


def markdown(columns: dict[str, dict[str, float | None]]) -> str:
    """Figures as a Markdown table, a row each; those that no column has are left out.

    Args:
        columns: figures by name, by the column's heading.
    """
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name in REPORTED:
        values = [figures[name] for figures in columns.values()]
        if any(value is not None for value in values):
            lines.append(line([FIGURES[name].title, *(cell(name, value) for value in values)]))
    return "\n".join(lines)


def report(checkpoint: Checkpoint, *, save: bool = False, samples: int = LIKELIHOOD_SAMPLES) -> str:
    """Evaluate a checkpoint; its figures, PCA's at equal code size, and the floor of real images.

    Args:
        checkpoint: what to evaluate.
        save: store the metrics with it.
        samples: posterior samples of each image for the importance-weighted likelihood.

    Raises:
        UserError: if the checkpoint cannot be used or its images are not here.
    """
    space = LatentSpace.open(checkpoint.folder)
    config = space.run.data
    test, train = load_images(config, "test"), training_images(config)
    own = evaluate_checkpoint(checkpoint.folder, test, train).updated(
        evaluate_further(space, test, train, samples=samples)
    )
    if save:
        save_metrics(checkpoint.folder, own)
    columns = {f"`{checkpoint.name}`": _figures(own, variational=space.variational)}
    if not families.of(space.run.model).closed_form:
        baseline = principal_components(config, min(space.latent, len(train) - 1), train)
        record = evaluate(baseline, test).updated(evaluate_further(baseline, test, train))
        columns[baseline.name] = _figures(record, variational=False)
    if test.labels is not None:
        # as many as there are samples of a model, as the figures depend on the size
        some = np.random.default_rng(0).permutation(len(train))[: len(test)]
        real = prepared(config, train.part(some)).images.astype(np.float32) / 255
        floor = evaluate_samples(config, prepared(config, test), real)
        columns[f"{len(real):,} real training images"] = _figures(floor, variational=False)
    return f"{markdown(columns)}\n\n{'. '.join(_notes(space, own))}."


def _figures(record: Metrics, *, variational: bool) -> dict[str, float | None]:
    """What a model has, Gaussian pixels' nats included, as no other kind of pixels stands beside them."""
    return {
        name: getattr(record, name) if variational or not figure.variational else None
        for name, figure in FIGURES.items()
    }


def _notes(space: LatentSpace, own: Metrics) -> list[str]:
    """Sentences below a model's report."""
    images = own.images or 0
    kind = "colour" if space.image_shape[0] > 1 else own.pixels or ""
    draws = f"; the likelihood with {own.nll_samples} samples" if own.nll_samples else ""
    notes = [f"{kind.capitalize()} pixels, {images:,} test images; nats per image{draws}"]
    if space.variational and own.kl_per_dim:
        each = ", ".join(f"z{dimension} {own.kl_per_dim[dimension]:.2f}" for dimension in space.statistics.order)
        notes.append(f"KL of each dimension: {each}")
    if own.collapsed_dimensions:
        notes.append(
            f"{own.collapsed_dimensions} of {space.latent} dimensions collapsed (KL under {metrics.COLLAPSED} nats)"
        )
    if own.mutual_information and own.mutual_information > CEILING * np.log(images):
        notes.append(f"Mutual information is at its estimate's ceiling, log {images:,}")
    return notes


def table() -> str:
    """The stored figures of every shipped checkpoint as a Markdown table."""
    headings = ["model", "latent dimensions", *(FIGURES[name].title for name in TABULATED)]
    lines = [line(headings), line("---" for _ in headings)]
    for name in list_recipes():
        checkpoint = find_checkpoint(name, RECIPES.parent / "checkpoints")
        model = checkpoint.run.model
        figures = checkpoint.metrics.figures(variational=families.of(model).variational)
        cells = (cell(figure, figures[figure]) for figure in TABULATED)
        lines.append(line([f"`{name}`", str(model.latent), *cells]))
    return "\n".join(lines)
