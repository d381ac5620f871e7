"""The maps that come with a checkpoint, and what maps are made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vae_core import maps
from vae_core.checkpoint import Checkpoint, find_checkpoint
from vae_core.data import load_images
from vae_core.latent.space import LatentSpace
from vae_core.maps import METHODS, MapError, MapRequest, bundled, making
from vae_core.maps.bundled import BundledMap, load_bundled, store_maps
from vae_core.maps.projection import principal_axes
from vae_core.maps.quality import measure
from vae_core.maps.request import usual_request
from vae_core.maps.sources import chosen_points, source_points

DIGEST = "0123456789abcdef"
coordinates = arrays(np.float32, (7, 2), elements=st.floats(-1000, 1000, width=32))


@pytest.fixture
def checkpoint(digits_checkpoints: Path, tmp_path: Path) -> Checkpoint:
    """A copy of the digits' PCA, for a test to put maps beside."""
    shutil.copytree(digits_checkpoints / "digits-pca", tmp_path / "digits-pca")
    return find_checkpoint("digits-pca", tmp_path)


# --- the file ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(list(METHODS)), coordinates, min_size=1))
def test_stored_maps_come_back_to_16_bits(tmp_path_factory: pytest.TempPathFactory, stored_maps: dict) -> None:
    """Every coordinate is within half a step of 1/65535 of its axis, and the methods are those stored."""
    folder = tmp_path_factory.mktemp("model")
    maps.save_maps(folder, DIGEST, stored_maps)
    found = maps.usual_maps(folder, DIGEST)
    assert found.keys() == stored_maps.keys()
    for method, stored in stored_maps.items():
        assert found[method].dtype == np.float32
        largest = np.abs(stored).max()  # float32 itself is no finer than this times 1e-7
        step = np.ptp(stored, axis=0).astype(float) / 65535
        assert (np.abs(found[method] - stored.astype(float)) <= 0.5 * step + 5e-7 * largest + 1e-37).all()


@given(coordinates, coordinates)
def test_a_map_stored_as_a_difference_comes_back(
    tmp_path_factory: pytest.TempPathFactory, usual: np.ndarray, other: np.ndarray
) -> None:
    """However far apart they lie, a second map of a method is what it would be if it were the first."""
    folder = tmp_path_factory.mktemp("model")
    first = usual_request(folder.name, DIGEST, "tsne", 7)
    second = replace(first, perplexity=5.0)
    stored = {first: BundledMap(usual, 0.0, None), second: BundledMap(other, 0.0, None)}
    store_maps(folder, DIGEST, 7, stored)
    beside = maps.bundled_map(folder, second)
    store_maps(folder, DIGEST, 7, {second: stored[second]})
    assert np.array_equal(beside, maps.bundled_map(folder, second))


def test_similar_maps_take_less_room(tmp_path: Path) -> None:
    """A second map whose points lie within a hundredth of the first's takes a fifth less."""
    random = np.random.default_rng(0)
    usual = random.random((10_000, 2))
    first = usual_request(tmp_path.name, DIGEST, "tsne", 10_000)
    second = replace(first, perplexity=5.0)
    stored = {first: BundledMap(usual, 0.0, None)}
    store_maps(tmp_path, DIGEST, 10_000, stored)
    one = (tmp_path / bundled.MAPS).stat().st_size
    near = usual + random.uniform(-0.01, 0.01, usual.shape)
    store_maps(tmp_path, DIGEST, 10_000, stored | {second: BundledMap(near, 0.0, None)})
    assert (tmp_path / bundled.MAPS).stat().st_size < 1.8 * one


def test_maps_of_other_weights_are_not_taken(tmp_path: Path) -> None:
    """A checkpoint that was trained anew has no maps until they are made again."""
    maps.save_maps(tmp_path, DIGEST, {"pca": np.eye(2, dtype=np.float32)})
    assert maps.usual_maps(tmp_path, DIGEST[::-1]) == {}


def test_damaged_maps_count_as_none(tmp_path: Path) -> None:
    """An absent, empty, cut or altered file, and a pickled one, are no maps and no error."""
    assert maps.usual_maps(tmp_path, DIGEST) == {}
    stored_maps = {method: np.random.default_rng(0).random((50, 2), np.float32) for method in METHODS}
    maps.save_maps(tmp_path, DIGEST, stored_maps)
    path = tmp_path / bundled.MAPS
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        assert maps.usual_maps(tmp_path, DIGEST) == {}
    for position in range(0, len(whole), 11):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 255]) + whole[position + 1 :])
        maps.usual_maps(tmp_path, DIGEST)  # whatever it finds, it does not raise
    with path.open("wb") as file:
        np.savez(file, digest=np.array([{"a": 1}], dtype=object))
    assert maps.usual_maps(tmp_path, DIGEST) == {}


def test_ten_thousand_points_of_three_maps_are_small(tmp_path: Path) -> None:
    """A shipped file of maps stays under 150 kB."""
    stored_maps = {method: np.random.default_rng(0).normal(size=(10_000, 2)) for method in METHODS}
    maps.save_maps(tmp_path, DIGEST, stored_maps)
    assert (tmp_path / bundled.MAPS).stat().st_size < 150_000


def test_all_that_is_known_of_a_map_comes_back(tmp_path: Path) -> None:
    """Figures, distortion point by point, seconds, and PCA's axes."""
    generator = np.random.default_rng(0)
    codes, labels = generator.normal(size=(50, 4)), np.arange(50) % 3
    stored_maps = {}
    for request in making.grid(tmp_path.name, DIGEST, 50):
        plane = generator.normal(size=(50, 2)).astype(np.float32)
        axes = principal_axes(codes, 2) if request.method == "pca" else None
        stored_maps[request] = BundledMap(plane, 1.5, measure(codes, plane, labels), axes)
    store_maps(tmp_path, DIGEST, 50, stored_maps)
    assert maps.bundled_requests(tmp_path, DIGEST) == list(stored_maps)
    for request, stored in stored_maps.items():
        found = load_bundled(tmp_path, request)
        assert found is not None
        assert found.seconds == 1.5
        np.testing.assert_allclose(found.coordinates, stored.coordinates, atol=1e-3)
        np.testing.assert_array_equal(maps.bundled_map(tmp_path, request), found.coordinates)
        assert found.quality is not None
        assert stored.quality is not None
        np.testing.assert_allclose(found.quality.distortion, stored.quality.distortion, rtol=1e-6)
        figures = [asdict(quality) | {"distortion": None} for quality in (found.quality, stored.quality)]
        assert figures[0] == figures[1]
        assert (found.axes is not None) == (request.method == "pca")
        if found.axes is not None and stored.axes is not None:
            np.testing.assert_array_equal(found.axes[1], stored.axes[1])


def test_a_smaller_map_is_a_part_of_the_shipped_one(tmp_path: Path) -> None:
    """The points that it would have if it were computed; a larger one than was shipped must be computed."""
    count, stored = 70, 40
    plane = np.stack([chosen_points(count, stored), np.zeros(stored)], axis=1)  # each point lies at its image's number
    request = MapRequest(tmp_path.name, DIGEST, "pca", stored)
    quality = measure(plane, plane)
    store_maps(tmp_path, DIGEST, count, {request: BundledMap(plane, 1.0, quality)})
    part = load_bundled(tmp_path, replace(request, points=25))
    assert part is not None
    np.testing.assert_array_equal(np.round(part.coordinates[:, 0]), chosen_points(count, 25))
    assert part.quality is not None
    assert part.quality.distortion.shape == (25,)
    assert load_bundled(tmp_path, replace(request, points=41)) is None
    store_maps(tmp_path, DIGEST, stored, {request: BundledMap(plane, 1.0, quality)})
    assert load_bundled(tmp_path, replace(request, points=1000)) is not None, "more points than there are images"


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"dimensions": 3},
        {"source": "pixels"},
        {"source": "samples"},
        {"perplexity": 31.0},
        {"library": "scikit-learn"},
        {"method": "umap"},
        {"digest": DIGEST[::-1]},
    ],
)
def test_only_what_was_asked_for_is_given(tmp_path: Path, other: dict) -> None:
    """A map at other parameters, of other points or of other weights is not taken for the one that is there."""
    request = usual_request(tmp_path.name, DIGEST, "tsne", 50)
    maps.save_maps(tmp_path, DIGEST, {"tsne": np.random.default_rng(0).normal(size=(50, 2))})
    assert maps.bundled_map(tmp_path, request) is not None
    assert maps.bundled_map(tmp_path, replace(request, neighbours=5)) is not None, "which t-SNE does not have"
    assert maps.bundled_map(tmp_path, replace(request, **other)) is None


# --- making them -------------------------------------------------------------------------------------------------


def test_make_maps_makes_the_grid_and_goes_on(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the grid, from PCA the usual ones only; the progress rises to 1; what is there is not made again."""
    made: list[tuple[MapRequest, bool]] = []

    def quick(codes: np.ndarray, request: MapRequest, on_progress: Callable, start: np.ndarray | None) -> np.ndarray:
        if interrupted and len(made) == 4:
            raise KeyboardInterrupt
        made.append((request, start is None))
        on_progress(1.0, "Done")
        return codes[:, :2]

    monkeypatch.setattr(making, "embed", quick)
    interrupted, progress, folder = True, [], checkpoint.folder
    with pytest.raises(KeyboardInterrupt):
        maps.make_maps(checkpoint.name, lambda fraction, text: None, folder.parent)
    assert len(maps.bundled_requests(folder, checkpoint.digest)) == 4
    interrupted = False
    maps.make_maps(checkpoint.name, lambda fraction, text: progress.append(fraction), folder.parent)
    count = len(load_images(checkpoint.run.data, "test"))
    expected = making.grid(checkpoint.name, checkpoint.digest, count)
    assert len(expected) == 13
    assert [request for request, _ in made] == expected == maps.bundled_requests(folder, checkpoint.digest)
    assert [request.method for request, from_pca in made if from_pca] == list(METHODS)
    assert progress == sorted(progress)
    assert progress[-1] == 1
    found = maps.usual_maps(folder, checkpoint.digest)
    assert {method: len(found[method]) for method in found} == dict.fromkeys(METHODS, count)


def test_few_points_get_the_maps_that_they_are_enough_for(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Perplexity 100 needs more than 300 points; with 80, t-SNE at 5 remains, and all of UMAP."""
    monkeypatch.setattr(making, "MOST_POINTS", 80)
    monkeypatch.setattr(making, "embed", lambda codes, *_: codes[:, :2])
    maps.make_maps(checkpoint.name, lambda fraction, text: None, checkpoint.folder.parent)
    made = maps.bundled_requests(checkpoint.folder, checkpoint.digest)
    assert {request.perplexity for request in made if request.method == "tsne"} == {5.0}
    assert sum(request.method == "umap" for request in made) == 9


def test_codes_that_are_all_equal_are_told(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, and no file is written."""
    monkeypatch.setattr(LatentSpace, "posterior", lambda self, images, labels: (np.zeros((len(images), 4)),) * 2)
    with pytest.raises(MapError, match="all codes are equal"):
        maps.make_maps(checkpoint.name, lambda fraction, text: None, checkpoint.folder.parent)
    assert maps.bundled_requests(checkpoint.folder, checkpoint.digest) == []


# --- what maps are made of ---------------------------------------------------------------------------------------


def test_the_sources_are_what_they_say(digits_checkpoints: Path) -> None:
    """Posterior means, one draw from each posterior by the seed, and the pixels; all of the same images."""
    folder = digits_checkpoints / "digits-vae"
    space = LatentSpace.open(folder)
    images = load_images(space.run.data, "test").part(chosen_points(len(load_images(space.run.data, "test")), 200))
    request = MapRequest("digits-vae", DIGEST, points=200)
    means, deviations = space.posterior(images.images)
    found = source_points(folder, request)
    np.testing.assert_allclose(found.points, means, atol=1e-5)
    np.testing.assert_array_equal(found.labels, images.labels)
    pixels = source_points(folder, replace(request, source="pixels")).points
    np.testing.assert_allclose(pixels, images.images.reshape(200, -1) / 255, atol=1e-6)
    first, again, second = (
        source_points(folder, replace(request, source="samples", seed=seed)).points for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, second)
    standardised = (first - means) / deviations
    assert standardised.mean() == pytest.approx(0, abs=0.2)
    assert standardised.std() == pytest.approx(1, abs=0.2)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_the_points_of_a_smaller_map_are_on_the_larger(count: int, fewer: int, more: int) -> None:
    """So that a map of some of the points can be cut out of one that has them all."""
    fewer, more = sorted((fewer, more))
    assert set(chosen_points(count, fewer)) <= set(chosen_points(count, more))


@given(st.integers(1, 500), st.integers(1, 600))
def test_the_points_of_a_map_are_drawn_without_repetition(count: int, points: int) -> None:
    """In order, each once, as many as asked for or as there are; the same ones every time."""
    chosen = chosen_points(count, points)
    assert len(chosen) == min(count, points)
    assert (np.diff(chosen) > 0).all()
    assert 0 <= chosen[0] <= chosen[-1] < count
    np.testing.assert_array_equal(chosen, chosen_points(count, points))
