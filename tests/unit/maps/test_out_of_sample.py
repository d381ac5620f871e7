"""Where codes that are not on a map belong on it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae_core import maps
from vae_core.checkpoint import Checkpoint, find_checkpoint
from vae_core.config import UserError
from vae_core.maps import MapError, MapRequest, cache, out_of_sample, place, plane
from vae_core.maps.out_of_sample import EXACTLY
from vae_core.maps.projection import embed
from vae_core.maps.request import Source
from vae_core.maps.sources import source_points


@pytest.fixture
def checkpoint(digits_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """A copy of the digits' VAE, with an empty cache."""
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    out_of_sample._reference.cache_clear()
    shutil.copytree(digits_checkpoints / "digits-vae", tmp_path / "digits-vae")
    return find_checkpoint("digits-vae", tmp_path)


@pytest.mark.parametrize("source", ["means", "samples", "pixels"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_pca_places_points_where_its_map_has_them(checkpoint: Checkpoint, source: Source, dimensions: int) -> None:
    """Projecting what the map was made from gives the map, and the plane gives the same."""
    request = MapRequest(checkpoint.name, checkpoint.digest, "pca", 100, dimensions, source=source)
    points = source_points(checkpoint.folder, request).points
    expected = embed(points, request)
    placed, how = place(request, checkpoint, points)
    np.testing.assert_allclose(placed, expected, atol=1e-4)
    assert how == EXACTLY
    mean, axes = plane(request, checkpoint, points)
    np.testing.assert_allclose((points - mean) @ axes, expected, atol=1e-4)


def test_a_shipped_pca_map_brings_its_plane(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for a part of its points, and without a look at the images."""
    monkeypatch.setattr("vae_core.maps.making._possible", lambda requests, points: requests[:1])
    maps.make_maps(checkpoint.name, lambda fraction, text: None, checkpoint.folder.parent)
    request = MapRequest(checkpoint.name, checkpoint.digest, "pca", 50)
    points = source_points(checkpoint.folder, request).points
    monkeypatch.setattr("vae_core.maps.out_of_sample.source_points", None)
    shipped = maps.bundled_map(checkpoint.folder, request)
    assert shipped is not None
    step = np.ptp(shipped, axis=0).max() / 65535
    np.testing.assert_allclose(place(request, checkpoint, points)[0], shipped, atol=2 * step)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_a_code_on_the_map_gets_its_own_place(checkpoint: Checkpoint, method: maps.Method) -> None:
    """And it says how; codes given by the caller are used instead of encoding the images."""
    request = MapRequest(checkpoint.name, checkpoint.digest, method, 60)
    coordinates = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    cache.store_map(request, coordinates, 1.0)
    codes = source_points(checkpoint.folder, request).points
    for reference in (None, codes):
        placed, how = place(request, checkpoint, codes, reference)
        np.testing.assert_allclose(placed, coordinates, atol=1e-6)
        assert "loss is least" in how


def test_what_cannot_be_placed_is_told_in_one_line(checkpoint: Checkpoint) -> None:
    """A map that is not there, codes of another size, a map of other points, and a plane of something that has none."""
    request = MapRequest(checkpoint.name, checkpoint.digest, "tsne", 60)
    code = np.zeros((1, 4), np.float32)
    with pytest.raises(MapError, match="has not been computed yet"):
        place(request, checkpoint, code)
    cache.store_map(request, np.zeros((50, 2), np.float32), 1.0)
    with pytest.raises(MapError, match="the map has 50 points, but there are 60 codes"):
        place(request, checkpoint, code)
    for method in ("tsne", "pca"):
        sized = replace(request, method=method)
        cache.store_map(sized, np.zeros((60, 2), np.float32), 1.0)
        with pytest.raises(UserError, match="the map takes"):
            place(sized, checkpoint, code[:, :3])
    with pytest.raises(MapError, match="only a PCA map"):
        plane(request, checkpoint)
