"""The state of an unfinished run: where it lies, and what it holds."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from vae_core.config import RunConfig
from vae_core.training import TrainingError

STATE = "training.safetensors"


def work_folder(folder: Path) -> Path:
    """Where an unfinished run keeps its state: hidden beside the checkpoint that it will become."""
    return folder.parent / f".{folder.name}.training"


def state_folder(folder: Path) -> Path:
    """Where the state of a checkpoint's unfinished run lies: the work folder, or the checkpoint if it was stopped."""
    work = work_folder(folder)
    return work if (work / STATE).exists() else folder


def unfinished_run(folder: Path) -> RunConfig:
    """The configuration of a checkpoint's unfinished run.

    Raises:
        TrainingError: if there is none.
    """
    return RunConfig.from_json(read_state(state_folder(folder))[0].get("run", ""))


def read_state(folder: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and tensors that ``Trainer.save_state`` wrote."""
    path = folder / STATE
    if not path.exists():
        raise TrainingError(f"there is no unfinished run of {folder.name} to resume")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path} is damaged ({error}); start the run again without --resume") from error
