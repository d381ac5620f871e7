"""The maps that come with a checkpoint: a small grid of parameters, so that choosing one needs no waiting.

``map.npz`` beside the weights holds, for each map, coordinates quantised to 16 bits and each point's distortion; and an
index in JSON with the digest of the weights, the parameters, the figures of quality and the seconds that it took. Each
is read when it is asked for. A map is stored as its difference from the usual map of its method, the high bytes apart
from the low ones, because the high bytes of small differences can be compressed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vae_core.files import DAMAGED, atomic_write
from vae_core.maps.quality import NEIGHBOURS, MapQuality
from vae_core.maps.quantise import quantise, restore
from vae_core.maps.request import MapRequest, Method, usual_request, usual_version
from vae_core.maps.sources import chosen_points

MAPS = "map.npz"
FORMAT = 3
NOT_MEASURED = 255  # a distortion that is not known


@dataclass(frozen=True, eq=False)
class BundledMap:
    """A map (N, 2) as it is stored, with what was recorded when it was made."""

    coordinates: np.ndarray
    """float32 (N, 2)"""
    seconds: float
    """Of processor time that its computation took; 0 if that is not known."""
    quality: MapQuality | None
    axes: tuple[np.ndarray, np.ndarray] | None = None
    """PCA: the codes' mean (D,) and the map's axes (D, 2)."""


# --- reading -----------------------------------------------------------------------------------------------------


def bundled_requests(folder: Path, digest: str) -> list[MapRequest]:
    """Which maps came with a checkpoint, as requests; none for other weights or from a damaged file."""
    try:
        with (folder / MAPS).open("rb") as file, np.load(file) as stored:
            index = _index(stored)
            if index["digest"] != digest:
                return []
            return [_request(folder, index, entry) for entry in index["maps"]]
    except DAMAGED:
        return []


def bundled_map(folder: Path, request: MapRequest) -> np.ndarray | None:
    """A map that came with a checkpoint, float32 (N, 2), N being at most ``request.points``; None if it did not."""
    bundled = load_bundled(folder, request)
    return None if bundled is None else bundled.coordinates


def load_bundled(folder: Path, request: MapRequest) -> BundledMap | None:
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


def usual_maps(folder: Path, digest: str) -> dict[Method, np.ndarray]:
    """The map of each method at its usual parameters, float32 (N, 2), as far as they came with a checkpoint."""
    usual = [request for request in bundled_requests(folder, digest) if request == usual_version(request)]
    maps = {request.method: bundled_map(folder, request) for request in usual}
    return {method: coordinates for method, coordinates in maps.items() if coordinates is not None}


def _index(stored: Any) -> dict[str, Any]:
    index = json.loads(stored["index"].tobytes())
    if index["format"] != FORMAT:
        raise ValueError("a file of maps of another version")
    return index


def _request(folder: Path, index: dict[str, Any], entry: dict[str, Any]) -> MapRequest:
    return MapRequest(folder.name, index["digest"], points=index["points"], **entry["parameters"])


def _entry(stored: Any, entry: dict[str, Any], points: int) -> BundledMap:
    low, high = np.array(entry["range"], np.float64)
    steps = _joined(stored[entry["name"]])
    if "from" in entry:
        steps = steps + _joined(stored[entry["from"]])
    if steps.shape != (points, len(low)):
        raise ValueError("a map of another shape")
    coordinates = restore(steps, low, high)
    quality = None
    if entry["quality"] is not None:
        known = stored[f"{entry['name']}-lost"]
        distortion = np.where(known == NOT_MEASURED, np.nan, known / np.float32(NEIGHBOURS)).astype(np.float32)
        quality = MapQuality(distortion=distortion, **entry["quality"])
    axes = (np.array(entry["mean"]), np.array(entry["axes"])) if "axes" in entry else None
    return BundledMap(coordinates, entry["seconds"], quality, axes)


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


def _part(bundled: BundledMap, index: dict[str, Any], points: int) -> BundledMap:
    count, stored = index["count"], index["points"]
    if points >= stored:
        return bundled
    chosen = np.searchsorted(chosen_points(count, stored), chosen_points(count, points))
    quality = bundled.quality and replace(bundled.quality, distortion=bundled.quality.distortion[chosen])
    return replace(bundled, coordinates=bundled.coordinates[chosen], quality=quality)


# --- writing -----------------------------------------------------------------------------------------------------


def store_maps(folder: Path, digest: str, count: int, maps: dict[MapRequest, BundledMap]) -> None:
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
    for request, bundled in maps.items():
        steps, low, high = quantise(bundled.coordinates)
        name = (
            request.method
            + {
                "pca": "",
                "tsne": f"-{request.perplexity:g}",
                "umap": f"-{request.neighbours}-{request.minimum_distance:g}",
            }[request.method]
        )
        parameters = asdict(request.essential)
        for known in ("checkpoint", "digest", "points"):
            del parameters[known]
        entry = {
            "name": name,
            "parameters": parameters,
            "range": [low.tolist(), high.tolist()],
            "seconds": bundled.seconds,
            "quality": None,
        }
        if request.method in usual:
            entry["from"], start = usual[request.method]
            arrays[name] = _split(steps - start)
        else:
            usual[request.method] = (name, steps)
            arrays[name] = _split(steps)
        if bundled.quality is not None:
            figures = asdict(bundled.quality)
            lost = figures.pop("distortion")
            entry["quality"] = figures
            steps = np.where(np.isnan(lost), NOT_MEASURED, np.round(np.nan_to_num(lost) * NEIGHBOURS))
            arrays[f"{name}-lost"] = steps.astype(np.uint8)
        if bundled.axes is not None:
            entry["mean"], entry["axes"] = (array.tolist() for array in bundled.axes)
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
        usual_request(folder.name, digest, method, count): BundledMap(coordinates, 0.0, None)
        for method, coordinates in maps.items()
    }
    store_maps(folder, digest, count, stored)
