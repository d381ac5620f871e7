"""Maps that need not be computed: those that came with a checkpoint, and those in a bounded cache on the disk."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from vae_core.files import DAMAGED, atomic_write, cache_folder, read_or_make, trim_folder, write_text
from vae_core.maps.bundled import bundled_map, load_bundled
from vae_core.maps.quality import MapQuality, measure
from vae_core.maps.request import MapRequest

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
    bundled = bundled_map(folder, request)
    return cached_map(request) if bundled is None else bundled


def store_map(request: MapRequest, coordinates: np.ndarray, seconds: float) -> None:
    """Keep a map and the processor time that it took, and let the oldest files go if all together are too large."""
    write_text(_file(request, ".json"), json.dumps({"seconds": seconds}))
    with atomic_write(_file(request, ".npy")) as file:
        np.save(file, coordinates)
    trim_folder(cache_folder("maps"), LARGEST_CACHE)


def seconds(request: MapRequest, folder: Path) -> float | None:
    """The processor time that a map's computation took; None if that is not known."""
    bundled = load_bundled(folder, request)
    if bundled is not None:
        return bundled.seconds or None
    try:
        return float(json.loads(_file(request, ".json").read_text(encoding="utf-8"))["seconds"])
    except DAMAGED:
        return None


def quality_of(
    request: MapRequest, folder: Path, codes: np.ndarray, coordinates: np.ndarray, labels: np.ndarray | None
) -> MapQuality:
    """The quality of a map: as it came with the checkpoint or is in the cache, else evaluated now and kept.

    Args:
        request: the map's.
        folder: the checkpoint's.
        codes: (N, D) what the map was made from.
        coordinates: (N, dimensions) the map.
        labels: (N,) classes, or None.

    Raises:
        ValueError: unless there are more than 30 points, and as many on the map as codes.
    """
    bundled = load_bundled(folder, request)
    if bundled is not None and bundled.quality is not None and bundled.quality.measured == len(codes):
        return bundled.quality

    def read(path: Path) -> MapQuality:
        with np.load(path) as stored:
            quality = MapQuality(distortion=stored["distortion"], **json.loads(stored["figures"].tobytes()))
        if quality.distortion.shape != (len(codes),):
            raise ValueError("the figures of another map")
        return quality

    return read_or_make(
        _file(request, ".quality.npz"),
        read,
        lambda: measure(codes, coordinates, labels),
        _write_quality,
        most_bytes=LARGEST_CACHE,
    )


def _write_quality(path: Path, quality: MapQuality) -> None:
    figures = asdict(quality)
    distortion = figures.pop("distortion")
    with atomic_write(path) as file:
        np.savez(file, figures=np.frombuffer(json.dumps(figures).encode(), np.uint8), distortion=distortion)


def _file(request: MapRequest, ending: str) -> Path:
    return cache_folder("maps") / f"{request.key}{ending}"
