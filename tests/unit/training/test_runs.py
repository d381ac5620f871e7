"""Runs that the app starts: a real process, watched through its files, stopped with its last epoch kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.training import runs
from vae_core.training.runs import RunRequest, RunState

LONGEST = 900  # seconds; only a run that hangs lasts so long, on however busy a machine


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty checkpoints folder; no run is left at work."""
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(tmp_path))
    monkeypatch.delenv(runs.SWITCH, raising=False)
    yield tmp_path
    if runs._latest is not None and runs._latest.process.poll() is None:
        runs._latest.process.kill()
        runs._latest.process.wait()
    runs.forget()


def request(**options: object) -> RunRequest:
    """A tiny run."""
    settings = {"name": "mine", "data": "digits", "preset": "vae-mlp", "latent": 2, "epochs": 2} | options
    return RunRequest(**settings)  # type: ignore[arg-type]


def wait_for(condition: Callable[[RunState], bool]) -> RunState:
    """The run's state when it meets a condition."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        now = runs.state()
        assert now is not None
        if condition(now):
            return now
        assert now.running, now.error
        time.sleep(0.05)  # between two looks at the files
    raise AssertionError(f"not within {LONGEST} seconds: {runs.state()}")


@pytest.mark.slow
def test_a_run_leaves_the_checkpoint_that_was_asked_for(folder: Path) -> None:
    """Name, data, code size and epochs are those of the request; its history is the state's."""
    runs.start(request())
    with pytest.raises(UserError, match="mine is being trained"):
        runs.start(request(name="another"))
    done = wait_for(lambda now: not now.running)
    assert (done.error, len(done.history), done.fraction) == (None, 2, 1.0)
    found = find_checkpoint("mine", folder)
    assert (found.run.data.name, found.run.model.latent, found.run.train.epochs) == ("digits", 2, 2)
    assert found.history == done.history
    with pytest.raises(UserError, match="already"):
        runs.start(request())
    runs.forget()
    assert runs.state() is None


@pytest.mark.slow
def test_a_stopped_run_keeps_its_last_epoch(folder: Path) -> None:
    """After some epochs of very many it is told to stop, twice; the finished ones make the checkpoint."""
    runs.start(request(epochs=runs.MOST_EPOCHS))
    wait_for(lambda now: len(now.history) >= 2)
    runs.stop()
    runs.stop()
    done = wait_for(lambda now: not now.running)
    assert done.stopping
    assert done.error is None
    assert 2 <= len(done.history) < runs.MOST_EPOCHS
    assert find_checkpoint("mine", folder).history == done.history


@pytest.mark.slow
def test_a_run_that_cannot_be_trained_says_why(folder: Path) -> None:
    """The reason is the trainer's own line, and nothing is left in the list."""
    runs.start(request(preset="vae", data="mnist"))  # not in the data root, and there is no network to fetch it
    runs._latest.process.wait(LONGEST)  # type: ignore[union-attr]
    now = runs.state()
    assert now is not None
    assert now.error
    assert "mnist" in now.error.lower()
    assert not (folder / "mine").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"name": "../up"}, "cannot be a checkpoint's name"),
        ({"name": ""}, "cannot be a checkpoint's name"),
        ({"data": "folder:/etc"}, "no data set"),
        ({"preset": "--help"}, "no preset"),
        ({"latent": 0}, "out of range"),
        ({"epochs": 10_000}, "out of range"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(options: dict[str, object], reason: str) -> None:
    """In a line, before any process is started; no folder of the server can be named."""
    with pytest.raises(UserError, match=reason):
        runs.start(request(**options))
    assert runs.state() is None


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no"])
def test_a_public_server_trains_nothing(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """LATENT_TRAINING=off forbids it, with a line that says where it is possible."""
    monkeypatch.setenv(runs.SWITCH, value)
    assert not runs.allowed()
    with pytest.raises(UserError, match="own computer"):
        runs.start(request())


def test_a_free_name_is_free(folder: Path) -> None:
    """The preset's name, then with a number."""
    assert runs.free_name("vae") == "my-vae"
    (folder / "my-vae").mkdir()
    assert runs.free_name("vae") == "my-vae-2"
