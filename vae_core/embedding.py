"""Maps: the test split's codes in two or three dimensions, by PCA, t-SNE or UMAP.

A map is asked for by a MapRequest, computed in a process of its own (``python -m vae_core.embedding REQUEST``), and
kept in a bounded cache on the disk. A checkpoint may bring its maps along (``save_maps``, ``load_maps``).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.data import load_images
from vae_core.files import atomic_write, write_text

Method = Literal["pca", "tsne", "umap"]
METHODS: dict[Method, str] = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
Progress = Callable[[float, str], None]

MAPS = "map.npz"
LARGEST_CACHE = 200_000_000  # bytes
MOST_WORKERS = 2
STEPS_16_BIT = 65535
EARLY_ITERATIONS, ITERATIONS = 250, 500  # of t-SNE: early exaggeration, then the rest


class MapError(UserError):
    """A map that cannot be computed."""


@dataclass(frozen=True)
class MapRequest:
    """Everything that decides a map; equal requests have equal maps."""

    checkpoint: str
    """The checkpoint's name."""
    digest: str
    """The digest of its weights."""
    method: Method = "tsne"
    points: int = 10_000
    """Test images, drawn at random; no more than there are."""
    dimensions: int = 2
    """2 or 3."""
    seed: int = 0
    perplexity: float = 30.0
    """t-SNE: the effective number of neighbours (van der Maaten & Hinton 2008)."""
    neighbours: int = 15
    """UMAP: neighbours of a point (McInnes, Healy & Melville 2018)."""
    minimum_distance: float = 0.1
    """UMAP: how near points may come in the map."""

    @property
    def key(self) -> str:
        """A name for the map's files: 24 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:24]


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


# --- the methods -----------------------------------------------------------------------------------------------


def embed(codes: np.ndarray, request: MapRequest, on_progress: Progress = lambda fraction, text: None) -> np.ndarray:
    """The map of codes (N, D), float32 (N, dimensions).

    Args:
        codes: posterior means.
        request: the method and its parameters.
        on_progress: called now and then with the share done and a word; an exception from it cancels.

    Raises:
        MapError: if there are too few points for the parameters, they are all equal, or not finite.
    """
    codes = np.asarray(codes, np.float64)
    _check(codes, request)
    make = {"pca": _pca, "tsne": _tsne, "umap": _umap}[request.method]
    on_progress(0.0, "Starting")
    coordinates = make(codes, request, on_progress)
    on_progress(1.0, "Done")
    return np.asarray(coordinates, np.float32)


def _check(codes: np.ndarray, request: MapRequest) -> None:
    name = METHODS[request.method]
    if not np.isfinite(codes).all():
        raise MapError("some codes are not finite numbers; train the model again")
    if request.dimensions not in (2, 3):
        raise MapError(f"a map has 2 or 3 dimensions, not {request.dimensions}")
    needed = {"pca": request.dimensions, "tsne": 3 * request.perplexity, "umap": request.neighbours}[request.method]
    if len(codes) <= needed:
        raise MapError(f"{name} with these parameters needs more than {needed:g} points; there are {len(codes)}")
    if len(codes) and np.ptp(codes, axis=0).max() == 0:
        raise MapError("all codes are equal, so there is nothing to map")


def _pca(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """The leading principal components; codes of fewer dimensions than the map get zeros for the rest."""
    centred = codes - codes.mean(0)
    _, vectors = np.linalg.eigh(np.atleast_2d(np.cov(centred, rowvar=False)))
    axes = vectors[:, ::-1][:, : request.dimensions]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])  # signs alike on every machine
    coordinates = np.zeros((len(codes), request.dimensions))
    coordinates[:, : axes.shape[1]] = centred @ axes
    return coordinates


def _tsne(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """t-SNE by openTSNE (Policar, Strazar & Zupan 2019), begun from PCA."""
    from openTSNE import TSNE

    def report(iteration: int, error: float, embedding: np.ndarray) -> None:
        done["iterations"] += every
        on_progress(0.1 + 0.9 * done["iterations"] / (EARLY_ITERATIONS + ITERATIONS), "Moving the points")

    done, every = {"iterations": 0}, 10
    on_progress(0.02, "Finding neighbours")
    planar = request.dimensions == 2
    method = TSNE(
        request.dimensions,
        perplexity=request.perplexity,
        initialization="pca",
        neighbors="exact" if len(codes) <= 20_000 else "annoy",
        negative_gradient_method="fft" if planar else "bh",
        early_exaggeration_iter=EARLY_ITERATIONS,
        n_iter=ITERATIONS,
        n_jobs=os.cpu_count() or 1,
        random_state=request.seed,
        callbacks=report,
        callbacks_every_iters=every,
    )
    return np.asarray(method.fit(codes))


def _umap(codes: np.ndarray, request: MapRequest, on_progress: Progress) -> np.ndarray:
    """UMAP by umap-learn, given exact neighbours, which spares most of its compilation."""
    from sklearn.neighbors import NearestNeighbors

    on_progress(0.05, "Finding neighbours")
    search = NearestNeighbors(n_neighbors=request.neighbours, n_jobs=-1).fit(codes)
    distances, indices = search.kneighbors(codes)
    on_progress(0.1, "Loading UMAP")
    from umap import UMAP

    method = UMAP(
        n_components=request.dimensions,
        n_neighbors=request.neighbours,
        min_dist=request.minimum_distance,
        precomputed_knn=(indices, distances, None),
        init="pca",
        random_state=request.seed,
        n_jobs=1,  # what a fixed seed needs
        verbose=True,  # its bar goes to the meter
        tqdm_kwds={"file": _Meter(on_progress), "mininterval": 0.2},
    )
    with warnings.catch_warnings():
        # Exact neighbours come without an index for new points, which is not needed here.
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\] \(knn_search_index\)", UserWarning)
        with contextlib.redirect_stdout(io.StringIO()):  # ``verbose`` also prints
            return method.fit_transform(codes)


class _Meter:
    """A file for tqdm to write its bar to, which hands the percentage on."""

    def __init__(self, on_progress: Progress) -> None:
        self.on_progress = on_progress

    def write(self, text: str) -> None:
        """Take one state of the bar, such as ``Epochs completed:  42%|####  |``."""
        percentage = text.partition("%")[0].rpartition(":")[2].strip()
        if percentage.isdigit():
            self.on_progress(0.3 + 0.7 * int(percentage) / 100, "Moving the points")

    def flush(self) -> None:
        """Nothing is held back."""


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
        with np.load(folder / MAPS) as stored:
            if stored["digest"].tobytes() != digest.encode():
                return {}
            maps: dict[Method, np.ndarray] = {}
            for method in METHODS:
                low, high = stored[f"{method}_range"]
                maps[method] = (low + (high - low) * (stored[method] / np.float32(STEPS_16_BIT))).astype(np.float32)
            return maps
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}


def make_maps(name: str, on_progress: Progress, root: Path | None = None) -> None:
    """Compute and store the maps of a checkpoint's whole test split.

    Raises:
        UserError: if the checkpoint or its images cannot be used.
    """
    checkpoint = find_checkpoint(name, root)
    codes = _test_codes(checkpoint.folder)
    maps: dict[Method, np.ndarray] = {}
    for position, method in enumerate(METHODS):
        request = MapRequest(name, checkpoint.digest, method, len(codes))

        def share(fraction: float, text: str, done: int = position, title: str = METHODS[method]) -> None:
            on_progress((done + fraction) / len(METHODS), f"{title}: {text}")

        maps[method] = embed(codes, request, share)
    save_maps(checkpoint.folder, checkpoint.digest, maps)


def _test_codes(folder: Path) -> np.ndarray:
    """Posterior means of a checkpoint's test split."""
    from vae_core.latent import LatentSpace

    space = LatentSpace.open(folder)
    images = load_images(space.run.data, "test")
    return space.encode(images.images, images.labels if space.classes else None)


# --- the cache and the worker ----------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where computed maps lie: ``LATENT_CACHE``, else the user's cache folder."""
    if named := os.environ.get("LATENT_CACHE"):
        return Path(named) / "maps"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "latent-space-explorer" / "maps"


def cached_map(request: MapRequest) -> np.ndarray | None:
    """A map computed before, (N, dimensions); None if there is none, or its file is damaged."""
    try:
        coordinates = np.load(cache_folder() / f"{request.key}.npy")
    except (OSError, ValueError, EOFError):
        return None
    return coordinates if coordinates.ndim == 2 and coordinates.shape[1] == request.dimensions else None


def _store(request: MapRequest, coordinates: np.ndarray) -> None:
    """Keep a map, and let the oldest ones go if all together are too large."""
    folder = cache_folder()
    with atomic_write(folder / f"{request.key}.npy") as file:
        np.save(file, coordinates)
    newest_first = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime, reverse=True)
    total = 0
    for path in newest_first:
        total += path.stat().st_size
        if total > LARGEST_CACHE:
            path.unlink(missing_ok=True)


_workers: dict[str, subprocess.Popen[bytes]] = {}
_workers_lock = threading.Lock()


def _progress_file(request: MapRequest) -> Path:
    return cache_folder() / f"{request.key}.progress.json"


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
        project = Path(__file__).resolve().parent.parent
        _workers[request.key] = subprocess.Popen(
            command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
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
    _progress_file(request).unlink(missing_ok=True)
    return 0


def main(arguments: list[str]) -> int:
    """``--maps NAME ...`` stores the maps of checkpoints; otherwise the argument is a request, as JSON."""
    if arguments[:1] != ["--maps"]:
        return _work(MapRequest(**json.loads(arguments[0])))
    from tqdm import tqdm

    try:
        for name in arguments[1:]:
            with tqdm(total=100, desc=name, bar_format="{desc} {bar} {percentage:3.0f} % {postfix}") as bar:

                def show(fraction: float, text: str, bar: tqdm = bar) -> None:
                    bar.set_postfix_str(text, refresh=False)
                    bar.update(100 * fraction - bar.n)

                make_maps(name, show)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
