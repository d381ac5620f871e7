"""The README's commands do what it says, and its table says what the models' own files say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import study
from benchmarks.evidence import headline
from vae_core.checkpoint import find_checkpoint, list_checkpoints
from vae_core.evaluation.evaluate import table

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README + CONTRIBUTING, re.DOTALL)
    for line in block.splitlines()
    if line.split("#")[0].strip()
]
TRAININGS = [command for command in COMMANDS if command.startswith("python train.py")]


def test_the_first_two_commands_are_run_and_test() -> None:
    """A newcomer sees them before anything else."""
    assert COMMANDS[:2] == ["make run", "make test"]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_every_make_target_exists(command: str) -> None:
    """A dry run accepts it."""
    arguments = [*shlex.split(command), "--dry-run"]
    done = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_training_without_options_leaves_a_checkpoint(tmp_path: Path) -> None:
    """`python train.py --epochs 1` on the embedded data, as a process of its own."""
    command = [sys.executable, "train.py", "--epochs", "1"]
    environment = os.environ | {"LATENT_CHECKPOINTS": str(tmp_path)}
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    (found,) = list_checkpoints(tmp_path).usable
    assert find_checkpoint(found.name, tmp_path).metrics["images"] == 10_000


@pytest.mark.parametrize("command", TRAININGS)
def test_every_training_command_is_understood(command: str) -> None:
    """Each example's options exist and are in range; the help shows them as its defaults."""
    from train import configure, read_options

    arguments = shlex.split(command)[2:]
    if "--help" not in arguments:
        configure(read_options(arguments))


def test_the_readmes_table_is_that_of_the_checkpoints() -> None:
    """The figures were not typed by hand: `python -m vae_core.evaluation --table` prints the same lines."""
    assert table() in README


def test_the_readmes_evidence_is_what_was_measured() -> None:
    """`python -m benchmarks.evidence --headline` prints the same lines."""
    assert headline() in README


def test_the_readmes_study_is_what_was_measured() -> None:
    """`python -m benchmarks.study --headline` prints the same lines."""
    assert study.headline() in README


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)\)", README + CONTRIBUTING))
def test_every_link_leads_somewhere(path: str) -> None:
    """Files that the texts point to are there."""
    assert (PROJECT / path).exists()
