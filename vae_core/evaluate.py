"""Figures on the test split: what ``metrics.json`` of a checkpoint holds.

``python -m vae_core.evaluate NAME`` measures a checkpoint again and prints them; ``--table`` prints the stored figures
of all shipped ones.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from vae_core import metrics
from vae_core.checkpoint import find_checkpoint
from vae_core.config import UserError
from vae_core.data import ImageSet, load_images
from vae_core.latent import CodeStatistics, LatentSpace
from vae_core.recipes import RECIPES, list_recipes

NEIGHBOURS = 10


def measure(folder: Path, test: ImageSet) -> dict[str, Any]:
    """Measure the stored weights of a checkpoint folder on the whole test split.

    Reconstruction and KL are means over images of sums over pixels and dimensions, in nats, with one posterior sample
    per image. MSE, PSNR, SSIM and BCE compare each image with the reconstruction of its posterior mean.
    """
    space = LatentSpace.open(folder)
    labels = test.labels if space.classes else None
    reconstruction, kl = space.objective(test.images, labels)
    codes = space.encode(test.images, labels)
    images = test.images.astype(np.float32) / 255
    decoded = space.decode(codes, labels)
    kl_per_dim = kl.mean(0, dtype=np.float64)
    statistics = CodeStatistics.of(
        codes.astype(np.float64), kl_per_dim if space.variational else None, test.labels, len(test.class_names)
    )
    bernoulli = space.run.model.likelihood == "bernoulli"
    figures = {
        "mse": metrics.mse(images, decoded).mean(),
        "psnr": metrics.psnr(images, decoded).mean(),
        "ssim": metrics.ssim(images, decoded).mean(),
        "bce": metrics.bce(images, decoded).mean() if bernoulli else None,
        "reconstruction": reconstruction.mean(dtype=np.float64),
        "kl": kl_per_dim.sum(),
        "total": reconstruction.mean(dtype=np.float64) + kl_per_dim.sum(),
        "knn_accuracy": None if test.labels is None else metrics.knn_accuracy(codes, test.labels, NEIGHBOURS),
    }
    return {
        "split": "test",
        "images": len(test),
        **{name: None if value is None else float(f"{value:.6g}") for name, value in figures.items()},
        "active_units": int(statistics.active.sum()),
        "kl_per_dim": [float(f"{value:.6g}") for value in kl_per_dim],
        "code": statistics.to_metrics(),
    }


def table() -> str:
    """The stored figures of every shipped checkpoint as a Markdown table."""
    lines = [
        "| model | numbers in the code | MSE | PSNR (dB) | SSIM | nats per image | of them KL | kNN accuracy |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in list_recipes():
        checkpoint = find_checkpoint(name, RECIPES.parent / "checkpoints")
        assert checkpoint.run is not None
        stored = checkpoint.metrics
        nats = (f"{stored['total']:.1f}", f"{stored['kl']:.1f}") if checkpoint.run.model.family == "vae" else ("", "")
        cells = (
            f"`{name}`", str(checkpoint.run.model.latent), f"{stored['mse']:.4f}", f"{stored['psnr']:.2f}",
            f"{stored['ssim']:.3f}", *nats, f"{stored['knn_accuracy']:.3f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure the checkpoints named on the command line and print their figures as JSON; 2 for a user's mistake."""
    if not arguments:
        print("usage: python -m vae_core.evaluate --table | NAME [NAME ...]", file=sys.stderr)
        return 2
    if arguments == ["--table"]:
        print(table())
        return 0
    try:
        for name in arguments:
            checkpoint = find_checkpoint(name)
            assert checkpoint.run is not None
            figures = measure(checkpoint.folder, load_images(checkpoint.run.data, "test"))
            del figures["code"]
            print(json.dumps({"name": name, **figures}, indent=1))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
