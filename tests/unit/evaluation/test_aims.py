"""What recipes aim at, beside what their checkpoints reach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vae_core.evaluation import aims
from vae_core.evaluation.__main__ import main
from vae_core.recipes import RECIPES, Aim, Recipe, RecipeError, load_recipe, preset_run

METRICS = {"mse": 0.02, "denoising": {"mse": 0.01}, "attributes": [{"name": "Smiling", "accuracy": 0.9}]}


def verdict(value: float, bound: float, **way: Any) -> aims.Verdict:
    """A verdict on an aim of the figure mse."""
    return aims.Verdict(Aim("mse", **way), value, bound)


@pytest.mark.parametrize(
    ("way", "below", "equal", "above"),
    [
        ({"at_most": 1.0}, True, True, False),
        ({"at_least": 1.0}, False, True, True),
        ({"below": "other"}, True, False, False),
        ({"above": "other"}, False, False, True),
    ],
)
def test_each_way_of_aiming(way: dict[str, Any], below: bool, equal: bool, above: bool) -> None:
    """A bound may be reached, another's figure must be passed."""
    assert [verdict(value, 1.0, **way).holds for value in (0.5, 1.0, 1.5)] == [below, equal, above]


@pytest.mark.parametrize("way", [{}, {"at_most": 1.0, "below": "mse"}])
def test_an_aim_has_one_bound(way: dict[str, Any]) -> None:
    """None or two would leave open what is meant."""
    with pytest.raises(RecipeError, match="needs one of"):
        Aim("mse", **way)


def test_figures_are_found_in_parts_and_in_lists_of_named_parts() -> None:
    """By the path that an aim gives; another path is an error and not a figure."""
    assert aims.figure(METRICS, "denoising.mse") == 0.01
    assert aims.figure(METRICS, "attributes.Smiling.accuracy") == 0.9
    for path in ("psnr", "mse.mse", "denoising", "attributes.Male.accuracy"):
        with pytest.raises(RecipeError, match="there is no figure"):
            aims.figure(METRICS, path)


def test_a_recipe_can_be_compared_with_another_and_with_itself(tmp_path: Path) -> None:
    """Below the same figure of another shipped model, or below another figure of its own."""
    metrics = aims.find_checkpoint("mnist-vae-2", aims.SHIPPED).metrics
    recipe = Recipe(
        "mnist-vae-2", "", preset_run("vae"), aims=(Aim("mse", below="mnist-pca-2"), Aim("kl", above="reconstruction"))
    )
    other, own = aims.judge(recipe)
    assert other.holds
    assert not own.holds
    assert own.bound == metrics.reconstruction


def test_every_recipe_explains_itself_and_aims_at_something() -> None:
    """Notes and aims with a source each; every aim's figure is stored."""
    for path in sorted(RECIPES.glob("*.toml")):
        recipe = load_recipe(path.stem)
        assert recipe.notes, path
        assert recipe.aims, path
        assert all(aim.source for aim in recipe.aims), path
        assert len(aims.judge(recipe)) == len(recipe.aims)


def test_the_written_table_is_current() -> None:
    """`python -m vae_core.evaluation --aims` writes the same: nothing in it was typed by hand."""
    assert (RECIPES.parent / "docs" / "recipes.md").read_text(encoding="utf-8") == aims.table()


def test_the_command_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """It prints the table as well."""
    monkeypatch.setattr("vae_core.evaluation.__main__.AIMS_TABLE", tmp_path / "recipes.md")
    assert main(["--aims"]) == 0
    assert (tmp_path / "recipes.md").read_text(encoding="utf-8") == aims.table()
    assert aims.table() in capsys.readouterr().out


def test_a_checkpoint_made_otherwise_is_not_a_recipes(tmp_path: Path) -> None:
    """Any setting that the recipe gives counts; what the data decides does not."""
    recipe = load_recipe("mnist-vae-2")
    run = aims.find_checkpoint("mnist-vae-2", aims.SHIPPED).run
    assert recipe.made(run)
    sections = json.loads(run.to_json())
    for section, name, value in (("train", "epochs", 3), ("model", "beta", 2.0), ("data", "binarise", True)):
        changed = sections | {section: sections[section] | {name: value}}
        assert not recipe.made(run.from_json(json.dumps(changed)))
