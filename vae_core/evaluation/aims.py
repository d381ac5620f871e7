"""Whether the shipped checkpoints reach what their recipes aim at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_core.checkpoint import find_checkpoint
from vae_core.recipes import RECIPES, Aim, Recipe, RecipeError, list_recipes, load_recipe

SHIPPED = RECIPES.parent / "checkpoints"
HEADING = """# Recipes and their aims

Written by `python -m vae_core.evaluation --aims`. Every figure comes from the test split of the recipe's data. *mse* is
the mean squared error of reconstructions from posterior means, with pixels in [0, 1]. *total* is reconstruction (BCE or
Gaussian negative log-likelihood, summed over pixels) plus KL, in nats per image. Aims that were not reached are marked.
"""


@dataclass(frozen=True)
class Verdict:
    """An aim, the figure that a checkpoint has, the bound in numbers, and whether the one keeps the other."""

    aim: Aim
    value: float
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the aim is reached."""
        if self.aim.at_most is not None:
            return self.value <= self.bound
        if self.aim.at_least is not None:
            return self.value >= self.bound
        return self.value < self.bound if self.aim.below is not None else self.value > self.bound

    @property
    def in_words(self) -> str:
        """The bound as people read it."""
        aim = self.aim
        if aim.at_most is not None or aim.at_least is not None:
            return f"at {'most' if aim.at_least is None else 'least'} {self.bound:.5g}"
        other = aim.below or aim.above
        return f"{'below' if aim.below else 'above'} `{other}`, {self.bound:.4g}"


def figure(metrics: Mapping[str, Any], path: str) -> float:
    """A figure by its name; dots lead into parts of the metrics, in lists of named parts to that of the name.

    Raises:
        RecipeError: if there is no such figure.
    """
    found: Any = metrics
    for name in path.split("."):
        if isinstance(found, list):
            found = next((part for part in found if part.get("name") == name), None)
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, int | float):
        raise RecipeError(f"there is no figure {path!r}")
    return float(found)


def judge(recipe: Recipe, folder: Path = SHIPPED) -> list[Verdict]:
    """Each aim of a recipe beside the stored figures of its checkpoint.

    Raises:
        CheckpointError: if the checkpoint, or one that it is compared with, is not there.
        RecipeError: if an aim names a figure that is not stored.
    """
    metrics = find_checkpoint(recipe.name, folder).metrics.to_json()
    verdicts = []
    for aim in recipe.aims:
        other = aim.below if aim.below is not None else aim.above
        if other is None:
            bound = aim.at_most if aim.at_most is not None else aim.at_least
            assert bound is not None
        elif other in list_recipes():
            bound = figure(find_checkpoint(other, folder).metrics.to_json(), aim.metric)
        else:
            bound = figure(metrics, other)
        verdicts.append(Verdict(aim, figure(metrics, aim.metric), bound))
    return verdicts


def table() -> str:
    """Every aim of every recipe, reached or not, as a Markdown document."""
    lines = [
        "| recipe | what it is | figure | reached | aim | where it comes from | holds |",
        "| --- | --- | --- | ---: | --- | --- | --- |",
    ]
    for name in list_recipes():
        recipe = load_recipe(name)
        for verdict in judge(recipe):
            cells = (
                f"`{name}`",
                recipe.title,
                verdict.aim.metric,
                f"{verdict.value:.4g}",
                verdict.in_words,
                verdict.aim.source,
                "yes" if verdict.holds else f"**no**: {verdict.aim.reason}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return f"{HEADING}\n" + "\n".join(lines) + "\n"
