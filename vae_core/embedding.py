"""Maps of the test split's codes: asked for, computed in the background, and kept.

A map is asked for by a MapRequest (``vae_core.projection`` has the methods), computed in a process of its own
(``python -m vae_core.embedding REQUEST``), and kept in a bounded cache on the disk. A checkpoint may bring maps along
(``shipped_requests``, ``shipped_map``); ``python -m vae_core.embedding --maps NAME ...`` makes them.
This module holds the worker, and all that a page needs of its neighbours:

- ``ready_map(request, folder)``: the map that came along or is in the cache, or None
- ``quality(request, folder, codes, coordinates, labels)``, ``shepard(codes, coordinates)``
- ``seconds(request, folder)``: processor time that the map's computation took
- ``place(request, checkpoint, codes)``: where new codes lie; ``plane(request, checkpoint)``: PCA's mean and axes
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.files import cache_folder, write_text
from vae_core.map_cache import cached_map, quality, ready_map, seconds, store_map
from vae_core.map_places import place, plane
from vae_core.map_quality import MapQuality, Shepard, shepard
from vae_core.map_sources import chosen_points, source_points
from vae_core.projection import METHODS, SOURCES, MapError, MapRequest, Method, embed
from vae_core.shipped_maps import (
    ShippedMap,
    load_maps,
    load_shipped,
    make_maps,
    make_maps_with_bar,
    save_maps,
    shipped_map,
    shipped_requests,
)

MOST_WORKERS = 2
SOONEST_SECONDS = 0.2  # between two writings of the progress
SILENT_SECONDS = 0.8  # without one, after which people are told how long a step has taken

__all__ = [
    "METHODS", "SOURCES", "JobState", "MapError", "MapQuality", "MapRequest", "Method", "Shepard", "ShippedMap",
    "cached_map", "cancel_job", "chosen_points", "job_state", "load_maps", "load_shipped", "make_maps",
    "make_maps_with_bar", "place", "plane", "quality", "ready_map", "save_maps", "seconds", "shepard", "shipped_map",
    "shipped_requests", "start_job",
]  # fmt: skip


@dataclass(frozen=True)
class JobState:
    """How far a map's worker is: ``fraction`` in [0, 1], a word on what it does, an error if it failed."""

    fraction: float
    text: str
    error: str | None = None
    running: bool = True


_workers: dict[str, subprocess.Popen[bytes]] = {}
_workers_lock = threading.Lock()


def _progress_file(request: MapRequest) -> Path:
    return cache_folder("maps") / f"{request.key}.progress.json"


def _write_progress(request: MapRequest, fraction: float, text: str, error: str | None = None) -> None:
    write_text(_progress_file(request), json.dumps({"fraction": fraction, "text": text, "error": error}))


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
        _write_progress(request, 0.0, "Starting")
        command = [sys.executable, "-m", "vae_core.embedding", json.dumps(asdict(request))]
        project = str(Path(__file__).resolve().parent.parent)  # found from wherever the app was started
        found_in = os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))
        _workers[request.key] = subprocess.Popen(
            command,
            env={
                "NUMBA_CACHE_DIR": str(cache_folder("numba")),  # so that UMAP is compiled once only
                **os.environ,
                "PYTHONPATH": found_in,
                # Threads that wait sleep instead of spinning, so that the app's pages get the processor.
                "OMP_WAIT_POLICY": "passive",
            },
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
        silent = time.time() - _progress_file(request).stat().st_mtime
        # Loading and compiling a library says nothing for seconds; the count shows that the work goes on.
        text = f"{found['text']}, {silent:.1f} s" if running and silent > SILENT_SECONDS else found["text"]
        state = JobState(found["fraction"], text, found.get("error"), running)
    except (OSError, ValueError, KeyError):
        if cached_map(request) is not None:  # the process has only to end, which takes UMAP's a second
            return JobState(1.0, "Done", None, False)
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
        if now - last > SOONEST_SECONDS or fraction in (0.0, 1.0) or error:
            last = now
            _write_progress(request, fraction, text, error)

    try:
        report(0.0, "Encoding the test images")
        checkpoint = find_checkpoint(request.checkpoint)
        if checkpoint.digest != request.digest:
            raise MapError(f"{request.checkpoint} has been trained anew; load the page again")
        source = source_points(checkpoint.folder, request)
        began = time.process_time()
        coordinates = embed(source.points, request, report)
        store_map(request, coordinates, round(time.process_time() - began, 3))
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
