"""A run written as a recipe."""

from __future__ import annotations

from pathlib import Path

from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.recipes import list_recipes, load_recipe, recipe_text


def test_a_runs_recipe_text_is_read_back_as_the_same_run(tmp_path: Path) -> None:
    """For every shipped recipe, and for a run far from any preset; what the data decides is left out."""
    runs = [load_recipe(name).run for name in list_recipes()]
    runs.append(
        RunConfig(
            DataConfig('folder:/a "quoted" b', size=64, channels=3, binarise=True),
            ModelConfig(network="residual", beta=0.5, noise=0.1, warmup=0.0, condition="both"),
            TrainConfig(epochs=3, learning_rate=1e-4, seed=7, storage="float16", compile=True),
        )
    )
    for run in runs:
        (tmp_path / "again.toml").write_text(recipe_text(run, 'A "title"'), encoding="utf-8")
        found = load_recipe("again", tmp_path)
        assert (found.run, found.title) == (run, 'A "title"')
