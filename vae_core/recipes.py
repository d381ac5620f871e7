"""Recipes: one small TOML file for each shipped checkpoint, from which it can be rebuilt.

A recipe names its data, a preset, and what differs from the preset:

    title = "16-dimensional VAE"
    preset = "vae"
    [data]
    name = "fashion-mnist"
    [model]
    latent = 16
    [train]
    epochs = 30

It may explain its choices in ``notes``, say with ``maps`` which maps its checkpoint brings, and with
``[[aims]]`` how good it must be:

    notes = "Why these settings."
    [[aims]]
    metric = "mse"
    at_most = 0.0105
    source = "where the figure comes from"
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from vae_core.config import DataConfig, RunConfig, TrainConfig, UserError
from vae_core.models.presets import PRESETS, TRAINING

RECIPES = Path(__file__).resolve().parent.parent / "recipes"


Maps = Literal["grid", "usual", "none"]


class RecipeError(UserError):
    """A recipe that is absent or cannot be read."""


@dataclass(frozen=True)
class Aim:
    """What a figure of a recipe's checkpoint must reach, in one of four ways; see ``vae_core.evaluation.aims``."""

    metric: str
    """A figure in ``metrics.json``; dots lead into parts of it, as in ``denoising.mse``."""
    at_most: float | None = None
    at_least: float | None = None
    below: str | None = None
    """A recipe, whose figure of that name it must stay below, or another figure of the same checkpoint."""
    above: str | None = None
    """Likewise, to be exceeded."""
    source: str = ""
    """Where the bound comes from."""
    reason: str = ""
    """Why it was not reached, if it was not."""

    def __post_init__(self) -> None:
        given = [self.at_most, self.at_least, self.below, self.above]
        if sum(bound is not None for bound in given) != 1:
            raise RecipeError(f"the aim for {self.metric} needs one of at_most, at_least, below, above")


@dataclass(frozen=True)
class Recipe:
    """A run by name; ``title`` is one line for people, ``notes`` explains its choices to them.

    ``maps`` says which maps of the test split its checkpoint brings: all of the grid, those at usual
    parameters, or none.
    """

    name: str
    title: str
    run: RunConfig
    notes: str = ""
    aims: tuple[Aim, ...] = ()
    maps: Maps = "grid"

    def __post_init__(self) -> None:
        if self.maps not in get_args(Maps):
            raise RecipeError(f"maps is {self.maps!r}; choose one of {', '.join(get_args(Maps))}")

    def made(self, run: RunConfig) -> bool:
        """Whether a checkpoint's run is this recipe's, with what the data decided filled in."""
        data = replace(self.run.data, size=run.data.size, channels=run.data.channels)
        model = replace(self.run.model, image_shape=run.model.image_shape, classes=run.model.classes)
        asked = self.run.data.size in (None, run.data.size) and self.run.data.channels in (None, run.data.channels)
        return asked and run == replace(self.run, data=data, model=model)


def preset_run(preset: str) -> RunConfig:
    """The run of a preset on the embedded data.

    Raises:
        RecipeError: if there is no such preset.
    """
    if preset not in PRESETS:
        raise RecipeError(f"there is no preset {preset!r}; choose one of {', '.join(PRESETS)}")
    return RunConfig(model=PRESETS[preset], train=TRAINING.get(preset, TrainConfig()))


def list_recipes(folder: Path = RECIPES) -> list[str]:
    """The names of all recipes, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load_recipe(name: str, folder: Path = RECIPES) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: if there is none of that name, or it holds something unknown.
        ConfigError: if a value is out of range.
    """
    if name not in list_recipes(folder):
        raise RecipeError(f"there is no recipe {name!r}; choose one of {', '.join(list_recipes(folder))}")
    path = folder / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        base = preset_run(content["preset"])
        run = replace(
            base,
            data=DataConfig(**content["data"]),
            model=replace(base.model, **content.get("model", {})),
            train=replace(base.train, **content.get("train", {})),
        )
        aims = tuple(Aim(**aim) for aim in content.get("aims", ()))
        return Recipe(name, content["title"], run, content.get("notes", ""), aims, content.get("maps", "grid"))
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise RecipeError(f"{path} cannot be read ({type(error).__name__}: {error})") from error


def recipe_text(run: RunConfig, title: str) -> str:
    """A run as a recipe that ``load_recipe`` reads back: the nearest preset, and all that differs from it.

    What the data decides (the image shape, the number of classes) is left out.
    """
    model = {name: value for name, value in asdict(run.model).items() if name not in ("image_shape", "classes")}

    def differences(preset: str) -> dict[str, Any]:
        usual = asdict(PRESETS[preset])
        return {name: value for name, value in model.items() if value != usual[name]}

    preset = min(PRESETS, key=lambda name: len(differences(name)))
    usual_data, usual_train = asdict(DataConfig(run.data.name)), asdict(preset_run(preset).train)
    sections = {
        "data": {
            name: value for name, value in asdict(run.data).items() if name == "name" or value != usual_data[name]
        },
        "model": differences(preset),
        "train": {name: value for name, value in asdict(run.train).items() if value != usual_train[name]},
    }
    lines = [f"title = {json.dumps(title)}", f"preset = {json.dumps(preset)}"]
    for section, values in sections.items():
        if values:
            lines += ["", f"[{section}]", *(f"{name} = {json.dumps(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"
