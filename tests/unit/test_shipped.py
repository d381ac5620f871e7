"""The checkpoints that come with the project: each has a recipe, was made by it, and is as good as it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vae_core import embedding, metrics
from vae_core.checkpoint import Checkpoint, list_checkpoints
from vae_core.config import RunConfig
from vae_core.data import load_images
from vae_core.evaluate import measure
from vae_core.latent import LatentSpace
from vae_core.recipes import RECIPES, list_recipes, load_recipe

SHIPPED = {name: RECIPES.parent / "checkpoints" / name for name in list_recipes()}
BOUNDS = {  # on the 10,000 test images: mean squared error, and nats per image
    "fashion-pca-16": (0.02045, None),
    "fashion-cae-16": (0.0092, None),
    "fashion-vae-16": (0.0115, 236.0),
    "fashion-pca-2": (0.0461, None),
    "fashion-cae-2": (0.0244, None),
    "fashion-vae-2": (0.0253, None),
}


@pytest.fixture(params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> Checkpoint:
    """Each shipped checkpoint in turn."""
    folder = SHIPPED[request.param].parent
    return next(found for found in list_checkpoints(folder) if found.name == request.param)


def run_of(checkpoint: Checkpoint) -> RunConfig:
    """The configuration in the checkpoint's header."""
    assert checkpoint.problem is None
    assert checkpoint.run is not None
    return checkpoint.run


def test_every_recipe_has_its_checkpoint() -> None:
    """None is missing."""
    assert [name for name, folder in SHIPPED.items() if not folder.is_dir()] == []


def test_it_was_made_by_its_recipe(shipped: Checkpoint) -> None:
    """The header's configuration is the recipe's, with what the data decided filled in."""
    run, recipe = run_of(shipped), load_recipe(shipped.name).run
    filled = replace(
        recipe,
        data=replace(recipe.data, size=run.data.size, channels=run.data.channels),
        model=replace(recipe.model, image_shape=run.model.image_shape, classes=run.model.classes),
    )
    assert run == filled


def test_all_its_epochs_are_recorded(shipped: Checkpoint) -> None:
    """The history has one record for each epoch that was asked for."""
    run = run_of(shipped)
    expected = 1 if run.model.family == "pca" else run.train.epochs
    assert [record["epoch"] for record in shipped.history] == list(range(1, expected + 1))


def test_its_figures_can_be_measured_again(shipped: Checkpoint) -> None:
    """The stored test figures are those of the stored weights on the test split that comes with the program."""
    again = measure(shipped.folder, load_images(run_of(shipped).data, "test"))
    for name in ("mse", "psnr", "ssim", "reconstruction", "kl", "total", "knn_accuracy"):
        assert again[name] == pytest.approx(shipped.metrics[name], rel=1e-3, abs=1e-3), name
    np.testing.assert_allclose(again["code"]["mean"], shipped.metrics["code"]["mean"], rtol=1e-2, atol=1e-2)


def test_it_is_as_good_as_it_must_be(shipped: Checkpoint) -> None:
    """Its test figures keep the bounds that this project set itself."""
    largest_error, most_nats = BOUNDS[shipped.name]
    assert shipped.metrics["mse"] <= largest_error
    assert most_nats is None or shipped.metrics["total"] <= most_nats


def test_it_brings_maps_worth_looking_at(shipped: Checkpoint) -> None:
    """PCA, t-SNE and UMAP of the whole test split, the latter two with neighbours that are neighbours."""
    maps = embedding.load_maps(shipped.folder, shipped.digest)
    assert list(maps) == list(embedding.METHODS)
    assert {coordinates.shape for coordinates in maps.values()} == {(10_000, 2)}
    images = load_images(run_of(shipped).data, "test").images
    codes = LatentSpace.open(shipped.folder).encode(images)
    some = np.random.default_rng(0).choice(len(codes), 2000, replace=False)
    for method in ("tsne", "umap"):
        assert metrics.trustworthiness(codes[some], maps[method][some]) > 0.9


def test_cae_and_vae_share_their_networks() -> None:
    """At equal code size they differ in the family only, so that the comparison is fair."""
    for size in (2, 16):
        cae, vae = (load_recipe(f"fashion-{family}-{size}").run.model for family in ("cae", "vae"))
        assert replace(cae, family="vae") == vae
