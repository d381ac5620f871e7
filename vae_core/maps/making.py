"""Making the maps that come with a checkpoint: a small grid of parameters for each method."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.maps.bundled import BundledMap, bundled_requests, load_bundled, store_maps
from vae_core.maps.projection import embed, principal_axes
from vae_core.maps.quality import measure
from vae_core.maps.request import METHODS, MapError, MapRequest, Progress, check, usual_request, usual_version
from vae_core.maps.sources import source_points

MOST_POINTS = 10_000
GRID_PERPLEXITIES = (5.0, 30.0, 100.0)
GRID_NEIGHBOURS = (5, 15, 50)
GRID_DISTANCES = (0.0, 0.1, 0.5)


def grid(checkpoint: str, digest: str, points: int) -> list[MapRequest]:
    """The maps that come with a checkpoint; of each method the usual one first."""
    usual = {method: usual_request(checkpoint, digest, method, points) for method in METHODS}
    perplexities = [replace(usual["tsne"], perplexity=perplexity) for perplexity in GRID_PERPLEXITIES]
    distances = [
        replace(usual["umap"], neighbours=neighbours, minimum_distance=distance)
        for neighbours in GRID_NEIGHBOURS
        for distance in GRID_DISTANCES
    ]
    return list(dict.fromkeys([usual["pca"], usual["tsne"], *perplexities, usual["umap"], *distances]))


def _possible(requests: list[MapRequest], points: np.ndarray) -> list[MapRequest]:
    """Those that the points are enough for; what PCA refuses cannot be mapped at all."""
    possible = []
    for request in requests:
        try:
            check(points, request)
            possible.append(request)
        except MapError:
            if request.method == "pca":
                raise
    return possible


def make_maps(
    name: str,
    on_progress: Progress,
    root: Path | None = None,
    data_root: Path | None = None,
    *,
    usual_only: bool = False,
) -> None:
    """Compute and store the maps of a checkpoint's test split, up to 10,000 points of it.

    Maps that are stored already are kept, so that what was interrupted goes on. The usual map of a method begins with
    PCA, the others with the usual one and turned to lie over it, so that one changes smoothly into another.

    Args:
        name: the checkpoint's name.
        on_progress: called now and then with the share done and a word.
        root: the folder of checkpoints; see ``checkpoints_folder``.
        data_root: where image sets lie; see ``data_root`` in ``vae_core.data``.
        usual_only: leave out all maps of the grid but those at the methods' usual parameters.

    Raises:
        UserError: if the checkpoint or its images cannot be used.
    """
    checkpoint = find_checkpoint(name, root)
    source = source_points(checkpoint.folder, MapRequest(name, checkpoint.digest, points=MOST_POINTS), data_root)
    requests = _possible(grid(name, checkpoint.digest, len(source.points)), source.points)
    if usual_only:
        requests = [request for request in requests if request == usual_version(request)]
    known = set(bundled_requests(checkpoint.folder, checkpoint.digest))
    maps = {request: load_bundled(checkpoint.folder, request) for request in requests if request in known}
    stored = {request: kept for request, kept in maps.items() if kept is not None and kept.quality is not None}
    for position, request in enumerate(requests):

        def share(fraction: float, text: str, done: int = position, title: str = METHODS[request.method]) -> None:
            on_progress((done + fraction) / len(requests), f"{title}: {text}")

        if request not in stored:
            start = stored.get(usual_version(request))
            began = time.process_time()
            coordinates = embed(source.points, request, share, None if start is None else start.coordinates)
            seconds = round(time.process_time() - began, 3)
            axes = principal_axes(source.points, 2) if request.method == "pca" else None
            try:
                quality = measure(source.points, coordinates, source.labels)
            except ValueError as error:
                raise UserError(f"{name}: {error}") from error
            stored[request] = BundledMap(coordinates, seconds, quality, axes)
            in_order = {request: stored[request] for request in requests if request in stored}
            store_maps(checkpoint.folder, checkpoint.digest, source.images, in_order)
    on_progress(1.0, "Done")


def make_maps_with_bar(
    name: str, root: Path | None = None, data_root: Path | None = None, *, usual_only: bool = False
) -> None:
    """``make_maps`` with a progress bar in the terminal."""
    from tqdm import tqdm

    with tqdm(total=100, desc=name, bar_format="{desc} {bar} {percentage:3.0f} % {postfix}", disable=None) as bar:

        def show(fraction: float, text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update(100 * fraction - bar.n)

        make_maps(name, show, root, data_root, usual_only=usual_only)
