"""Checkpoints: one folder a model, safe to read, written atomically.

    checkpoints/NAME/model.safetensors   weights, with the run's configuration in the header
                     history.jsonl       one line an epoch
                     metrics.json        metrics on the test split
                     map.npz             a grid of two-dimensional maps of the test split (optional)

Listing and reading the header need neither torch nor the weights. Nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vae_core.config import RunConfig, UserError
from vae_core.evaluation.record import Metrics
from vae_core.files import atomic_write, write_text

if TYPE_CHECKING:
    from torch import Tensor

    from vae_core.models import Autoencoder

FORMAT = "latent-space-explorer"
SCHEMA = 1
WEIGHTS = "model.safetensors"
HISTORY = "history.jsonl"
METRICS = "metrics.json"
LONGEST_HEADER = 10_000_000  # bytes; far above any real header, far below what would fill the memory
NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class CheckpointError(UserError):
    """A checkpoint that is absent, damaged or not ours."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder under ``checkpoints/`` whose weights file is whole and ours."""

    name: str
    folder: Path
    run: RunConfig

    @cached_property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the weights file; the key of every cache."""
        return hashlib.sha256((self.folder / WEIGHTS).read_bytes()).hexdigest()[:16]

    @cached_property
    def metrics(self) -> Metrics:
        """What ``metrics.json`` holds; nothing if it is absent or damaged."""
        try:
            return Metrics.from_json(json.loads((self.folder / METRICS).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return Metrics()

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """The record of each finished epoch; a damaged line ends it."""
        try:
            return [json.loads(line) for line in (self.folder / HISTORY).read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError):
            return []


@dataclass(frozen=True)
class BrokenCheckpoint:
    """An entry of ``checkpoints/`` that cannot be used, with one line that says why."""

    name: str
    folder: Path
    problem: str


class Listing(NamedTuple):
    """What a checkpoints folder holds, each part sorted by name."""

    usable: list[Checkpoint]
    broken: list[BrokenCheckpoint]


def checkpoints_folder() -> Path:
    """The folder that holds all checkpoints: ``LATENT_CHECKPOINTS``, else ``checkpoints`` in the project."""
    named = os.environ.get("LATENT_CHECKPOINTS")
    return Path(named) if named else Path(__file__).resolve().parent.parent / "checkpoints"


def check_name(name: str) -> str:
    """Return a checkpoint's name if it can be a folder's.

    Raises:
        CheckpointError: if it is empty, too long, or holds anything but letters, digits, dot, dash, underscore.
    """
    if not NAME_PATTERN.fullmatch(name):
        raise CheckpointError(
            f"{name!r} cannot be a checkpoint's name; use up to 80 letters, digits, dots, dashes and underscores, "
            "beginning with a letter or digit"
        )
    return name


def list_checkpoints(root: Path | None = None) -> Listing:
    """Every checkpoint in the folder, usable or broken. Never raises."""
    folder, listing = root or checkpoints_folder(), Listing([], [])
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return listing
    for entry in entries:
        checkpoint = _inspect(entry)
        if isinstance(checkpoint, Checkpoint):
            listing.usable.append(checkpoint)
        elif checkpoint is not None:
            listing.broken.append(checkpoint)
    return listing


def find_checkpoint(name: str, root: Path | None = None) -> Checkpoint:
    """The usable checkpoint of that name.

    Raises:
        CheckpointError: if the name is not one, or the checkpoint is absent or cannot be used.
    """
    folder = (root or checkpoints_folder()) / check_name(name)
    checkpoint = _inspect(folder) if folder.exists() else None
    if checkpoint is None:
        raise CheckpointError(f"there is no checkpoint {name!r} in {folder.parent}; `python train.py` makes one")
    if isinstance(checkpoint, BrokenCheckpoint):
        raise CheckpointError(checkpoint.problem)
    return checkpoint


def _inspect(entry: Path) -> Checkpoint | BrokenCheckpoint | None:
    """Judge one entry of the checkpoints folder; None for what does not claim to be a checkpoint."""
    try:
        if entry.is_dir() and (entry / WEIGHTS).exists():
            return Checkpoint(entry.name, entry, read_run(entry / WEIGHTS))
        problem = _problem(entry)
    except UserError as error:
        problem = str(error)
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    return BrokenCheckpoint(entry.name, entry, f"{entry.name}: {problem}") if problem else None


def _problem(entry: Path) -> str | None:
    """Why an entry without a weights file cannot be used; None if nobody would take it for a checkpoint."""
    if entry.is_file():
        if entry.suffix not in (".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".pkl"):
            return None
        return "a checkpoint is a folder made by train.py; a lone weights file is not opened"
    pickles = sorted(path.name for path in entry.iterdir() if path.suffix in (".pt", ".pth", ".ckpt", ".pkl"))
    if pickles:
        return f"{pickles[0]} may hold a pickle, which can run code, and is not opened"
    return f"has no {WEIGHTS}; train it again" if (entry / HISTORY).exists() else None


def read_run(weights: Path) -> RunConfig:
    """The configuration in a weights file's header, after checking that the file is whole and ours.

    Raises:
        CheckpointError: if the file is truncated, pickled, foreign, or of another schema.
        ConfigError: if the configuration in it cannot be read.
    """
    metadata = _read_metadata(weights)
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{weights.name} was written by another program; train a model with train.py")
    if metadata.get("schema") != str(SCHEMA):
        raise CheckpointError(
            f"{weights.name} has schema {metadata.get('schema')}, and this program reads {SCHEMA}; use the version "
            "that made it, or train it again"
        )
    return RunConfig.from_json(metadata.get("run", ""))


def _read_metadata(weights: Path) -> dict[str, str]:
    """The metadata in a safetensors file's header; no tensor is read."""
    from safetensors import SafetensorError, safe_open

    try:
        with weights.open("rb") as file:
            start = file.read(8)
        length = int.from_bytes(start, "little")
        if length > LONGEST_HEADER:  # a header's length may begin with the same bytes as a pickle, but is small
            pickled = start.startswith((b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"))
            reason = "is a pickle, which can run code, and is not opened" if pickled else "is not a safetensors file"
            raise CheckpointError(f"{weights.name} {reason}")
        with safe_open(weights, "np") as opened:  # checks that the file is as long as its header says
            return opened.metadata() or {}
    except OSError as error:
        raise CheckpointError(f"{weights.name} cannot be read ({error.strerror})") from error
    except SafetensorError as error:
        raise CheckpointError(f"{weights.name} is truncated or is not a safetensors file") from error


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write tensors as safetensors, atomically.

    Raises:
        CheckpointError: if the disk is full or the folder cannot be written.
    """
    from safetensors.torch import save

    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        reason = f"{path} cannot be written ({error.strerror}); free some space or choose another folder"
        raise CheckpointError(reason) from error


def save_model(folder: Path, model: Autoencoder, run: RunConfig) -> None:
    """Write a model's weights and its run's configuration, atomically, in the precision that the run asks for.

    Raises:
        CheckpointError: if the disk is full or the folder cannot be written.
    """
    import torch

    stored = {"float32": torch.float32, "float16": torch.float16}[run.train.storage]
    tensors = {name: tensor.to(stored) for name, tensor in model.state_dict().items()}
    metadata = {"format": FORMAT, "schema": str(SCHEMA), "run": run.to_json()}
    save_tensors(folder / WEIGHTS, tensors, metadata)


def load_model(folder: Path) -> tuple[Autoencoder, RunConfig]:
    """Read a checkpoint's model in float32, ready for inference, and its run's configuration.

    Raises:
        CheckpointError: if the file is not ours, not whole, or does not fit the configuration in its header.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from vae_core.models import build

    weights = folder / WEIGHTS
    run = read_run(weights)
    try:
        with torch.random.fork_rng(devices=[]):  # building draws weights that are overwritten at once
            model = build(run.model)
        state = {name: tensor.float() for name, tensor in load_file(weights).items()}
        model.load_state_dict(state, strict=True)
    except (SafetensorError, RuntimeError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{weights.name} does not fit its configuration ({reason}); train it again") from error
    if not all(torch.isfinite(tensor).all() for tensor in state.values()):
        raise CheckpointError(f"{weights.name} holds numbers that are not finite; train it again")
    return model.eval().requires_grad_(False), run


def save_history(folder: Path, history: list[dict[str, Any]]) -> None:
    """Write the record of all finished epochs."""
    write_text(folder / HISTORY, "".join(json.dumps(record) + "\n" for record in history))


def save_metrics(folder: Path, metrics: Metrics) -> None:
    """Write the metrics on the test split, each in a line of its own, however many values it has."""
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in metrics.to_json().items())
    write_text(folder / METRICS, "{\n" + ",\n".join(lines) + "\n}\n")
