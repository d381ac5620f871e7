"""train.py as people use it: its defaults, its help, and one clear line with exit code 2 for every mistake."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import train
from vae_core.checkpoint import find_checkpoint, list_checkpoints
from vae_core.latent.space import LatentSpace
from vae_core.models.presets import PRESETS
from vae_core.recipes import RecipeError, list_recipes, load_recipe

PROJECT = Path(__file__).parent.parent.parent
QUICK = ["--data", "digits", "--network", "mlp", "--hidden", "16", "--epochs", "1"]


@pytest.fixture(autouse=True)
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkpoints folder and an empty data root."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setenv("LATENT_CHECKPOINTS", str(folder))
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "data"))
    return folder


def write_folder(folder: Path, side: int = 32) -> Path:
    """Twenty grey pictures."""
    folder.mkdir()
    for index in range(20):
        Image.effect_noise((side, side), 50).save(folder / f"{index}.png")
    return folder


def test_a_quick_run_leaves_a_checkpoint_that_opens(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The name is the preset's, one line tells each epoch's figures, the last where the checkpoint is."""
    assert train.main(QUICK) == 0
    assert LatentSpace.open("vae").latent == 16
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("vae: 16-dimensional vae on digits, 1,437 training and 360 test images")
    assert lines[1].startswith("epoch   1  nats per image")
    assert f"{checkpoints / 'vae'} is ready" in lines[2]


def test_a_second_run_takes_the_next_free_name(checkpoints: Path) -> None:
    """Nothing is overwritten by simply trying again."""
    for _ in range(2):
        assert train.main(QUICK) == 0
    assert [checkpoint.name for checkpoint in list_checkpoints().usable] == ["vae", "vae-2"]


def test_options_change_the_preset(checkpoints: Path) -> None:
    """Preset, latent size, condition and name arrive in the checkpoint's header."""
    arguments = ["--preset", "cvae-decoder", "--latent", "5", "--beta", "2.5", "--name", "mine"]
    assert train.main([*QUICK, *arguments]) == 0
    run = find_checkpoint("mine").run
    assert (run.model.latent, run.model.beta, run.model.condition, run.model.classes) == (5, 2.5, "decoder", 10)


def test_a_folder_of_pictures_trains(checkpoints: Path, tmp_path: Path) -> None:
    """Pictures of one's own, resized; the checkpoint finds them again from any working folder."""
    folder = write_folder(tmp_path / "pictures")
    arguments = ["--data", f"folder:{folder}", "--size", "16", "--name", "own", "--epochs", "1", "--latent", "2"]
    assert train.main(arguments) == 0
    run = find_checkpoint("own").run
    assert run.model.image_shape == (1, 16, 16)
    assert run.data.name == f"folder:{folder}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "shoes-of-mine"], "no data set called 'shoes-of-mine'"),
        (["--data", "folder:absent"], "is not a folder"),
        (["--preset", "gan"], "no preset 'gan'"),
        (["--recipe", "absent"], "no recipe 'absent'"),
        (["--name", "a/b"], "cannot be a checkpoint's name"),
        (["--name", ""], "cannot be a checkpoint's name"),
        (["--latent", "0"], "latent is 0"),
        (["--size", "30"], "30x30"),
        (["--size", "100000"], "size is 100000"),
        (["--resume", "--name", "absent"], "no unfinished run of absent"),
        (["--preset", "pca", "--noise", "0.1"], "PCA"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_code_two(
    arguments: list[str], message: str, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line names what was wrong, and nothing is left behind."""
    assert train.main(arguments) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.count("\n") == 1
    assert not list(checkpoints.iterdir()) if checkpoints.exists() else True


@pytest.mark.parametrize("option", ["--colour", "--latnt"])
def test_an_unknown_option_exits_with_two(option: str) -> None:
    """The parser says so itself."""
    with pytest.raises(SystemExit) as stopped:
        train.main([option, "3"])
    assert stopped.value.code == 2


def test_a_full_disk_gets_one_line(
    checkpoints: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, exit code 2, nothing half-written."""

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    assert train.main(QUICK) == 2
    output = capsys.readouterr()
    assert "No space left on device" in output.err
    assert output.err.count("\n") == 1
    assert not list(checkpoints.iterdir())


def test_help_shows_the_presets_own_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option has a text, and the defaults are those of the preset named beside --help."""
    with pytest.raises(SystemExit) as stopped:
        train.main(["--preset", "cae-denoise", "--help"])
    assert stopped.value.code == 0
    text = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "--noise FLOAT Standard deviation of the Gaussian noise" in text
    assert "(default: 0.2)" in text
    assert all(preset in text for preset in PRESETS)
    assert "image-shape" not in text


@pytest.mark.parametrize("name", list_recipes())
def test_every_recipe_reads(name: str) -> None:
    """Each shipped recipe is a valid run with a title."""
    assert load_recipe(name).title


def test_a_recipe_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    """A typing mistake in a recipe names its file."""
    (tmp_path / "odd.toml").write_text('title = "x"\npreset = "vae"\n[data]\nname = "digits"\n[model]\nlatnt = 3\n')
    with pytest.raises(RecipeError, match=r"odd\.toml"):
        load_recipe("odd", tmp_path)


@pytest.mark.slow
def test_control_c_keeps_the_last_finished_epoch(checkpoints: Path) -> None:
    """A real interrupt of a real process after its first epoch leaves a checkpoint with exit code 0."""
    command = [sys.executable, "train.py", *QUICK[:-1], "100000", "--name", "stopped"]

    def heed_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # who starts the tests in the background has them ignored

    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch   1"):
                process.send_signal(signal.SIGINT)
                break
        process.stdout.read()
    assert process.returncode == 0
    assert len(find_checkpoint("stopped").history) >= 1
