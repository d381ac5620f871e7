"""The maps that come with a checkpoint: a small grid of parameters, so that choosing one needs no waiting.

``map.npz`` beside the weights holds, for each map, coordinates quantised to 16 bits and each point's distortion; and an
index in JSON with the digest of the weights, the parameters, the figures of quality and the seconds that it took. Each
is read when it is asked for. A map is stored as its difference from the usual map of its method, the high bytes apart
from the low ones, because the high bytes of small differences can be compressed.
"""

from __future__ import annotations

import json
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.files import atomic_write
from vae_core.maps.projection import (
    METHODS,
    MapError,
    MapRequest,
    Method,
    Progress,
    check,
    embed,
    principal_axes,
    usual_request,
)
from vae_core.maps.quality import NEIGHBOURS, MapQuality, measure
from vae_core.maps.sources import chosen_points, source_points

MAPS = "map.npz"
FORMAT = 3
MOST_POINTS = 10_000
GRID_PERPLEXITIES = (5.0, 30.0, 100.0)
GRID_NEIGHBOURS = (5, 15, 50)
GRID_DISTANCES = (0.0, 0.1, 0.5)
STEPS_16_BIT = 65535
NOT_MEASURED = 255  # a distortion that is not known
# What numpy and zipfile raise for files of arrays that are absent, cut or altered.
DAMAGED = (
    OSError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    MemoryError,
    zlib.error,
    zipfile.BadZipFile,
)


@dataclass(frozen=True, eq=False)
class ShippedMap:
    """A map (N, 2) as it is stored, with what was found when it was made."""

    coordinates: np.ndarray
    """float32 (N, 2)"""
    seconds: float
    """Of processor time that its computation took; 0 if that is not known."""
    quality: MapQuality | None
    axes: tuple[np.ndarray, np.ndarray] | None = None
    """PCA: the codes' mean (D,) and the map's axes (D, 2)."""


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


# --- reading -----------------------------------------------------------------------------------------------------


def shipped_requests(folder: Path, digest: str) -> list[MapRequest]:
    """Which maps came with a checkpoint, as requests; none for other weights or from a damaged file."""
    try:
        with (folder / MAPS).open("rb") as file, np.load(file) as stored:
            index = _index(stored)
            if index["digest"] != digest:
                return []
            return [_request(folder, index, entry) for entry in index["maps"]]
    except DAMAGED:
        return []


def shipped_map(folder: Path, request: MapRequest) -> np.ndarray | None:
    """A map that came with a checkpoint, float32 (N, 2), N being at most ``request.points``; None if it did not."""
    found = load_shipped(folder, request)
    return None if found is None else found.coordinates


def load_shipped(folder: Path, request: MapRequest) -> ShippedMap | None:
    """A map that came with a checkpoint, with all that is known of it; None if it did not, or its file is damaged.

    Of the points on it those are given that the request asks for, with their own distortion; the other figures, and
    PCA's axes, are those of the whole map.
    """
    try:
        with (folder / MAPS).open("rb") as file, np.load(file) as stored:
            index = _index(stored)
            if index["digest"] != request.digest or min(request.points, index["count"]) > index["points"]:
                return None
            wanted = replace(request, checkpoint=folder.name, points=index["points"]).essential
            for entry in index["maps"]:
                if _request(folder, index, entry) == wanted:
                    return _part(_entry(stored, entry, index["points"]), index, request.points)
    except DAMAGED:
        pass
    return None


def load_maps(folder: Path, digest: str) -> dict[Method, np.ndarray]:
    """The map of each method at its usual parameters, float32 (N, 2), as far as they came with a checkpoint."""
    usual = {request: request.method for request in shipped_requests(folder, digest) if request == _usual(request)}
    found = {method: shipped_map(folder, request) for request, method in usual.items()}
    return {method: coordinates for method, coordinates in found.items() if coordinates is not None}


def _usual(request: MapRequest) -> MapRequest:
    return usual_request(request.checkpoint, request.digest, request.method, request.points)


def _index(stored: Any) -> dict[str, Any]:
    index = json.loads(stored["index"].tobytes())
    if index["format"] != FORMAT:
        raise ValueError("a file of maps of another version")
    return index


def _request(folder: Path, index: dict[str, Any], entry: dict[str, Any]) -> MapRequest:
    return MapRequest(folder.name, index["digest"], points=index["points"], **entry["parameters"])


def _entry(stored: Any, entry: dict[str, Any], points: int) -> ShippedMap:
    low, high = np.array(entry["range"], np.float64)
    steps = _joined(stored[entry["name"]])
    if "from" in entry:
        steps = steps + _joined(stored[entry["from"]])
    if steps.shape != (points, len(low)):
        raise ValueError("a map of another shape")
    coordinates = (low + (high - low) * (steps / STEPS_16_BIT)).astype(np.float32)
    quality = None
    if entry["quality"] is not None:
        known = stored[f"{entry['name']}-lost"]
        distortion = np.where(known == NOT_MEASURED, np.nan, known / np.float32(NEIGHBOURS)).astype(np.float32)
        quality = MapQuality(distortion=distortion, **entry["quality"])
    axes = (np.array(entry["mean"]), np.array(entry["axes"])) if "axes" in entry else None
    return ShippedMap(coordinates, entry["seconds"], quality, axes)


def _split(steps: np.ndarray) -> np.ndarray:
    """uint16 (N, 2) as uint8 (2, N, 2): the high bytes, rounded so that small differences have a high byte of 0, and
    the low ones.
    """
    return np.stack([((steps.astype(np.uint32) + 128) >> 8).astype(np.uint8), steps.astype(np.uint8)])


def _joined(halves: np.ndarray) -> np.ndarray:
    """``_split`` undone."""
    if halves.dtype != np.uint8 or halves.ndim != 3 or len(halves) != 2:
        raise ValueError("a map in another form")
    high, low = halves.astype(np.uint16)
    return (high << 8) + low - ((low & 128) << 1)


def _part(found: ShippedMap, index: dict[str, Any], points: int) -> ShippedMap:
    count, stored = index["count"], index["points"]
    if points >= stored:
        return found
    chosen = np.searchsorted(chosen_points(count, stored), chosen_points(count, points))
    quality = found.quality and replace(found.quality, distortion=found.quality.distortion[chosen])
    return replace(found, coordinates=found.coordinates[chosen], quality=quality)


# --- writing -----------------------------------------------------------------------------------------------------


def store_maps(folder: Path, digest: str, count: int, maps: dict[MapRequest, ShippedMap]) -> None:
    """Write 2-D maps of one checkpoint, all of the same points, atomically.

    Args:
        folder: the checkpoint's.
        digest: of its weights.
        count: test images that there are, of which ``chosen_points`` are on the maps.
        maps: by request, in the order in which they will be listed; of each method the usual one first.
    """
    arrays: dict[str, np.ndarray] = {}
    entries = []
    usual: dict[Method, tuple[str, np.ndarray]] = {}
    for request, shipped in maps.items():
        coordinates = shipped.coordinates.astype(np.float64)
        low, high = coordinates.min(0), coordinates.max(0)
        scaled = (coordinates - low) / np.maximum(high - low, np.finfo(np.float64).tiny)
        name = (
            request.method
            + {
                "pca": "",
                "tsne": f"-{request.perplexity:g}",
                "umap": f"-{request.neighbours}-{request.minimum_distance:g}",
            }[request.method]
        )
        steps = np.round(scaled * STEPS_16_BIT).astype(np.uint16)
        parameters = asdict(request.essential)
        for known in ("checkpoint", "digest", "points"):
            del parameters[known]
        entry = {
            "name": name,
            "parameters": parameters,
            "range": [low.tolist(), high.tolist()],
            "seconds": shipped.seconds,
            "quality": None,
        }
        if request.method in usual:
            entry["from"], start = usual[request.method]
            arrays[name] = _split(steps - start)
        else:
            usual[request.method] = (name, steps)
            arrays[name] = _split(steps)
        if shipped.quality is not None:
            figures = asdict(shipped.quality)
            lost = figures.pop("distortion")
            entry["quality"] = figures
            steps = np.where(np.isnan(lost), NOT_MEASURED, np.round(np.nan_to_num(lost) * NEIGHBOURS))
            arrays[f"{name}-lost"] = steps.astype(np.uint8)
        if shipped.axes is not None:
            entry["mean"], entry["axes"] = (array.tolist() for array in shipped.axes)
        entries.append(entry)
    points = len(next(iter(maps.values())).coordinates) if maps else 0
    index = {"format": FORMAT, "digest": digest, "count": count, "points": points, "maps": entries}
    arrays["index"] = np.frombuffer(json.dumps(index).encode(), np.uint8)
    with atomic_write(folder / MAPS) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def save_maps(folder: Path, digest: str, maps: dict[Method, np.ndarray]) -> None:
    """Write 2-D maps (N, 2) of the whole test split at the methods' usual parameters, of which no more is known."""
    count = len(next(iter(maps.values())))
    stored = {
        usual_request(folder.name, digest, method, count): ShippedMap(coordinates, 0.0, None)
        for method, coordinates in maps.items()
    }
    store_maps(folder, digest, count, stored)


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
        requests = [request for request in requests if request == _usual(request)]
    known = set(shipped_requests(checkpoint.folder, checkpoint.digest))
    maps = {request: load_shipped(checkpoint.folder, request) for request in requests if request in known}
    stored = {request: found for request, found in maps.items() if found is not None and found.quality is not None}
    for position, request in enumerate(requests):

        def share(fraction: float, text: str, done: int = position, title: str = METHODS[request.method]) -> None:
            on_progress((done + fraction) / len(requests), f"{title}: {text}")

        if request not in stored:
            start = stored.get(_usual(request))
            began = time.process_time()
            coordinates = embed(source.points, request, share, None if start is None else start.coordinates)
            seconds = round(time.process_time() - began, 3)
            axes = principal_axes(source.points, 2) if request.method == "pca" else None
            try:
                quality = measure(source.points, coordinates, source.labels)
            except ValueError as error:
                raise UserError(f"{name}: {error}") from error
            stored[request] = ShippedMap(coordinates, seconds, quality, axes)
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
