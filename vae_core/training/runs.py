"""Training runs that the app starts: a process of its own for each, one at a time, watched through its files.

The process is ``train.py``. Its history file says how far it is; when it ends, it has left a checkpoint or a line that
says why not.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vae_core.checkpoint import HISTORY, WEIGHTS, check_name, checkpoints_folder
from vae_core.config import UserError
from vae_core.data import DATASETS
from vae_core.files import cache_folder
from vae_core.models.presets import PRESETS

SWITCH = "LATENT_TRAINING"
MOST_EPOCHS = 500
MOST_DIMENSIONS = 256
NAMES_TRIED = 1000
PROJECT = Path(__file__).resolve().parent.parent.parent


class RunError(UserError):
    """A run that cannot be started."""


@dataclass(frozen=True)
class RunRequest:
    """What a visitor may choose; all else is the preset's."""

    name: str
    data: str
    preset: str
    latent: int
    epochs: int

    def check(self) -> None:
        """Raise RunError, or CheckpointError for a bad name, unless a run can be started from this."""
        check_name(self.name)
        if self.data not in DATASETS:
            raise RunError(f"there is no data set {self.data!r}; choose one of {', '.join(DATASETS)}")
        if self.preset not in PRESETS:
            raise RunError(f"there is no preset {self.preset!r}; choose one of {', '.join(PRESETS)}")
        if not 1 <= self.latent <= MOST_DIMENSIONS:
            raise RunError(f"{self.latent} latent dimensions are out of range; choose 1 to {MOST_DIMENSIONS}")
        if not 1 <= self.epochs <= MOST_EPOCHS:
            raise RunError(f"{self.epochs} epochs are out of range; choose 1 to {MOST_EPOCHS}")
        if (checkpoints_folder() / self.name).exists():
            raise RunError(f"there is a model {self.name!r} already; choose another name")

    def command(self) -> list[str]:
        """The command line that trains it."""
        return [
            sys.executable,
            str(PROJECT / "train.py"),
            "--name",
            self.name,
            "--data",
            self.data,
            "--preset",
            self.preset,
            "--latent",
            str(self.latent),
            "--epochs",
            str(self.epochs),
            "--out",
            str(checkpoints_folder().absolute()),
        ]


@dataclass(frozen=True)
class RunState:
    """How far a run is."""

    request: RunRequest
    history: list[dict[str, Any]]
    """The record of each finished epoch."""
    seconds: float
    """Since it was started; until its end, once it has ended."""
    running: bool
    stopping: bool
    """Whether it was asked to stop; it then keeps its last finished epoch."""
    error: str | None
    """Why there is no checkpoint, once the run has ended without one."""

    @property
    def fraction(self) -> float:
        """The share of the epochs that is done."""
        return min(1.0, len(self.history) / self.request.epochs)


@dataclass
class _Run:
    request: RunRequest
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path
    started: float
    stopping: bool = False
    ended: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


_latest: _Run | None = None
_lock = threading.Lock()


def allowed() -> bool:
    """Whether visitors may start runs: not if the environment variable LATENT_TRAINING is ``off``."""
    return os.environ.get(SWITCH, "on").strip().lower() not in ("off", "0", "no", "false")


def free_name(preset: str) -> str:
    """A name that no checkpoint has: the preset's, with the first free number."""
    folder = checkpoints_folder()
    names = (f"my-{preset}" if number == 1 else f"my-{preset}-{number}" for number in range(1, NAMES_TRIED))
    return next(name for name in names if not (folder / name).exists())


def start(request: RunRequest) -> None:
    """Start a run in a process of its own.

    Raises:
        RunError: if runs may not be started here, one is at work, or the request cannot be trained.
        CheckpointError: if the name cannot be a folder's.
    """
    global _latest
    if not allowed():
        raise RunError("this server does not train models; run the program on your own computer for that")
    request.check()
    with _lock:
        if _latest is not None and _latest.process.poll() is None:
            raise RunError(f"{_latest.request.name} is being trained; wait until it is finished, or stop it")
        log = cache_folder("runs") / f"{request.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = subprocess.Popen(
                request.command(),
                # Threads that wait sleep instead of spinning, so that the app's pages get the processor.
                env={**os.environ, "OMP_WAIT_POLICY": "passive"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Windows: to be stopped alone
            )
        _latest = _Run(request, checkpoints_folder() / request.name, process, log, time.monotonic())


def state() -> RunState | None:
    """The latest run that this server started, at work or ended; None if there is none."""
    run = _latest
    if run is None:
        return None
    running = run.process.poll() is None
    with run.lock:
        if not running and run.ended is None:
            run.ended = time.monotonic()
    end = time.monotonic() if run.ended is None else run.ended
    kept = (run.folder / WEIGHTS).exists()
    error = None if running or (kept and run.process.returncode == 0) else _reason(run)
    return RunState(run.request, _history(run), end - run.started, running, run.stopping, error)


def stop() -> None:
    """Ask the run at work to stop after keeping its last finished epoch; nothing if there is none."""
    run = _latest
    if run is None or run.process.poll() is not None:
        return
    with run.lock:
        if run.stopping:
            return  # a second signal would interrupt the keeping
        run.stopping = True
    with contextlib.suppress(OSError):  # it ended in this moment
        run.process.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))


def forget() -> None:
    """Forget a run that has ended."""
    global _latest
    with _lock:
        if _latest is not None and _latest.process.poll() is not None:
            _latest = None


def _history(run: _Run) -> list[dict[str, Any]]:
    """The finished epochs, from the work folder or, at the end, from the checkpoint."""
    for folder in (run.folder.parent / f".{run.folder.name}.training", run.folder):
        try:
            lines = (folder / HISTORY).read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except (OSError, ValueError):
            continue
    return []


def _reason(run: _Run) -> str:
    """Why a run left no checkpoint: its own last words, if they are for people."""
    if run.stopping:
        return "stopped before its first epoch was finished; nothing was kept"
    try:
        lines = run.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return errors[-1] if errors else f"the training ended with exit status {run.process.returncode}; see {run.log}"
