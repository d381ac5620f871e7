"""Maps that are there already: those that came with a checkpoint, and those in a bounded cache on the disk."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vae_core.files import atomic_write, cache_folder, trim_folder, write_text
from vae_core.maps.bundled import DAMAGED, load_shipped, shipped_map
from vae_core.maps.projection import MapRequest
from vae_core.maps.quality import MapQuality, measure

LARGEST_CACHE = 200_000_000  # bytes


def cached_map(request: MapRequest) -> np.ndarray | None:
    """A map computed before, (N, dimensions); None if there is none, or its file is damaged."""
    try:
        coordinates = np.load(_file(request, ".npy"))
    except DAMAGED:
        return None
    return coordinates if coordinates.ndim == 2 and coordinates.shape[1] == request.dimensions else None


def ready_map(request: MapRequest, folder: Path) -> np.ndarray | None:
    """The map that came with a checkpoint in ``folder``, or that is in the cache; None if it must be computed."""
    shipped = shipped_map(folder, request)
    return cached_map(request) if shipped is None else shipped


def store_map(request: MapRequest, coordinates: np.ndarray, seconds: float) -> None:
    """Keep a map and the processor time that it took, and let the oldest files go if all together are too large."""
    write_text(_file(request, ".json"), json.dumps({"seconds": seconds}))
    with atomic_write(_file(request, ".npy")) as file:
        np.save(file, coordinates)
    trim_folder(cache_folder("maps"), LARGEST_CACHE)


def seconds(request: MapRequest, folder: Path) -> float | None:
    """The processor time that a map's computation took; None if that is not known."""
    shipped = load_shipped(folder, request)
    if shipped is not None:
        return shipped.seconds or None
    try:
        return float(json.loads(_file(request, ".json").read_text(encoding="utf-8"))["seconds"])
    except DAMAGED:
        return None


def quality_of(
    request: MapRequest, folder: Path, codes: np.ndarray, coordinates: np.ndarray, labels: np.ndarray | None
) -> MapQuality:
    """The figures of a map, as they came with the checkpoint or were measured before, else measured now and kept.

    Args:
        request: the map's.
        folder: the checkpoint's.
        codes: (N, D) what the map was made from.
        coordinates: (N, dimensions) the map.
        labels: (N,) classes, or None.

    Raises:
        ValueError: unless there are more than 30 points, and as many on the map as codes.
    """
    shipped = load_shipped(folder, request)
    if shipped is not None and shipped.quality is not None and shipped.quality.measured == len(codes):
        return shipped.quality
    path = _file(request, ".quality.npz")
    try:
        with np.load(path) as stored:
            figures = json.loads(stored["figures"].tobytes())
            found = MapQuality(distortion=stored["distortion"], **figures)
            if found.distortion.shape == (len(codes),):
                return found
    except DAMAGED:
        pass
    found = measure(codes, coordinates, labels)
    figures = asdict(found)
    distortion = figures.pop("distortion")
    with atomic_write(path) as file:
        np.savez(file, figures=np.frombuffer(json.dumps(figures).encode(), np.uint8), distortion=distortion)
    trim_folder(cache_folder("maps"), LARGEST_CACHE)
    return found


def _file(request: MapRequest, ending: str) -> Path:
    return cache_folder("maps") / f"{request.key}{ending}"
