"""Evaluate checkpoints on their test split.

python -m vae_core.evaluation NAME ...        evaluate, and print the metrics beside PCA's
python -m vae_core.evaluation NAME --save     the same, and store them with the checkpoint
python -m vae_core.evaluation --table         the stored metrics of all shipped checkpoints
python -m vae_core.evaluation --aims          the same beside what their recipes aim at, also into docs/recipes.md
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated

import tyro

from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.evaluation import aims
from vae_core.evaluation.further import LIKELIHOOD_SAMPLES
from vae_core.evaluation.report import report, table
from vae_core.files import write_text
from vae_core.recipes import RECIPES

AIMS_TABLE = RECIPES.parent / "docs" / "recipes.md"


@dataclass(frozen=True)
class Options:
    """The command line."""

    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME")] = ()
    """Checkpoints to evaluate."""
    save: bool = False
    """Store the metrics with the checkpoint."""
    samples: int = LIKELIHOOD_SAMPLES
    """Posterior samples of each image for the importance-weighted likelihood."""
    table: bool = False
    """Only print the stored metrics of all shipped checkpoints."""
    aims: bool = False
    """Only print them beside the aims of their recipes, and write that to docs/recipes.md."""


def main(arguments: list[str]) -> int:
    """Run the command line; 2 for a user's mistake."""
    options = tyro.cli(Options, args=arguments, description=__doc__)
    if not (options.names or options.table or options.aims):
        print("error: name a checkpoint, or give --table or --aims", file=sys.stderr)
        return 2
    try:
        if options.table:
            print(table())
        if options.aims:
            print(aims.table())
            write_text(AIMS_TABLE, aims.table())
        for name in options.names:
            print(report(find_checkpoint(name), save=options.save, samples=options.samples), flush=True)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
