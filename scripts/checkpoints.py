"""Rebuild the shipped checkpoints from their recipes: those that are missing or were made by another recipe.

What is made already is left alone, and an interrupted training goes on where it stopped, so that this can be ended and
started again at any time. To make a checkpoint anew, remove its folder first.

  python -m scripts.checkpoints               all of them
  python -m scripts.checkpoints NAME ...      only these
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from vae_core.checkpoint import checkpoints_folder, find_checkpoint
from vae_core.config import UserError
from vae_core.data import DataMissingError, load_images
from vae_core.evaluation.further import add_further_metrics
from vae_core.evaluation.record import Metrics
from vae_core.maps import make_maps_with_bar, usual_maps
from vae_core.models import families
from vae_core.recipes import Recipe, list_recipes, load_recipe

PROJECT = Path(__file__).resolve().parent.parent
LEAST_IMAGES = 1000


def is_trained(recipe: Recipe, folder: Path) -> bool:
    """Whether the folder of checkpoints holds a finished one of this recipe."""
    from vae_core.training.resume import STATE

    try:
        found = find_checkpoint(recipe.name, folder)
    except UserError:
        return False
    return recipe.made(found.run) and found.metrics != Metrics() and not (found.folder / STATE).exists()


def lacks_maps(recipe: Recipe, folder: Path) -> bool:
    """Whether a trained checkpoint shall have maps and has none."""
    found = find_checkpoint(recipe.name, folder)
    return recipe.maps != "none" and not usual_maps(found.folder, found.digest)


def lacks_figures(recipe: Recipe, folder: Path) -> bool:
    """Whether the figures that take a minute are missing; of few test images they would say little."""
    found = find_checkpoint(recipe.name, folder)
    stored = found.metrics
    model = found.run.model
    due = {"nll"} if families.of(model).variational and model.likelihood == "bernoulli" else set()
    if stored.knn_accuracy is not None:  # its images have labels
        due.add("linear_probe")
    missing = any(getattr(stored, name) is None for name in due)
    return (stored.images or 0) >= LEAST_IMAGES and missing


def is_begun(recipe: Recipe, folder: Path) -> bool:
    """Whether a training of this recipe was interrupted and can go on."""
    from vae_core.training.resume import unfinished_run

    try:
        return recipe.made(unfinished_run(folder / recipe.name))
    except UserError:
        return False


def is_at_hand(recipe: Recipe) -> bool:
    """Whether the recipe's images are here, or could be fetched just now."""
    try:
        load_images(recipe.run.data, "test", fetch=True)
    except DataMissingError:
        return False
    return True


def command(recipe: Recipe, folder: Path) -> list[str]:
    """The training that makes the checkpoint, or goes on with it."""
    begun = is_begun(recipe, folder)
    what = ["--resume", "--name", recipe.name] if begun else ["--recipe", recipe.name, "--overwrite"]
    return [sys.executable, "train.py", *what]


def main(names: list[str]) -> int:
    """Make what is missing; the exit status of a training that fails, else 0."""
    folder, skipped = checkpoints_folder(), []
    try:
        recipes = [load_recipe(name) for name in names or list_recipes()]
        for recipe in recipes:
            trained = is_trained(recipe, folder)
            if trained and not lacks_maps(recipe, folder) and not lacks_figures(recipe, folder):
                print(f"{recipe.name}: made already", flush=True)
            elif not is_at_hand(recipe):
                skipped.append(recipe.name)
            else:
                if not trained:
                    status = subprocess.run(command(recipe, folder), cwd=PROJECT, check=False).returncode
                    if status:
                        return status
                if lacks_figures(recipe, folder):
                    print(f"{recipe.name}: evaluating likelihood, probes and samples", flush=True)
                    add_further_metrics(find_checkpoint(recipe.name, folder))
                if lacks_maps(recipe, folder):
                    make_maps_with_bar(recipe.name, folder, usual_only=recipe.maps == "usual")
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # the training has said what it kept
    if skipped:
        print(f"skipped, as their images are not at hand: {', '.join(skipped)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
