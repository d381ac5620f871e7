"""The state of an unfinished run: where it lies, what it holds, and how a trainer leaves and takes it up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vae_core.checkpoint import save_tensors
from vae_core.config import RunConfig
from vae_core.training import TrainingError

if TYPE_CHECKING:
    from vae_core.training.loop import Trainer

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
    """The metadata and tensors that ``save_state`` wrote."""
    path = folder / STATE
    if not path.exists():
        raise TrainingError(f"there is no unfinished run of {folder.name} to resume")
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError) as error:
        raise TrainingError(f"{path} is damaged ({error}); start the run again without --resume") from error


def save_state(trainer: Trainer, folder: Path) -> None:
    """Write all that is needed to go on after the last finished epoch, atomically."""
    tensors = {f"model.{name}": tensor for name, tensor in trainer.model.state_dict().items()}
    for index, state in trainer.optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
    if trainer.averaged is not None:
        tensors |= {f"mean.{name}": tensor for name, tensor in trainer.averaged.state_dict().items()}
    metadata = {"run": trainer.run.to_json(), "history": json.dumps(trainer.history)}
    save_tensors(folder / STATE, tensors, metadata)


def load_state(trainer: Trainer, folder: Path) -> None:
    """Go on from a saved state.

    Raises:
        TrainingError: if there is none, it is damaged, or it belongs to another configuration.
        ConfigError: if its configuration cannot be read.
    """
    metadata, tensors = read_state(folder)
    if RunConfig.from_json(metadata.get("run", "")) != trainer.run:  # not as text: options may have been added since
        raise TrainingError(f"{folder / STATE} has another configuration; give the same options as then")

    def part(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    trainer.model.load_state_dict(part("model."))
    if trainer.averaged is not None:
        trainer.averaged.load_state_dict(part("mean."))
    optimiser = trainer.optimiser.state_dict()
    for name, value in part("optimiser.").items():
        index, entry = name.split(".")
        weight = trainer.trained[int(index)]
        if value.shape == weight.shape:  # the fused optimiser reads both in the order of their memory
            value = torch.empty_like(weight, dtype=value.dtype, requires_grad=False).copy_(value)
        optimiser["state"].setdefault(int(index), {})[entry] = value
    trainer.optimiser.load_state_dict(optimiser)
    trainer.history = json.loads(metadata["history"])
