"""The checkpoints that come with the project: each has a recipe, was made by it, and is as good as it says."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from vae_core import maps
from vae_core.checkpoint import Checkpoint, find_checkpoint, list_checkpoints
from vae_core.config import RunConfig
from vae_core.data import DataMissingError, ImageSet, load_images
from vae_core.evaluation import aims, metrics
from vae_core.evaluation.evaluate import evaluate_checkpoint
from vae_core.latent.space import LatentSpace
from vae_core.maps.making import MOST_POINTS, grid
from vae_core.maps.quality import VOTERS, shepard, trustworthiness
from vae_core.maps.request import MapRequest, usual_request
from vae_core.recipes import RECIPES, list_recipes, load_recipe

DATA_ROOT = Path(os.environ["LATENT_DATA"]) if "LATENT_DATA" in os.environ else None  # before the tests hide it
SHIPPED = {name: RECIPES.parent / "checkpoints" / name for name in list_recipes()}
FEWEST_TO_TRUST = 100  # whose trustworthiness is worth a word


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> Checkpoint:
    """Each shipped checkpoint in turn."""
    folder = SHIPPED[request.param].parent
    return next(found for found in list_checkpoints(folder).usable if found.name == request.param)


def images_of(run: RunConfig) -> ImageSet:
    """The test split that a model was measured on; skips where it neither comes with the program nor was fetched."""
    try:
        return load_images(run.data, "test", root=DATA_ROOT)
    except DataMissingError as error:
        pytest.skip(str(error))


@lru_cache(maxsize=1)
def encoded(folder: Path) -> tuple[LatentSpace, ImageSet, np.ndarray]:
    """A model, its test split and the codes of that, kept from one test to the next of the same model."""
    space = LatentSpace.open(folder)
    images = images_of(space.run)
    return space, images, space.encode(images.images, images.labels)


def test_every_recipe_has_its_checkpoint() -> None:
    """None is missing."""
    assert [name for name, folder in SHIPPED.items() if not folder.is_dir()] == []


def test_it_was_made_by_its_recipe(shipped: Checkpoint) -> None:
    """The header's configuration is the recipe's, with what the data decided filled in."""
    assert load_recipe(shipped.name).made(shipped.run)


def test_all_its_epochs_are_recorded(shipped: Checkpoint) -> None:
    """The history has one record for each epoch that was asked for."""
    run = shipped.run
    expected = 1 if run.model.family == "pca" else run.train.epochs
    assert [record["epoch"] for record in shipped.history] == list(range(1, expected + 1))


@pytest.mark.slow
def test_its_figures_can_be_measured_again(shipped: Checkpoint) -> None:
    """The stored test figures are those of the stored weights on the test split."""
    again = evaluate_checkpoint(shipped.folder, images_of(shipped.run))
    for name in ("mse", "psnr", "ssim", "reconstruction", "kl", "total", "knn_accuracy"):
        stored = getattr(shipped.metrics, name)
        assert getattr(again, name) == (None if stored is None else pytest.approx(stored, rel=1e-3, abs=1e-3)), name
    np.testing.assert_allclose(again.code["mean"], shipped.metrics.code["mean"], rtol=1e-2, atol=1e-2)


def test_it_reaches_what_its_recipe_aims_at(shipped: Checkpoint) -> None:
    """Each aim is kept, or the recipe says why it was not reached; there is at least one."""
    verdicts = aims.judge(load_recipe(shipped.name))
    assert any(verdict.holds for verdict in verdicts)
    assert [verdict.aim for verdict in verdicts if verdict.holds == bool(verdict.aim.reason)] == []


def enough(request: MapRequest, points: int) -> bool:
    """Whether so many points are enough for a map."""
    return points > {"pca": 1, "tsne": 3 * request.perplexity, "umap": request.neighbours}[request.method]


@pytest.mark.slow
def test_it_brings_maps_worth_looking_at(shipped: Checkpoint) -> None:
    """All of the grid that its points are enough for, or the usual ones; t-SNE and UMAP keep neighbours together."""
    requests = maps.bundled_requests(shipped.folder, shipped.digest)
    points = min(MOST_POINTS, shipped.metrics.images)
    if load_recipe(shipped.name).maps == "grid":
        possible = [request for request in grid(shipped.name, shipped.digest, points) if enough(request, points)]
    else:
        possible = [usual_request(shipped.name, shipped.digest, method, points) for method in maps.METHODS]
    assert set(requests) == set(possible)
    stored_maps = maps.usual_maps(shipped.folder, shipped.digest)
    assert list(stored_maps) == list(maps.METHODS)
    assert {coordinates.shape for coordinates in stored_maps.values()} == {(shipped.metrics.images, 2)}
    if points < FEWEST_TO_TRUST:
        return
    space, _, codes = encoded(shipped.folder)
    some = np.random.default_rng(0).choice(len(codes), min(2000, len(codes)), replace=False)
    trust = {method: trustworthiness(codes[some], stored_maps[method][some]) for method in stored_maps}
    least = min(trust["tsne"], trust["umap"])
    assert least > trust["pca"] or space.latent == 2
    # Codes of a model that is told the label, or of many numbers, come close to a shapeless Gaussian, which no plane
    # shows well; those of a good model of 16 numbers come near it, and must lose less than half of what PCA loses.
    assert least > 0.9 or 1 - least < 0.5 * (1 - trust["pca"]) or space.classes or space.latent > 32


@pytest.mark.slow
def test_the_figures_of_its_maps_are_theirs(shipped: Checkpoint) -> None:
    """Each map's stored rank correlation and kNN accuracy come out again; 16 bits change next to nothing."""
    _, images, codes = encoded(shipped.folder)
    for request in maps.bundled_requests(shipped.folder, shipped.digest):
        found = maps.load_bundled(shipped.folder, request)
        assert found is not None
        assert found.quality is not None
        some = shepard(codes, found.coordinates)
        assert found.quality.rank_correlation == pytest.approx(some.rank_correlation, abs=1e-3), request
        if images.labels is None:
            assert found.quality.knn_map is None
            continue
        assert found.quality.knn_map == pytest.approx(
            metrics.knn_accuracy(found.coordinates, images.labels, VOTERS), abs=2e-3
        ), request


def test_it_opens_and_decodes_without_its_images(shipped: Checkpoint) -> None:
    """Every model draws finite pictures of its own size, with a label if it takes one."""
    space = LatentSpace.open(shipped.folder)
    images = space.decode(space.sample(3), np.arange(3) if space.classes else None)
    assert images.shape == (3, *space.image_shape)
    assert 0 <= images.min() < images.max() <= 1


def test_cae_and_vae_share_their_networks() -> None:
    """At equal code size they differ in the family only, so that the comparison is fair."""
    for size in (2, 16):
        cae, vae = (load_recipe(f"fashion-{family}-{size}").run.model for family in ("cae", "vae"))
        assert replace(cae, family="vae") == vae


def test_half_precision_changes_next_to_nothing(shipped: Checkpoint) -> None:
    """The stored weights' terms are those of the trained ones, which the last epoch's record holds, within 0.5 %."""
    last = shipped.history[-1]["test"]
    for term in ("reconstruction", "kl"):
        assert getattr(shipped.metrics, term) == pytest.approx(last[term], rel=5e-3), term


def test_they_stay_small() -> None:
    """All shipped checkpoints together take at most 62 MB, so that a clone stays quick."""
    sizes = [path.stat().st_size for folder in SHIPPED.values() for path in folder.glob("*") if path.is_file()]
    assert sum(sizes) <= 62e6


def test_rate_is_traded_for_distortion() -> None:
    """With the KL weight the rate falls and the distortion rises, from one model to the next; nothing else differs."""
    runs = {name: load_recipe(name).run for name in SHIPPED if name.startswith("fashion-beta-")}
    names = sorted(runs, key=lambda name: runs[name].model.beta)
    assert [runs[name].model.beta for name in names] == [0.1, 0.25, 0.5, 1, 2, 4, 8, 16]
    assert len({replace(run, model=replace(run.model, beta=1.0)) for run in runs.values()}) == 1
    stored = [find_checkpoint(name, SHIPPED[name].parent).metrics for name in names]
    for figure, sign in (("kl", -1), ("reconstruction", 1), ("mse", 1)):
        steps = np.diff([getattr(metrics, figure) for metrics in stored])
        assert (steps * sign > 0).all(), figure
