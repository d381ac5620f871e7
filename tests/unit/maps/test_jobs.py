"""Maps computed in the background and kept in the cache."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from vae_core import maps
from vae_core.checkpoint import find_checkpoint
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.files import cache_folder
from vae_core.latent.space import LatentSpace
from vae_core.maps import MapError, MapRequest, cache, cached_map, job_state, jobs, projection, worker

DIGEST = "0123456789abcdef"


@pytest.fixture
def request_for_pca(digits_checkpoints: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MapRequest:
    """A request that a worker can fulfil, with an empty cache."""
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(digits_checkpoints))
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    checkpoint = find_checkpoint("digits-pca")
    return MapRequest(checkpoint.name, checkpoint.digest, "pca", points=100)


# --- the cache -------------------------------------------------------------------------------------------------


def test_a_damaged_cache_file_counts_as_absent(request_for_pca: MapRequest) -> None:
    """An empty, cut or pickled file, and a map of other dimensions."""
    path = cache_folder("maps") / f"{request_for_pca.key}.npy"
    assert cached_map(request_for_pca) is None
    cache.store_map(request_for_pca, np.ones((5, 2), np.float32), 1.0)
    whole = path.read_bytes()
    assert cached_map(request_for_pca) is not None
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert cached_map(request_for_pca) is None
    for unfit in (np.array([{"a": 1}], dtype=object), np.ones((5, 3)), np.ones(5)):
        np.save(path, unfit, allow_pickle=True)
        assert cached_map(request_for_pca) is None


def test_the_cache_lets_the_oldest_maps_go(request_for_pca: MapRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its size the maps written longest ago are removed, the newest stay."""
    requests = [replace(request_for_pca, points=100 + number) for number in range(5)]
    size = 128 + 8 * 100 + 20  # an .npy file's header, a hundred points, and the seconds
    monkeypatch.setattr(cache, "LARGEST_CACHE", 3 * size)
    for age, request in enumerate(requests):
        cache.store_map(request, np.ones((100, 2), np.float32), 1.0)
        for path in cache_folder("maps").glob(f"{request.key}*"):
            os.utime(path, (age, age))
    assert [cached_map(request) is not None for request in requests] == [False, False, True, True, True]


# --- the worker ------------------------------------------------------------------------------------------------


def finish(request: MapRequest) -> None:
    """Wait until a job's process has ended."""
    jobs._workers[request.key].wait(timeout=900)


@pytest.mark.slow
def test_a_job_computes_its_map_in_a_process_of_its_own(
    request_for_pca: MapRequest, digits_checkpoints: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started from another folder, it leaves in the cache what the core computes here."""
    monkeypatch.chdir(digits_checkpoints)
    assert job_state(request_for_pca) is None
    maps.start_job(request_for_pca)
    process = jobs._workers[request_for_pca.key]
    maps.start_job(request_for_pca)
    assert jobs._workers[request_for_pca.key] is process, "a second start must not start a second process"
    finish(request_for_pca)
    state = job_state(request_for_pca)
    assert state is not None
    assert (state.running, state.error) == (False, None)
    images = load_images(DataConfig("digits"), "test").images
    codes = LatentSpace.open(request_for_pca.checkpoint).encode(images)
    chosen = codes[maps.chosen_points(len(codes), request_for_pca.points)]
    np.testing.assert_allclose(cached_map(request_for_pca), projection.embed(chosen, request_for_pca), atol=1e-4)


def test_a_long_step_counts_its_seconds(request_for_pca: MapRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a worker says nothing, what people read still changes; once it has ended, no more."""
    path = jobs.progress_file(request_for_pca)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as silent:
        monkeypatch.setitem(jobs._workers, request_for_pca.key, silent)
        jobs.write_progress(request_for_pca, 0.3, "Loading UMAP")
        assert job_state(request_for_pca) == maps.JobState(0.3, "Loading UMAP")
        os.utime(path, (0, path.stat().st_mtime - 7))
        state = job_state(request_for_pca)
        assert state is not None
        assert re.fullmatch(r"Loading UMAP, [78]\.\d s", state.text)
        silent.communicate(b"\n")
        ended = job_state(request_for_pca)
        assert ended is not None
        assert ended.text == "Loading UMAP"


@pytest.mark.slow
def test_a_job_that_fails_says_why(request_for_pca: MapRequest) -> None:
    """A mistake in the request comes back as one line, from the worker to the page."""
    request = replace(request_for_pca, method="umap", neighbours=1000)
    maps.start_job(request)
    finish(request)
    state = job_state(request)
    assert state is not None
    assert not state.running
    assert state.error is not None
    assert state.error.startswith("UMAP with these parameters needs more than 1000 points")


def test_a_job_that_dies_is_noticed_and_can_be_started_again(request_for_pca: MapRequest) -> None:
    """Killed from outside, it is reported; forgotten by cancelling, it is as if it had never been."""
    maps.start_job(request_for_pca)
    jobs._workers[request_for_pca.key].kill()
    finish(request_for_pca)
    state = job_state(request_for_pca)
    assert state is not None
    assert state.error == "the map's process ended before it was done; try again"
    maps.cancel_job(request_for_pca)
    assert job_state(request_for_pca) is None


def test_a_cancelled_job_is_stopped(request_for_pca: MapRequest) -> None:
    """Its process ends, and it leaves nothing in the cache."""
    maps.start_job(request_for_pca)
    process = jobs._workers[request_for_pca.key]
    maps.cancel_job(request_for_pca)
    assert process.poll() is not None
    assert job_state(request_for_pca) is None
    assert cached_map(request_for_pca) is None


def test_no_more_jobs_than_allowed(request_for_pca: MapRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused in one line instead of slowing all others down."""
    monkeypatch.setattr(jobs, "MOST_WORKERS", 0)
    with pytest.raises(MapError, match="wait until one is done"):
        maps.start_job(request_for_pca)


def test_a_worker_refuses_a_model_that_was_trained_anew(request_for_pca: MapRequest) -> None:
    """The request's digest is no longer that of the checkpoint."""
    request = replace(request_for_pca, digest=DIGEST)
    assert worker.main([json.dumps(asdict(request))]) == 2
    told = json.loads((cache_folder("maps") / f"{request.key}.progress.json").read_text())
    assert "trained anew" in told["error"]


def test_an_unexpected_failure_is_told_and_not_hidden(
    request_for_pca: MapRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page gets a line, the log the traceback."""

    def fail(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr(worker, "embed", fail)
    with pytest.raises(RuntimeError):
        worker.main([json.dumps(asdict(request_for_pca))])
    told = json.loads((cache_folder("maps") / f"{request_for_pca.key}.progress.json").read_text())
    assert told["error"].startswith("the map could not be computed (first line)")
    assert "\n" not in told["error"]


def test_the_command_line_says_how_it_is_used(request_for_pca: MapRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """Without arguments, and for a checkpoint that is not there."""
    assert worker.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
    assert worker.main(["--maps", "nothing"]) == 2
    assert "error: there is no checkpoint 'nothing'" in capsys.readouterr().err
