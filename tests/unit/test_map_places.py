"""Where codes that are not on a map belong on it."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core import embedding, map_cache, map_places
from vae_core.checkpoint import Checkpoint, find_checkpoint
from vae_core.config import UserError
from vae_core.embedding import MapError, MapRequest, place, plane
from vae_core.map_places import BY_NEIGHBOURS, EXACTLY, place_among
from vae_core.map_sources import source_points
from vae_core.projection import Source, embed


@pytest.fixture
def checkpoint(digits_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    """A copy of the digits' VAE, with an empty cache."""
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    map_places._reference.cache_clear()
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
    monkeypatch.setattr("vae_core.shipped_maps._possible", lambda requests, points: requests[:1])
    embedding.make_maps(checkpoint.name, lambda fraction, text: None, checkpoint.folder.parent)
    request = MapRequest(checkpoint.name, checkpoint.digest, "pca", 50)
    points = source_points(checkpoint.folder, request).points
    monkeypatch.setattr("vae_core.map_places.source_points", None)
    shipped = embedding.shipped_map(checkpoint.folder, request)
    assert shipped is not None
    step = np.ptp(shipped, axis=0).max() / 65535
    np.testing.assert_allclose(place(request, checkpoint, points)[0], shipped, atol=2 * step)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_a_code_on_the_map_gets_its_own_place(checkpoint: Checkpoint, method: embedding.Method) -> None:
    """And it says how; codes given by the caller are used instead of encoding the images."""
    request = MapRequest(checkpoint.name, checkpoint.digest, method, 60)
    coordinates = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    map_cache.store_map(request, coordinates, 1.0)
    codes = source_points(checkpoint.folder, request).points
    for reference in (None, codes):
        placed, how = place(request, checkpoint, codes, reference)
        np.testing.assert_allclose(placed, coordinates, atol=1e-6)
        assert how == BY_NEIGHBOURS


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 1000))
def test_a_place_is_a_mean_of_places(count: int, size: int, seed: int) -> None:
    """It lies within the map's bounds; between equal places it is that place."""
    generator = np.random.default_rng(seed)
    reference, coordinates = generator.normal(size=(count, size)), generator.normal(size=(count, 2))
    placed = place_among(generator.normal(size=(4, size)), reference, coordinates)
    assert (placed >= coordinates.min(0) - 1e-5).all()
    assert (placed <= coordinates.max(0) + 1e-5).all()
    np.testing.assert_allclose(place_among(reference, reference, np.ones((count, 3))), 1, rtol=1e-6)


def test_the_nearer_code_weighs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the inverse of its distance: a quarter of the way from one of two codes, three quarters of the weight."""
    placed = place_among(np.array([[0.25]]), np.array([[0.0], [1.0]]), np.array([[0.0, 0.0], [4.0, 8.0]]))
    np.testing.assert_allclose(placed, [[1.0, 2.0]], rtol=1e-6)


def test_one_code_among_ten_thousand_is_placed_at_once() -> None:
    """Within a tenth of a second, the quickest of five."""
    generator = np.random.default_rng(0)
    reference, coordinates = generator.normal(size=(10_000, 16)), generator.normal(size=(10_000, 2))
    taken = []
    for code in generator.normal(size=(5, 1, 16)):
        began = time.perf_counter()
        place_among(code, reference, coordinates)
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.1


def test_what_cannot_be_placed_is_told_in_one_line(checkpoint: Checkpoint) -> None:
    """A map that is not there, codes of another size, a map of other points, and a plane of something that has none."""
    request = MapRequest(checkpoint.name, checkpoint.digest, "tsne", 60)
    code = np.zeros((1, 4), np.float32)
    with pytest.raises(MapError, match="has not been computed yet"):
        place(request, checkpoint, code)
    map_cache.store_map(request, np.zeros((50, 2), np.float32), 1.0)
    with pytest.raises(MapError, match="the map has 50 points, but there are 60 codes"):
        place(request, checkpoint, code)
    for method in ("tsne", "pca"):
        sized = replace(request, method=method)
        map_cache.store_map(sized, np.zeros((60, 2), np.float32), 1.0)
        with pytest.raises(UserError, match="the map takes"):
            place(sized, checkpoint, code[:, :3])
    with pytest.raises(MapError, match="only a PCA map"):
        plane(request, checkpoint)
