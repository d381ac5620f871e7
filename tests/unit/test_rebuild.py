"""`make checkpoints`: what it makes, leaves alone, goes on with and skips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scripts import checkpoints
from tests.unit.conftest import tiny_run
from vae_core.checkpoint import find_checkpoint
from vae_core.config import DataConfig
from vae_core.data import ImageSet
from vae_core.evaluation import further
from vae_core.evaluation.record import Metrics
from vae_core.latent.space import LatentSpace
from vae_core.recipes import Recipe
from vae_core.training.fit import describe_images, fit


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recipe:
    """One tiny recipe, the only one there is; checkpoints go to an empty folder."""
    recipe = Recipe("tiny", "A tiny one", tiny_run(epochs=3), maps="none")
    monkeypatch.setattr(checkpoints, "list_recipes", lambda: ["tiny"])
    monkeypatch.setattr(checkpoints, "load_recipe", lambda name: recipe)
    monkeypatch.setattr(checkpoints, "checkpoints_folder", lambda: tmp_path)
    return recipe


def train(recipe: Recipe, folder: Path, images: ImageSet, stop_after: int | None = None) -> None:
    """Make its checkpoint, or stop as Ctrl-C does after some epochs."""

    def stop(record: dict) -> None:
        if record["epoch"] == stop_after:
            raise KeyboardInterrupt

    fit(describe_images(recipe.run, images), images, images, folder / recipe.name, on_epoch=stop, show_progress=False)


def test_a_missing_checkpoint_is_made(recipe: Recipe, tmp_path: Path) -> None:
    """From its recipe, from the start."""
    assert checkpoints.command(recipe, tmp_path)[1:] == ["train.py", "--recipe", "tiny", "--overwrite"]


def test_a_finished_one_is_left_alone(
    recipe: Recipe, tmp_path: Path, train_images: ImageSet, capsys: pytest.CaptureFixture[str]
) -> None:
    """No training starts; one of other settings does not count."""
    train(recipe, tmp_path, train_images)
    assert checkpoints.main([]) == 0
    assert capsys.readouterr().out == "tiny: made already\n"
    assert not checkpoints.is_trained(Recipe("tiny", "", tiny_run(epochs=4), maps="none"), tmp_path)
    assert checkpoints.lacks_maps(Recipe("tiny", "", recipe.run), tmp_path)


@pytest.mark.slow
def test_figures_that_take_a_minute_are_added_to_those_it_has(
    recipe: Recipe, tmp_path: Path, train_images: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and only of test splits that are large enough; nothing is trained or measured a second time."""
    train(recipe, tmp_path, train_images)
    before = find_checkpoint("tiny", tmp_path).metrics
    assert not checkpoints.lacks_figures(recipe, tmp_path), "few images"
    monkeypatch.setattr(checkpoints, "LEAST_IMAGES", 1)
    assert checkpoints.lacks_figures(recipe, tmp_path)
    asked: list[int] = []

    def evaluate_further(space: LatentSpace, test: ImageSet, train: ImageSet) -> Metrics:
        asked.append(len(test))
        return Metrics(nll=1.0, linear_probe=0.5)

    monkeypatch.setattr(further, "evaluate_further", evaluate_further)
    assert [checkpoints.main([]) for _ in range(2)] == [0, 0]
    assert len(asked) == 1
    assert find_checkpoint("tiny", tmp_path).metrics == replace(before, nll=1.0, linear_probe=0.5)


def test_an_interrupted_training_goes_on(recipe: Recipe, tmp_path: Path, train_images: ImageSet) -> None:
    """If it is this recipe's; another's is replaced."""
    train(recipe, tmp_path, train_images, stop_after=1)
    assert not checkpoints.is_trained(recipe, tmp_path)
    assert checkpoints.command(recipe, tmp_path)[1:] == ["train.py", "--resume", "--name", "tiny"]
    other = Recipe("tiny", "", tiny_run(epochs=4), maps="none")
    assert "--recipe" in checkpoints.command(other, tmp_path)


def test_recipes_without_images_are_named_in_one_line(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of sets that cannot be fetched are skipped where the data root is empty."""
    monkeypatch.setenv("LATENT_DATA", str(tmp_path / "nothing"))
    absent = {name: replace(recipe.run, data=DataConfig(name)) for name in ("shoes", "utrecht-faces")}
    monkeypatch.setattr(checkpoints, "load_recipe", lambda name: Recipe(name, "", absent[name]))
    assert checkpoints.main(list(absent)) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line == "skipped, as their images are not at hand: shoes, utrecht-faces"


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Not a traceback."""
    assert checkpoints.main(["nothing"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no recipe 'nothing'")
