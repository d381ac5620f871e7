"""Maps of the test split's codes: asked for, computed in the background, and kept.

A map is asked for by a MapRequest (``vae_core.projection`` has the methods), computed in a process of its own
(``python -m vae_core.embedding REQUEST``), and kept in a bounded cache on the disk. A checkpoint may bring its maps
along (``save_maps``, ``load_maps``); ``python -m vae_core.embedding --maps NAME`` makes them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.data import load_images
from vae_core.files import atomic_write, cache_folder, trim_folder, write_text
from vae_core.projection import METHODS, MapError, MapRequest, Method, Progress, embed

MAPS = "map.npz"
LARGEST_CACHE = 200_000_000  # bytes
MOST_WORKERS = 2
STEPS_16_BIT = 65535
# What numpy and zipfile raise for files of arrays that are absent, cut or altered.
DAMAGED = (OSError, EOFError, LookupError, ValueError, RuntimeError, MemoryError, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class JobState:
    """How far a map's worker is: ``fraction`` in [0, 1], a word on what it does, an error if it failed."""

    fraction: float
    text: str
    error: str | None = None
    running: bool = True


def chosen_points(count: int, points: int) -> np.ndarray:
    """Indices of the test images on a map: all, or ``points`` of ``count`` drawn at random, in order."""
    if points >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, points, replace=False))


# --- maps that come with a checkpoint --------------------------------------------------------------------------


def save_maps(folder: Path, digest: str, maps: dict[Method, np.ndarray]) -> None:
    """Write 2-D maps (N, 2) of the whole test split beside a checkpoint, quantised to 16 bits, atomically."""
    arrays: dict[str, np.ndarray] = {"digest": np.frombuffer(digest.encode(), np.uint8)}
    for method, coordinates in maps.items():
        low, high = coordinates.min(0), coordinates.max(0)
        scaled = (coordinates - low) / np.maximum(high - low, np.finfo(np.float32).tiny)
        arrays[method] = np.round(scaled * STEPS_16_BIT).astype(np.uint16)
        arrays[f"{method}_range"] = np.stack([low, high]).astype(np.float32)
    with atomic_write(folder / MAPS) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def load_maps(folder: Path, digest: str) -> dict[Method, np.ndarray]:
    """The maps that came with a checkpoint, float32 (N, 2) by method; empty if there are none for these weights."""
    try:
        with (folder / MAPS).open("rb") as file, np.load(file) as stored:
            if stored["digest"].tobytes() != digest.encode():
                return {}
            maps: dict[Method, np.ndarray] = {}
            for method in [method for method in METHODS if method in stored]:
                low, high = stored[f"{method}_range"]
                maps[method] = (low + (high - low) * (stored[method] / np.float32(STEPS_16_BIT))).astype(np.float32)
            return maps
    except DAMAGED:
        return {}


def make_maps(
    name: str, on_progress: Progress, root: Path | None = None, data_root: Path | None = None
) -> None:
    """Compute and store the maps of a checkpoint's whole test split.

    Args:
        name: the checkpoint's name.
        on_progress: called now and then with the share done and a word.
        root: the folder of checkpoints; see ``checkpoints_folder``.
        data_root: where image sets lie; see ``data_root`` in ``vae_core.data``.

    Raises:
        UserError: if the checkpoint or its images cannot be used.
    """
    checkpoint = find_checkpoint(name, root)
    codes = _test_codes(checkpoint.folder, data_root)
    maps: dict[Method, np.ndarray] = {}
    for position, method in enumerate(METHODS):
        request = MapRequest(name, checkpoint.digest, method, len(codes))

        def share(fraction: float, text: str, done: int = position, title: str = METHODS[method]) -> None:
            on_progress((done + fraction) / len(METHODS), f"{title}: {text}")

        maps[method] = embed(codes, request, share)
    save_maps(checkpoint.folder, checkpoint.digest, maps)


def make_maps_with_bar(name: str, root: Path | None = None, data_root: Path | None = None) -> None:
    """``make_maps`` with a progress bar in the terminal."""
    from tqdm import tqdm

    with tqdm(total=100, desc=name, bar_format="{desc} {bar} {percentage:3.0f} % {postfix}", disable=None) as bar:

        def show(fraction: float, text: str) -> None:
            bar.set_postfix_str(text, refresh=False)
            bar.update(100 * fraction - bar.n)

        make_maps(name, show, root, data_root)


def _test_codes(folder: Path, data_root: Path | None = None) -> np.ndarray:
    """Posterior means of a checkpoint's test split."""
    from vae_core.latent import LatentSpace

    space = LatentSpace.open(folder)
    images = load_images(space.run.data, "test", root=data_root)
    return space.encode(images.images, images.labels if space.classes else None)


# --- the cache and the worker ----------------------------------------------------------------------------------


def cached_map(request: MapRequest) -> np.ndarray | None:
    """A map computed before, (N, dimensions); None if there is none, or its file is damaged."""
    try:
        coordinates = np.load(cache_folder("maps") / f"{request.key}.npy")
    except DAMAGED:
        return None
    return coordinates if coordinates.ndim == 2 and coordinates.shape[1] == request.dimensions else None


def _store(request: MapRequest, coordinates: np.ndarray) -> None:
    """Keep a map, and let the oldest files go if all together are too large."""
    folder = cache_folder("maps")
    with atomic_write(folder / f"{request.key}.npy") as file:
        np.save(file, coordinates)
    trim_folder(folder, LARGEST_CACHE)


_workers: dict[str, subprocess.Popen[bytes]] = {}
_workers_lock = threading.Lock()


def _progress_file(request: MapRequest) -> Path:
    return cache_folder("maps") / f"{request.key}.progress.json"


def start_job(request: MapRequest) -> None:
    """Start computing a map in a process of its own; nothing happens if that process is at work already.

    Raises:
        MapError: if as many maps as allowed are being computed.
    """
    with _workers_lock:
        at_work = [key for key, worker in _workers.items() if worker.poll() is None]
        if request.key in at_work:
            return
        if len(at_work) >= MOST_WORKERS:
            raise MapError(f"{MOST_WORKERS} maps are being computed already; wait until one is done")
        _progress_file(request).unlink(missing_ok=True)
        command = [sys.executable, "-m", "vae_core.embedding", json.dumps(asdict(request))]
        project = str(Path(__file__).resolve().parent.parent)  # found from wherever the app was started
        found_in = os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))
        _workers[request.key] = subprocess.Popen(
            command,
            # Threads that wait sleep instead of spinning, so that the app's pages get the processor.
            env={**os.environ, "PYTHONPATH": found_in, "OMP_WAIT_POLICY": "passive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def job_state(request: MapRequest) -> JobState | None:
    """How far a map's worker is; None if none was started here."""
    worker = _workers.get(request.key)
    if worker is None:
        return None
    running = worker.poll() is None
    try:
        found = json.loads(_progress_file(request).read_text(encoding="utf-8"))
        state = JobState(found["fraction"], found["text"], found.get("error"), running)
    except (OSError, ValueError, KeyError):
        state = JobState(0.0, "Starting", None, running)
    if not running and state.error is None and cached_map(request) is None:
        return JobState(state.fraction, state.text, "the map's process ended before it was done; try again", False)
    return state


def cancel_job(request: MapRequest) -> None:
    """Stop a map's worker at once and forget it."""
    with _workers_lock:
        worker = _workers.pop(request.key, None)
    if worker is not None:
        worker.kill()
        worker.wait()
        _progress_file(request).unlink(missing_ok=True)


def _work(request: MapRequest) -> int:
    """What the worker process does: compute, report, store."""
    last = 0.0

    def report(fraction: float, text: str, error: str | None = None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.2 or fraction in (0.0, 1.0) or error:
            last = now
            write_text(_progress_file(request), json.dumps({"fraction": fraction, "text": text, "error": error}))

    try:
        report(0.0, "Encoding the test images")
        checkpoint = find_checkpoint(request.checkpoint)
        if checkpoint.digest != request.digest:
            raise MapError(f"{request.checkpoint} has been trained anew; load the page again")
        codes = _test_codes(checkpoint.folder)
        _store(request, embed(codes[chosen_points(len(codes), request.points)], request, report))
    except UserError as error:
        report(0.0, "", str(error))
        return 2
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        report(0.0, "", f"the map could not be computed ({reason}); the server's log has the whole story")
        raise
    _progress_file(request).unlink(missing_ok=True)
    return 0


def main(arguments: list[str]) -> int:
    """``--maps NAME ...`` stores the maps of checkpoints; otherwise the argument is a request, as JSON."""
    if not arguments:
        print("usage: python -m vae_core.embedding --maps NAME ...", file=sys.stderr)
        return 2
    if arguments[0] != "--maps":
        return _work(MapRequest(**json.loads(arguments[0])))
    try:
        for name in arguments[1:]:
            make_maps_with_bar(name)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
