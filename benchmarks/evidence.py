"""Figures of this project beside published ones: how each was obtained, and whether it holds.

Each check trains the model it needs by a recipe in benchmarks/recipes/ (kept, and resumed if it was stopped), evaluates
it on the test split, and enters its rows into docs/evidence.json, from which docs/evidence.md is written. A check whose
images are missing says so and how to get them, and leaves its rows as they were.

  python -m benchmarks.evidence                      all checks: hours, most of it training
  python -m benchmarks.evidence --only pca-64-knn    one of them
  python -m benchmarks.evidence --table              only print the last results
  python -m benchmarks.evidence --headline           the same without how each was obtained
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
import tyro

from vae_core.checkpoint import find_checkpoint, list_checkpoints
from vae_core.config import DataConfig, RunConfig, UserError
from vae_core.data import load_images
from vae_core.evaluation import metrics
from vae_core.evaluation.baseline import principal_components
from vae_core.evaluation.evaluate import evaluate_checkpoint
from vae_core.evaluation.images import prepared
from vae_core.files import cache_folder, write_text
from vae_core.latent.space import LatentSpace
from vae_core.maps.projection import embed
from vae_core.maps.quality import trustworthiness
from vae_core.maps.request import MapRequest
from vae_core.recipes import RECIPES, load_recipe
from vae_core.training import resume
from vae_core.training.fit import describe_images, fit

OWN_RECIPES = Path(__file__).with_name("recipes")
DOCS = RECIPES.parent / "docs"
SHIPPED = RECIPES.parent / "checkpoints"
FASHION = DataConfig("fashion-mnist")
FIRST_50_000 = DataConfig("fashion-mnist", validation=10_000)
MAP_NEIGHBOURS = 10  # with which PCA's published figure comes out to its fourth digit

SEEN = (
    "The models of Fashion-MNIST were chosen on held-out training images. For the 16-dimensional VAE several recipes "
    "in turn were also evaluated on the test split: 233.74, 233.50, 233.35 and 233.20 nats came before the figure "
    "above. It lies so little below this project's aim that another seed may miss it: the random posterior sample of "
    "each image alone moves it by 0.05. The best model of binarised MNIST was chosen without held-out images: epochs "
    "and importance samples were raised after 83.90 and 83.51 nats on the test split. The notes of the recipe "
    "`fashion-vae-64` give the figures of its other seeds."
)
Direction = Literal["at most", "at least", "within"]


@dataclass(frozen=True)
class Figure:
    """One row: a measured value and what it is held against."""

    check: str
    value: float
    reference: float
    direction: Direction
    measured: str
    source: str
    digits: int = 4
    tolerance: float = 0.0
    """For ``within``: how far the value may lie from the reference."""

    @property
    def holds(self) -> bool:
        """Whether the value is as good as the reference, or as near to it as it must be."""
        if self.direction == "within":
            return abs(self.value - self.reference) <= self.tolerance
        return self.value <= self.reference if self.direction == "at most" else self.value >= self.reference


@dataclass(frozen=True)
class Check:
    """Something to measure; it gives one row or more."""

    run: Callable[[Settings], list[Figure]]
    minutes: float
    """What it takes, roughly, training included: on two cores, or on as many as ``threads`` says."""
    threads: int | None = None
    """Cores to use; all by default."""


@dataclass(frozen=True)
class Settings:
    """What the command line says about all checks."""

    epochs: int | None = None
    """Train for so many epochs instead of the recipe's; such rows are not kept."""
    samples: int | None = None
    """Importance samples of the likelihoods instead of each check's own."""


def trained(name: str, settings: Settings) -> LatentSpace:
    """The model of one of our own recipes, trained now unless it was before.

    Raises:
        UserError: if its images are not here.
    """
    recipe = load_recipe(name, OWN_RECIPES).run
    if settings.epochs is not None:
        recipe = replace(recipe, train=replace(recipe.train, epochs=settings.epochs))
    train, test = load_images(recipe.data, "train"), load_images(recipe.data, "test")
    run = describe_images(recipe, train)
    folder = cache_folder("evidence") / (name if settings.epochs is None else f"{name}-{settings.epochs}-epochs")
    found = {checkpoint.name: checkpoint for checkpoint in list_checkpoints(folder.parent).usable}.get(folder.name)
    if found is None or found.run != run or len(found.history) < run.train.epochs:
        print(f"training {name}: {run.train.epochs} epochs", flush=True)
        fit(run, train, test, folder, on_epoch=_tell, overwrite=True, resume=_can_resume(run, folder))
    return LatentSpace.open(folder)


def _can_resume(run: RunConfig, folder: Path) -> bool:
    """Whether a stopped training of just this run is there."""
    try:
        return resume.unfinished_run(folder) == run
    except UserError:
        return False


def _tell(record: dict[str, Any]) -> None:
    print(f"  epoch {record['epoch']}: test {record['test']['total']:.2f} nats", flush=True)


def shipped(name: str) -> LatentSpace:
    """One of the checkpoints that come with the program."""
    return LatentSpace.open(find_checkpoint(name, SHIPPED).folder)


# --- the checks -------------------------------------------------------------------------------------------------


def neighbours(space: LatentSpace, name: str, references: tuple[float, float], source: str) -> list[Figure]:
    """Accuracy of 1 and 5 nearest neighbours: test codes among those of the first 50,000 training images."""
    train, test = load_images(FIRST_50_000, "train"), load_images(FIRST_50_000, "test")
    train_codes, codes = space.encode(train.images), space.encode(test.images)
    how = "test codes among the codes of the first 50,000 training images; posterior means, Euclidean"
    if space.run.model.beta != 1 and space.variational:
        how += f"; KL weight {space.run.model.beta:g}, chosen on the 10,000 training images held out"
    if space.run.train.shift:
        how += f", as was shifting training images by up to {space.run.train.shift} pixel"
    return [
        Figure(
            f"64-dimensional {name}, Fashion-MNIST: {k}-NN accuracy",
            metrics.knn_transfer(train_codes, train.labels, codes, test.labels, k),  # type: ignore[arg-type]
            reference,
            "within" if name == "PCA" else "at least",
            how,
            source,
            tolerance=0.002,
        )
        for k, reference in zip((1, 5), references, strict=True)
    ]


def pca_neighbours(settings: Settings) -> list[Figure]:
    """The linear baseline, which any correct protocol must reproduce."""
    space = principal_components(FIRST_50_000, 64, load_images(FIRST_50_000, "train"))
    return neighbours(space, "PCA", (0.8398, 0.8568), "pythae's benchmark protocol")


def vae_neighbours(settings: Settings) -> list[Figure]:
    """Codes of the variational autoencoder."""
    return neighbours(trained("fashion-vae-64", settings), "VAE", (0.8747, 0.8830), "published, same protocol")


def cae_neighbours(settings: Settings) -> list[Figure]:
    """Codes of the deterministic autoencoder."""
    return neighbours(trained("fashion-cae-64", settings), "CAE", (0.8671, 0.8756), "published, same protocol")


def two_dimensions(settings: Settings) -> list[Figure]:
    """Reconstruction from two-dimensional codes."""
    test = load_images(FASHION, "test")
    images = test.images.astype(np.float32) / 255
    spaces = {
        "CAE": (shipped("fashion-cae-2"), 0.0244, "at most"),
        "VAE": (shipped("fashion-vae-2"), 0.0253, "at most"),
        "PCA": (principal_components(FASHION, 2, load_images(FASHION, "train")), 0.0461, "within"),
    }
    return [
        Figure(
            f"2-dimensional {name}, Fashion-MNIST: mean-code MSE",
            float(metrics.mse(images, space.reconstruct(test.images)).mean()),
            reference,
            direction,  # type: ignore[arg-type]
            "whole test split; PCA clipped to [0, 1]" if name == "PCA" else "whole test split, shipped checkpoint",
            "published",
            tolerance=0.0005,
        )
        for name, (space, reference, direction) in spaces.items()
    ]


def maps_of_pixels(settings: Settings) -> list[Figure]:
    """How far maps of the raw pixels can be trusted."""
    pixels = load_images(FASHION, "test").images.reshape(-1, 28 * 28) / np.float32(255)
    references: dict[str, tuple[float, Direction]] = {
        "pca": (0.9126, "within"),
        "tsne": (0.9906, "within"),
        "umap": (0.9777, "within"),
    }
    rows = []
    for method, (reference, direction) in references.items():
        coordinates = embed(pixels, MapRequest("pixels", "", method, len(pixels)))  # type: ignore[arg-type]
        rows.append(
            Figure(
                f"{method} map of Fashion-MNIST's pixels, 2-D: trustworthiness",
                trustworthiness(pixels, coordinates, MAP_NEIGHBOURS),
                reference,
                direction,
                f"10,000 test images, {MAP_NEIGHBOURS} neighbours, the app's own settings",
                "published",
                tolerance=0.01,
            )
        )
    return rows


def likelihood(name: str, label: str, reference: float, samples: int, settings: Settings, source: str) -> list[Figure]:
    """Importance-weighted NLL of binarised MNIST on the whole test split."""
    space = trained(name, settings)
    test = prepared(space.run.data, load_images(space.run.data, "test"))
    draws = settings.samples or samples
    nll = -space.log_likelihood(test.images, samples=draws)
    error = nll.std(ddof=1) / np.sqrt(len(nll))
    bound = space.run.model.importance_samples
    how = (
        f"whole test split, binarised once (seed 0), {draws:,} importance samples, ± {error:.2f} over images; "
        f"{space.run.train.epochs} epochs by the {'ELBO' if bound == 1 else f'importance-weighted bound, k = {bound}'}"
    )
    return [Figure(label, float(nll.mean()), reference, "at most", how, source, digits=2)]


def binarised_mlp(settings: Settings) -> list[Figure]:
    """The network of the importance-weighted autoencoder paper, trained by the ELBO."""
    label = "Dynamically binarised MNIST, one layer of 50, MLP 200-200: NLL"
    source = "Burda et al. 2016, table 1, VAE with k = 1, full schedule"
    return likelihood("mnist-binarised-mlp-50", label, 86.76, 5000, settings, source)


def binarised_best(settings: Settings) -> list[Figure]:
    """Our best convolutional network."""
    label = "Dynamically binarised MNIST, our best network, latent 32: NLL"
    rows = likelihood("mnist-binarised-32", label, 84.45, 1000, settings, "published, same family")
    return [*rows, replace(rows[0], reference=83.5, source="this project's own aim")]


def grey_mnist(settings: Settings) -> list[Figure]:
    """The network of a thousand tutorials."""
    space = trained("mnist-mlp-20", settings)
    figures = evaluate_checkpoint(cache_folder("evidence") / space.name, load_images(space.run.data, "test")).to_json()
    label = "MNIST, grey, 400-20 MLP VAE after 10 epochs: test BCE + KL"
    how = "whole test split, one posterior sample an image"
    return [Figure(label, figures["total"], 105.6, "at most", how, "PyTorch's VAE example, about", digits=2)]


def grey_fashion(settings: Settings) -> list[Figure]:
    """The shipped 16-dimensional pair."""
    test = load_images(FASHION, "test")
    vae = evaluate_checkpoint(SHIPPED / "fashion-vae-16", test).to_json()
    cae = evaluate_checkpoint(SHIPPED / "fashion-cae-16", test).to_json()
    how = "whole test split, shipped checkpoint"
    return [
        Figure(
            "16-dimensional VAE, Fashion-MNIST, grey: test BCE + KL",
            vae["total"],
            242.3,
            "at most",
            how,
            "a published 20-dimensional MLP VAE",
            digits=2,
        ),
        Figure(
            "16-dimensional VAE, Fashion-MNIST, grey: test BCE + KL",
            vae["total"],
            233.0,
            "at most",
            how,
            "this project's own aim",
            digits=2,
        ),
        Figure(
            "16-dimensional VAE, Fashion-MNIST: mean-code MSE",
            vae["mse"],
            0.0105,
            "at most",
            how,
            "this project's own aim",
        ),
        Figure(
            "16-dimensional CAE, Fashion-MNIST: mean-code MSE",
            cae["mse"],
            0.0085,
            "at most",
            how,
            "this project's own aim",
        ),
    ]


CHECKS = {
    "pca-64-knn": Check(pca_neighbours, 1),
    "vae-64-knn": Check(vae_neighbours, 10),
    "cae-64-knn": Check(cae_neighbours, 10),
    "two-dimensions": Check(two_dimensions, 1),
    "maps": Check(maps_of_pixels, 3),
    "binarised-mlp": Check(binarised_mlp, 60, threads=1),  # a second core hardly helps matrices so small
    "grey-mnist": Check(grey_mnist, 1),
    "binarised-best": Check(binarised_best, 60),
    "grey-fashion": Check(grey_fashion, 1),
}


# --- the table --------------------------------------------------------------------------------------------------


def stored() -> dict[str, Any]:
    """What was measured last: for each check its rows, the day and the minutes."""
    path = DOCS / "evidence.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(name: str, rows: list[Figure], minutes: float, processor_minutes: float) -> None:
    """Enter a check's rows, and write the table anew."""
    entry = {
        "rows": [asdict(row) for row in rows],
        "day": date.today().isoformat(),
        "minutes": round(minutes, 1),
        "processor_minutes": round(processor_minutes, 1),
    }
    found = stored() | {name: entry}
    write_text(DOCS / "evidence.json", json.dumps({key: found[key] for key in CHECKS if key in found}, indent=1) + "\n")
    write_text(DOCS / "evidence.md", document())


def table(missing: dict[str, str] | None = None) -> str:
    """The rows measured last, as Markdown.

    Args:
        missing: by check, why it could not be measured this time; its rows say so.
    """
    lines = ["| check | ours | reference | holds | how it was obtained |", "| --- | ---: | ---: | --- | --- |"]
    for name, entry in stored().items():
        for fields in entry["rows"]:
            row = Figure(**fields)
            against = f"± {row.tolerance:g}" if row.direction == "within" else row.direction
            reference = f"{row.reference:.{row.digits}f} ({against}; {row.source})"
            how = f"{row.measured}; `--only {name}`, {entry['day']}, {entry['minutes']:g} min"
            if "processor_minutes" in entry:
                how += f" ({entry['processor_minutes']:g} min of processor time)"
            if CHECKS[name].threads:
                how += f" on {CHECKS[name].threads} core"
            if missing and name in missing:
                how += f"; **not measured anew**: {missing[name]}"
            holds = "yes" if row.holds else "**no**"
            lines.append(f"| {row.check} | {row.value:.{row.digits}f} | {reference} | {holds} | {how} |")
    return "\n".join(lines)


def headline() -> str:
    """The same rows without how they were obtained: the first table of docs/evidence.md."""
    lines = ["| check | ours | reference | holds |", "| --- | ---: | --- | --- |"]
    for entry in stored().values():
        for fields in entry["rows"]:
            row = Figure(**fields)
            against = f"within {row.tolerance:g} of" if row.direction == "within" else row.direction
            reference = f"{against} {row.reference:.{row.digits}f} ({row.source})"
            lines.append(
                f"| {row.check} | {row.value:.{row.digits}f} | {reference} | {'yes' if row.holds else '**no**'} |"
            )
    return "\n".join(lines)


def document() -> str:
    """docs/evidence.md."""
    return (
        "# Evidence: are the figures right?\n\n"
        "`make evidence` (or `python -m benchmarks.evidence`) compares this project's figures with published ones, "
        'each by the protocol of its source. It takes hours, most of them training; `make evidence CHECKS="maps"` '
        "runs a single check. Whatever does not hold is listed as well. This prints the last results:\n\n"
        "```sh\npython -m benchmarks.evidence --headline\n```\n\n" + headline() + "\n\n"
        "A single training run is a single sample: with seeds 0, 1 and 2 the codes of the 64-dimensional VAE reached "
        "0.8739, 0.8683 and 0.8690 (1-NN) and 0.8859, 0.8805 and 0.8810 (5-NN). A row that holds or fails by a "
        "thousandth therefore says little. The table shows seed 0, as everywhere.\n\n"
        "## How each figure was obtained\n\n"
        "All figures come from test splits that no training run has seen. Nats are per image, summed over pixels and "
        "dimensions; pixels lie in [0, 1]. The option after `--only` repeats a row. Minutes are wall-clock time of the "
        "last run on two cores, without models that had been trained before; processor time is summed over the cores. "
        'A reference called just "published" reached this project as a figure only; its source could not be '
        "traced.\n\n" + table() + "\n\n## How often the test splits were used\n\n" + SEEN + "\n"
    )


def main(
    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="CHECK ...")] = (),
    epochs: int | None = None,
    samples: int | None = None,
    table_only: Annotated[bool, tyro.conf.arg(name="table")] = False,
    headline_only: Annotated[bool, tyro.conf.arg(name="headline")] = False,
) -> int:
    """Measure and print.

    Args:
        only: the checks to make; all if none is named.
        epochs: train for so many epochs only, to see that everything runs; nothing is kept.
        samples: importance samples of the likelihoods instead of each check's own; nothing is kept.
        table_only: only print the last results.
        headline_only: the same without how each was obtained.
    """
    if unknown := set(only) - CHECKS.keys():
        print(f"error: there is no check {', '.join(sorted(unknown))}; choose of {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    missing: dict[str, str] = {}
    all_threads = torch.get_num_threads()
    for name in () if table_only or headline_only else only or CHECKS:
        cores = "one core" if CHECKS[name].threads == 1 else "two cores"
        print(f"{name}, about {CHECKS[name].minutes:g} min on {cores}", flush=True)
        start, processor_start = time.perf_counter(), time.process_time()
        torch.set_num_threads(CHECKS[name].threads or all_threads)
        try:
            rows = CHECKS[name].run(Settings(epochs, samples))
        except UserError as error:
            missing[name] = str(error)
            print(f"  not measured: {error}", flush=True)
            continue
        finally:
            torch.set_num_threads(all_threads)
        for row in rows:
            print(f"  {row.check}: {row.value:.{row.digits}f}", flush=True)
        if epochs is None and samples is None:
            spent = time.perf_counter() - start, time.process_time() - processor_start
            keep(name, rows, *(seconds / 60 for seconds in spent))
    print(headline() if headline_only else table(missing))
    return 0


if __name__ == "__main__":
    sys.exit(tyro.cli(main, description=__doc__))
