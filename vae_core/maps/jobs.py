"""Computing maps in the background: each in a process of its own, which reports how far it is in a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from vae_core.files import cache_folder, write_text
from vae_core.maps.cache import cached_map
from vae_core.maps.request import MapError, MapRequest

MOST_WORKERS = 2
SILENT_SECONDS = 0.8  # without one, after which the page says how long a step has taken


@dataclass(frozen=True)
class JobState:
    """How far a map's worker is: ``fraction`` in [0, 1], a word on what it does, an error if it failed."""

    fraction: float
    text: str
    error: str | None = None
    running: bool = True


_workers: dict[str, subprocess.Popen[bytes]] = {}
_workers_lock = threading.Lock()


def progress_file(request: MapRequest) -> Path:
    """Where a map's worker says how far it is."""
    return cache_folder("maps") / f"{request.key}.progress.json"


def write_progress(request: MapRequest, fraction: float, text: str, error: str | None = None) -> None:
    """Say how far a map's worker is: ``fraction`` in [0, 1], a word on what it does, an error if it failed."""
    write_text(progress_file(request), json.dumps({"fraction": fraction, "text": text, "error": error}))


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
        write_progress(request, 0.0, "Starting")
        command = [sys.executable, "-m", "vae_core.maps.worker", json.dumps(asdict(request))]
        project = str(Path(__file__).resolve().parent.parent.parent)  # importable from wherever the app was started
        search_path = os.pathsep.join(filter(None, [project, os.environ.get("PYTHONPATH")]))
        _workers[request.key] = subprocess.Popen(
            command,
            env={
                "NUMBA_CACHE_DIR": str(cache_folder("numba")),  # so that UMAP is compiled once only
                **os.environ,
                "PYTHONPATH": search_path,
                # Threads that wait sleep instead of spinning, so that the app's pages get the processor.
                "OMP_WAIT_POLICY": "passive",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


def job_state(request: MapRequest) -> JobState | None:
    """How far a map's worker is; None if this server has not started one."""
    worker = _workers.get(request.key)
    if worker is None:
        return None
    running = worker.poll() is None
    try:
        report = json.loads(progress_file(request).read_text(encoding="utf-8"))
        silent = time.time() - progress_file(request).stat().st_mtime
        # Loading and compiling a library says nothing for seconds; the count shows that the work goes on.
        text = f"{report['text']}, {silent:.1f} s" if running and silent > SILENT_SECONDS else report["text"]
        state = JobState(report["fraction"], text, report.get("error"), running)
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
        progress_file(request).unlink(missing_ok=True)
